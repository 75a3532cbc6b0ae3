"""One Lambda execution environment: AWS's own runtime client on this project's interpreter.

A function's `bootstrap` starts this with `-I -S`, so that it sees the standard library, its own
code and its layers, and nothing else this machine happens to have installed:

    function_process.py SITE_PACKAGES LAYERS NAMES [announce]

SITE_PACKAGES holds awslambdaric, LAYERS are the layers' python folders joined by colons, NAMES
the template's environment variables joined by commas; `announce` prints Lambda's START lines.
"""

import os
import sys
import time

# What Lambda itself puts into a function's environment, besides everything that begins with AWS_.
LAMBDA_VARIABLES = {"LAMBDA_TASK_ROOT", "LANG", "PATH", "TZ", "_HANDLER", "_X_AMZN_TRACE_ID"}


def clean_environment(declared: set[str]) -> None:
    """Forget what the machine or the emulator would leak into the function."""
    for name in list(os.environ):
        if name not in declared | LAMBDA_VARIABLES and not name.startswith("AWS_"):
            del os.environ[name]
    os.environ["TZ"] = ":UTC"
    time.tzset()
    os.environ["AWS_EXECUTION_ENV"] = "AWS_Lambda_python{}.{}".format(*sys.version_info)
    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    os.environ.setdefault("AWS_LAMBDA_LOG_GROUP_NAME", f"/aws/lambda/{name}")
    os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"


def run(site_packages: str, layers: str, *, announce: bool) -> None:
    """Serve invocations until the environment is ended."""
    # The client is loaded from an environment whose other packages the function must not see.
    sys.path.append(site_packages)
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    sys.path.remove(site_packages)
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], *layers.split(":")]

    class AnnouncingClient(LambdaRuntimeClient):  # type: ignore[misc]
        """Prints Lambda's START line, which ends the emulator's wait for a silent handler."""

        def wait_next_invocation(self) -> object:
            """The next event, announced."""
            request = super().wait_next_invocation()
            print(f"START RequestId: {request.invoke_id} Version: $LATEST", flush=True)
            return request

    client = AnnouncingClient if announce else LambdaRuntimeClient
    bootstrap.run(os.environ["_HANDLER"], client(os.environ["AWS_LAMBDA_RUNTIME_API"]))


if __name__ == "__main__":
    clean_environment(set(sys.argv[3].split(",")))
    run(sys.argv[1], sys.argv[2], announce="announce" in sys.argv[4:])
