"""Handing the core its share of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth import _core

if TYPE_CHECKING:
    from ferrauth.accounts.settings import Settings

__all__ = ["configure_core"]


def configure_core(settings: Settings) -> None:
    """Give the core its caps, its memory, its patience and its threads, which are the process's own.

    Args:
        settings: Those of the process; where there are two, the last ones count.
    """
    _core.set_max_iterations(settings.max_iterations)
    _core.set_memory_budget(settings.hasher_memory)
    _core.set_max_wait(settings.hasher_max_wait)
    if settings.hasher_threads is not None:
        _core.set_threads(settings.hasher_threads)
