"""Versions that an advisory asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path

LOCK = Path(__file__).parent.parent / "Cargo.lock"


def test_P57_pyo3_is_newer_than_its_advisories() -> None:
    """RUSTSEC-2026-0176, -0177, -0013, 2025-0020 and 2024-0378 are closed from 0.29 on."""
    packages = tomllib.loads(LOCK.read_text())["package"]
    (version,) = {package["version"] for package in packages if package["name"] == "pyo3"}
    assert tuple(map(int, version.split(".")[:2])) >= (0, 29)


def test_J20_no_rsa_crate() -> None:
    """RUSTSEC-2023-0071: its private operations tell the key by their time, and no release is patched."""
    packages = tomllib.loads(LOCK.read_text())["package"]
    assert "rsa" not in {package["name"] for package in packages}
