"""The project of the HTTP suite with the equalising derivation removed: the positive control of ``http_timing``."""
