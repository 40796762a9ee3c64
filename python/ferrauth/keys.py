"""Keys: one key, one algorithm, and rings that sign with the first and verify with all."""

from ferrauth._core import Key, KeyRing

__all__ = ["Key", "KeyRing"]
