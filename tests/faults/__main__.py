"""Print the figures of the sessions: ``python -m tests.faults [PART ...]``; ``make faults``: all."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

from tests.faults import kill, machine, migration, queries, race

CPUINFO = Path("/proc/cpuinfo")


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("what", nargs="*", choices=["queries", "migration", "machine", "race", "kill", []], default=[])
    parser.add_argument("--rounds", type=int, default=200, help="rounds of a race (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=200, help="kills (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=20_000, help="steps of the state machine (default: %(default)s)")
    parser.add_argument("--users", type=int, default=1_000_000, help="users to migrate beside (default: %(default)s)")
    arguments = parser.parse_args()
    print(f"{cpu()}, Python {platform.python_version()}")
    programs = {
        "queries": queries.main,
        "migration": lambda: migration.main(arguments.users),
        "machine": lambda: machine.main(arguments.steps),
        "race": lambda: race.main(arguments.rounds),
        "kill": lambda: kill.main(arguments.kills),
    }
    chosen = arguments.what or list(programs)
    good = True
    for name in chosen:
        print(f"\n{name}", flush=True)
        good = programs[name]() and good
    print("\nAll as it must be." if good else "\nNOT as it must be.")
    return 0 if good else 1


def cpu() -> str:
    """Return the processor's name."""
    if CPUINFO.exists():
        for line in CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
