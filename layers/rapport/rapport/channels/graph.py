"""Meta's Graph API as WhatsApp and Messenger share it: the address, the errors, the answer."""

from datetime import timedelta

from rapport.channels.base import Account
from rapport.channels.sender import ErrorClass, HttpResponse, Outcome, SendResult
from rapport.channels.sending import Call, HttpSender, Rule, child, json_body, json_object, sent

HOST = "https://graph.facebook.com"
VERSION = "v26.0"  # pywa's default in August 2026; the account's `graph_version` overrides it

_RATE = Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY)
_PERHAPS = Rule(ErrorClass.TRANSIENT, Outcome.UNKNOWN)
_GROUPS: tuple[tuple[tuple[int, ...], Rule], ...] = (
    ((0, 3, 10, 190), Rule(ErrorClass.AUTH)),
    # Throttled before anything was done, so a later attempt cannot double it.
    ((4, 17, 32, 613, 80007, 130429, 133016), _RATE),
    ((131056,), Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY, timedelta(seconds=6))),
    ((131057,), Rule(ErrorClass.TRANSIENT, Outcome.RETRY)),
    # "Unknown error" and "unavailable" do not say that nothing was done.
    ((1, 2, 1200, 131000, 131016, 133004), _PERHAPS),
    ((131048, 131064, 368, 131031, 130497), Rule(ErrorClass.POLICY)),
    ((132015, 132016, 132068, 132069), Rule(ErrorClass.POLICY)),
    ((131049, 130472), Rule(ErrorClass.POLICY, retry_after=timedelta(hours=24))),
    (
        (33, 100, 131008, 131009, 131051, 131052, 131053),
        Rule(ErrorClass.INVALID_REQUEST),
    ),
    ((132000, 132001, 132005, 132007, 132008, 132012), Rule(ErrorClass.INVALID_REQUEST)),
    (
        (131026, 131021, 131030, 131062, 137000, 551, 1545041),
        Rule(ErrorClass.RECIPIENT_INVALID),
    ),
    ((131047,), Rule(ErrorClass.WINDOW_CLOSED)),
    ((131050,), Rule(ErrorClass.OPTED_OUT)),
    ((131042, 131044), Rule(ErrorClass.PAYMENT)),
)
ERRORS: dict[int, Rule] = {code: rule for codes, rule in _GROUPS for code in codes}
"""By `error.code`: Meta's Cloud API error codes (pywa/errors.py) and Messenger's error codes."""

SUBCODES: dict[int, Rule] = {
    2018278: Rule(ErrorClass.WINDOW_CLOSED),
    1893063: Rule(ErrorClass.POLICY),
    1545041: Rule(ErrorClass.RECIPIENT_INVALID),
    2018001: Rule(ErrorClass.RECIPIENT_INVALID),
    2018109: Rule(ErrorClass.INVALID_REQUEST),
}
"""By `error.error_subcode`, which says more than the code it comes with."""

PERMISSION_CODES = range(200, 300)


def messages_call(account: Account, sender_id: str, body: object) -> Call:
    """A POST to the `messages` edge of one phone number or page."""
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {account.setting('access_token')}",
    }
    return Call(address(account, f"{sender_id}/messages"), headers, json_body(body))


def address(account: Account, path: str) -> str:
    """The Graph URL of `path` in the version the account uses."""
    return f"{HOST}/{account.setting('graph_version', VERSION)}/{path}"


def rule_of(code: object, subcode: object = None) -> Rule | None:
    """What a code and subcode mean; None when neither is known."""
    if isinstance(subcode, int) and subcode in SUBCODES:
        return SUBCODES[subcode]
    if not isinstance(code, int):
        return None
    if code in PERMISSION_CODES:
        return Rule(ErrorClass.AUTH)
    return ERRORS.get(code)


def read(sender: HttpSender, response: HttpResponse, *id_path: str | int) -> SendResult:
    """An answer of the `messages` edge: the id at `id_path`, or the error, whatever the status."""
    body = json_object(response)
    error = body.get("error")
    if isinstance(error, dict):
        return _refused(sender, response, error)
    message_id = child(body, *id_path)
    if response.status < 300 and isinstance(message_id, str):
        return sent(message_id)
    return sender.by_status(response)


def _refused(sender: HttpSender, response: HttpResponse, error: dict[str, object]) -> SendResult:
    code, subcode = error.get("code"), error.get("error_subcode")
    named = f"{code}/{subcode}" if subcode else f"{code}"
    rule = rule_of(code, subcode)
    if rule is None and error.get("is_transient") is True and response.status < 500:
        rule = Rule(ErrorClass.TRANSIENT, Outcome.RETRY)
    if rule is not None:
        return sender.result(rule, named, response)
    if response.status < 300:  # an error inside a 200, with a code nobody wrote down
        return sender.result(Rule(ErrorClass.INVALID_REQUEST), named, response)
    return sender.by_status(response)
