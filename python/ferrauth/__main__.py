"""``python -m ferrauth``: what this build is, what a login costs here, a new key."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "info": "show the version, the kernels and the threads of this build, and the known cost profiles",
    "calibrate": "measure how many iterations fit into a time on this machine, and print the settings for it",
    "keygen": "make a new signing key",
}
"""Each is the function ``main(arguments)`` of ``ferrauth.cli_<name>``, loaded when it is asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first word names.

    Args:
        arguments: The words after ``python -m ferrauth``; those of the process by default.

    Returns:
        The exit status.
    """
    lines = [f"  {name:<11}{text}" for name, text in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m ferrauth",
        description="ferrauth on the command line. Every command explains itself: python -m ferrauth COMMAND --help",
        epilog="\n".join(["commands:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands below")
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = parser.parse_args(words[:1]).command
    status: int = importlib.import_module(f"ferrauth.cli_{command}").main(words[1:])
    return status


if __name__ == "__main__":
    sys.exit(main())
