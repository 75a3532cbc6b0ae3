"""`make down`: stop what `make up` started; its state goes with it."""

from local.console import run_command, say
from local.processes import exclusively
from local.up import STACK, down


def main() -> None:
    """Run as a program."""
    with exclusively(STACK):
        stopped = down()
    say("Stopped." if stopped else "Nothing was running.")


if __name__ == "__main__":
    run_command(main)
