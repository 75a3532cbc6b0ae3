"""How SQS calls our functions: one typed message at a time, partial batches, honest failures."""

from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import BaseModel, ValidationError

from rapport import wiring
from rapport.entrypoint.fields import field_name
from rapport.entrypoint.observability import log_failure
from rapport.kernel.errors import InvalidInput, Later

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class _Groups(SqsFifoPartialProcessor):
    """A failed message holds up what follows it in its group; one that nobody can read does not.

    Received with it again and again, what follows would end in the dead letters as well.
    """

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Note a failure."""
        noted = super().failure_handler(record, exception)
        if isinstance(exception[1], InvalidInput) and self._current_group_id:
            self._failed_group_ids.discard(self._current_group_id)
        return noted


def consumes(
    model: type[Model],
    *,
    fifo: bool = False,
    unwrap: Callable[[str], str] = lambda body: body,
) -> Callable[[Callable[[Model], None]], Handler]:
    """Make a function of one `model` the handler of a queue.

    A message that fails is reported alone and comes again, in a FIFO queue with all that follows it
    in its group; after the queue's `maxReceiveCount` it lies in the dead-letter queue. `unwrap`
    turns a body into the model's JSON; one that fails with `Later` comes again when that says.
    """

    def decorate(function: Callable[[Model], None]) -> Handler:
        def one(record: SQSRecord) -> None:
            try:
                function(_parse(model, unwrap(record.body)))
            except Exception as error:
                log_failure("message_failed", error, message_id=record.message_id)
                if isinstance(error, Later):
                    queue = wiring.queue_by_arn(record.event_source_arn)
                    queue.postpone(record.receipt_handle, error.delay)
                raise

        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            processor = (
                _Groups(skip_group_on_error=True)
                if fifo
                else BatchProcessor(event_type=EventType.SQS)
            )
            # All failing is an answer like any other: raising would hide which ones did.
            processor.raise_on_entire_batch_failure = False
            return dict(
                process_partial_response(
                    event=event, record_handler=one, processor=processor, context=context
                )
            )

        handler.__doc__, handler.__name__ = function.__doc__, function.__name__
        handler.__module__ = function.__module__
        return handler

    return decorate


def _parse(model: type[Model], body: str) -> Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        fields = ", ".join(sorted({field_name(one["loc"]) for one in error.errors()}))
        # Pydantic quotes the input in its message; the fields' names are all that may be told.
        raise InvalidInput(f"Not a {model.__name__}: see {fields}.", field=fields) from None
