"""Many passwords in one call."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest

import ferrauth
from ferrauth import _core
from tests.password.pool_tools import INTERRUPT_ONCE_BUSY, is_at_rest, run, until


def test_order_is_kept_and_salts_differ(cheap):
    passwords = [f"password {number}" for number in range(700)]
    rows = ferrauth.make_passwords(passwords, iterations=20)
    assert len(set(rows)) == 700
    pairs = list(zip(passwords, rows, strict=True))
    pairs[3] = ("wrong", rows[3])
    pairs[699] = (None, rows[699])
    pairs[5] = ("password 5", "no row")
    expected = [index not in {3, 5, 699} for index in range(700)]
    assert ferrauth.check_passwords(pairs) == expected
    until(is_at_rest)


def test_no_passwords_give_an_empty_list():
    calls = []
    assert ferrauth.make_passwords([], progress=lambda *call: calls.append(call)) == []
    assert ferrauth.check_passwords(iter([]), progress=lambda *call: calls.append(call)) == []
    assert calls == []


@pytest.mark.parametrize("bad", [None, 7, bytearray(b"p"), "\ud800"])
def test_a_bad_password_is_named_and_nothing_is_derived(bad, work):
    def call() -> None:
        with pytest.raises((TypeError, ValueError), match=r"passwords\[2\]"):
            ferrauth.make_passwords(["a", "b", bad, "d", None])

    assert work(call) == 0


@pytest.mark.parametrize("bad", [None, "ab", ("a",), ("a", "b", "c")])
def test_a_bad_pair_is_named_and_nothing_is_derived(bad, work):
    def call() -> None:
        with pytest.raises(TypeError, match=r"pairs\[1\]"):
            ferrauth.check_passwords([("a", "b"), bad])

    assert work(call) == 0


@pytest.mark.parametrize("iterations", [0, -1, 1.5, "1000", True, 10_000_001, 2**70])
def test_bad_iterations_derive_nothing(iterations, work):
    def call() -> None:
        with pytest.raises(ValueError, match="iterations"):
            ferrauth.make_passwords(["a"], iterations=iterations)

    assert work(call) == 0


def test_progress_is_told_in_order_from_this_thread_and_at_the_end(cheap):
    calls = []

    def progress(done: int, total: int) -> None:
        calls.append((done, total, threading.get_ident(), time.monotonic()))

    rows = ferrauth.make_passwords(["p"] * 60, iterations=100_000, progress=progress)
    assert calls[-1][:2] == (60, 60)
    assert [done for done, *_ in calls] == sorted(done for done, *_ in calls)
    assert {(total, thread) for _, total, thread, _ in calls} == {(60, threading.get_ident())}
    # A tenth of a second lies before each but the last: it can only be more, however slow the machine is.
    times = [when for *_, when in calls[:-1]]
    assert all(later - earlier >= 0.099 for earlier, later in pairwise(times))
    calls.clear()
    ferrauth.check_passwords([("p", rows[0])], progress=progress)
    assert calls[-1][:2] == (1, 1)


def test_what_progress_raises_ends_the_batch():
    class Enough(Exception):
        pass

    def progress(done: int, total: int) -> None:
        raise Enough

    before = _core.pool_counters()["finished"]
    with pytest.raises(Enough):
        ferrauth.make_passwords(["p"] * 5_000, progress=progress)
    counters = until(is_at_rest)
    assert counters["finished"] - before < 5_000


def test_ctrl_c_ends_a_batch():
    run(
        INTERRUPT_ONCE_BUSY
        + """
try:
    ferrauth.make_passwords(["p"] * 100_000)
except KeyboardInterrupt:
    pass
else:
    raise SystemExit("not interrupted")
while _core.pool_counters()["lanes_busy"] or _core.pool_counters()["queued"]:
    time.sleep(0.001)
counters = _core.pool_counters()
assert counters["submitted"] == counters["finished"] + counters["cancellations"] < 100_000, counters
"""
    )
