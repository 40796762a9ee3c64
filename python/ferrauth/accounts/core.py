"""Handing the core its share of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth import _core

if TYPE_CHECKING:
    from ferrauth.accounts.settings import Settings

__all__ = ["configure_core"]
