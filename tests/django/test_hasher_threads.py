"""W002: more threads that derive than cores."""

from __future__ import annotations

import pytest

from ferrauth.django import checks


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend a machine of four cores, whatever this one has."""
    monkeypatch.setattr(checks.os, "sched_getaffinity", lambda _process: set(range(4)), raising=False)
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    monkeypatch.delenv("FERRAUTH_THREADS", raising=False)


@pytest.mark.parametrize("processes", ["2", "4", "9"])
def test_W002_processes_that_each_take_all_cores(monkeypatch: pytest.MonkeyPatch, processes: str) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", processes)
    monkeypatch.setenv("FERRAUTH_THREADS", "4")
    (warning,) = checks.check_hasher_threads(None)
    assert warning.id == "ferrauth.W002"
    assert warning.hint is not None
    assert f"FERRAUTH_THREADS={max(1, 4 // int(processes))}" in warning.hint


@pytest.mark.parametrize(
    ("processes", "threads"), [(None, "4"), ("", "4"), ("1", "4"), ("many", "4"), ("2", "2"), ("4", "1"), ("9", "1")]
)
def test_W002_is_silent_where_the_cores_suffice(
    monkeypatch: pytest.MonkeyPatch, processes: str | None, threads: str
) -> None:
    if processes is not None:
        monkeypatch.setenv("WEB_CONCURRENCY", processes)
    monkeypatch.setenv("FERRAUTH_THREADS", threads)
    assert checks.check_hasher_threads(None) == []
