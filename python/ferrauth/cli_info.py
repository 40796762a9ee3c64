"""``python -m ferrauth info``: what this build is and what it runs on."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from ferrauth import profiles
from ferrauth._core import build_info

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print it.

    Args:
        arguments: The words after ``info``; those of the process by default.

    Returns:
        The exit status: 0.
    """
    parser = argparse.ArgumentParser(
        prog="python -m ferrauth info",
        description="Show the version, the kernels and the threads of this build, and the known cost profiles.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    options = parser.parse_args(arguments)
    info = build_info()
    if options.json:
        known = {one.name: {"algorithm": one.algorithm, **one.parameters, "source": one.source} for one in profiles.ALL}
        print(json.dumps({**info, "profiles": known}, indent=2))
        return 0
    print(f"ferrauth {info['version']} ({info['profile']} build)")
    print(f"Logins run on the kernel {info['kernel']}, batches on {info['bulk_kernel']}, on {info['threads']} threads.")
    print(f"Memory-hard derivations share {info['memory_budget'] / 2**30:.1f} GiB.\n")
    print("kernel      lanes       runs here")
    for kernel in info["kernels"]:
        lanes = ", ".join(map(str, kernel["lanes"]))
        print(f"{kernel['name']:<12}{lanes:<12}{'yes' if kernel['available'] else 'no'}")
    print("\nprofile          algorithm      cost")
    for one in profiles.ALL:
        print(f"{one.name:<17}{one.algorithm:<15}{_cost(one)}\n{'':32}{one.source}")
    return 0


def _cost(profile: Any) -> str:
    return ", ".join(f"{name} {value:,}" for name, value in profile.parameters.items())
