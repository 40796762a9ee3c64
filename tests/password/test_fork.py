"""Forks with jobs running, and interpreters that exit with jobs running. Each in a process of its own."""

from __future__ import annotations

import os

import pytest

from tests.password.pool_tools import DEADLINE, run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")

PRELUDE = """
import asyncio, os, threading, time
import ferrauth
from ferrauth import _core

ROW = ferrauth.make_password("right", iterations=1000)
_core.set_max_iterations(2**32 - 1)

# One lane is left for the check that follows: a kernel may have no more than one of them for each thread.
SOME = min(2, ferrauth.build_info()["lanes"] * ferrauth.build_info()["threads"] - 1)

def endless():
    ferrauth.make_password("p", iterations=2**32 - 1)

def occupy(count):
    before = _core.pool_counters()["submitted"]
    for _ in range(count):
        threading.Thread(target=endless, daemon=True).start()
    while _core.pool_counters()["submitted"] - before < count:
        time.sleep(0.001)

def in_child(work):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child

def ended_well(child):
    return os.waitpid(child, 0)[1] == 0

def check():
    from ferrauth import passwords
    passwords.DEFAULT_ITERATIONS = 1000
    assert ferrauth.check_password("right", ROW)
    assert not ferrauth.check_password("wrong", ROW)
"""


STRESS_SECONDS = float(os.environ.get("FERRAUTH_STRESS_SECONDS", "1"))


def script(body: str) -> None:
    run(PRELUDE + "\n" + body, timeout=DEADLINE + STRESS_SECONDS)


def test_a_fork_while_jobs_run_hangs_neither_side():
    script("""
occupy(SOME)
def work():
    assert _core.pool_counters()["workers"] == 0, "the parent's threads are not the child's"
    check()
    assert 0 < _core.pool_counters()["workers"] <= ferrauth.build_info()["threads"]
children = [in_child(work) for _ in range(10)]
assert all(ended_well(child) for child in children)
check()
""")


def test_a_fork_of_a_fork():
    script("""
occupy(SOME)
def work(depth=4):
    check()
    if depth:
        assert ended_well(in_child(lambda: work(depth - 1)))
    check()
assert ended_well(in_child(work))
""")


def test_a_child_awaits_its_own_futures_and_never_its_parents():
    script("""
async def main():
    inherited = [asyncio.ensure_future(ferrauth.acheck_password("right", ROW)) for _ in range(20)]
    await asyncio.sleep(0)
    def work():
        # The loop of the parent is not the child's to run; the futures must stay as they are.
        def child_loop():
            assert asyncio.run(ferrauth.acheck_password("right", ROW))
        thread = threading.Thread(target=child_loop)
        thread.start()
        thread.join()
        assert not any(task.done() for task in inherited)
    child = in_child(work)
    assert all(await asyncio.gather(*inherited))
    assert ended_well(child)
asyncio.run(main())
""")


def test_what_a_child_inherits_does_not_touch_what_is_its_own():
    script("""
import gc
async def main():
    tasks = [asyncio.ensure_future(ferrauth.amake_password("p", iterations=3_000_000)) for _ in range(4)]
    await asyncio.sleep(0)
    with ferrauth.passwords.admit() as admission:
        def work():
            async def child_main():
                own = [asyncio.ensure_future(ferrauth.amake_password("p", iterations=100_000)) for _ in range(4)]
                await asyncio.sleep(0)
                for task in tasks:
                    task.get_coro().close()
                admission.release()
                assert len(await asyncio.wait_for(asyncio.gather(*own), 50)) == 4
            thread = threading.Thread(target=lambda: asyncio.run(child_main()))
            thread.start()
            thread.join()
            check()
            assert _core.pool_counters()["reserved"] == 0
            while _core.pool_counters()["finished"] < 6:
                time.sleep(0.001)
            assert _core.pool_counters()["submitted"] == 6
        child = in_child(work)
    assert ended_well(child)
    assert len(await asyncio.gather(*tasks)) == 4
asyncio.run(main())
""")


def test_a_fork_in_the_middle_of_a_batch():
    script("""
parent, children = os.getpid(), []
def progress(done, total):
    if not children:
        children.append(os.fork())
try:
    rows = ferrauth.make_passwords(["p"] * 200, iterations=50_000, progress=progress)
except RuntimeError as error:
    assert os.getpid() != parent, error
    check()
    os._exit(0)
assert os.getpid() == parent
assert len(rows) == 200
assert ended_well(children[0])
""")


def test_multiprocessing_by_fork():
    run("""
        import multiprocessing
        import ferrauth
        def check(number):
            row = ferrauth.make_password(str(number), iterations=1000)
            return ferrauth.check_passwords([(str(number), row)] * 3) == [True] * 3
        if __name__ == "__main__":
            ferrauth.passwords.DEFAULT_ITERATIONS = 1000
            assert check(0)
            assert len(ferrauth.make_passwords(["p"] * 100, iterations=10)) == 100
            with multiprocessing.get_context("fork").Pool(3) as pool:
                assert all(pool.map(check, range(30)))
            assert check(0)
    """)


def test_forks_at_any_moment():
    """Forks while threads start the pool, submit, wait and cancel. ``FERRAUTH_STRESS_SECONDS=60`` makes it a minute."""
    script("""
import random
seconds = float(os.environ.get("FERRAUTH_STRESS_SECONDS", "1"))
end = time.monotonic() + seconds
dice = random.Random(7)

def busy():
    while time.monotonic() < end:
        ferrauth.make_password("p", iterations=dice.choice([1, 100, 5000, 50000]))

async def fickle():
    while time.monotonic() < end:
        tasks = [asyncio.ensure_future(ferrauth.amake_password("p", iterations=3000)) for _ in range(20)]
        await asyncio.sleep(dice.random() / 100)
        for task in tasks:
            if dice.random() < 0.5:
                task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(outcome, (str, asyncio.CancelledError)), outcome

threads = [threading.Thread(target=busy) for _ in range(4)]
threads.append(threading.Thread(target=lambda: asyncio.run(fickle())))
for thread in threads:
    thread.start()
while time.monotonic() < end:
    def work():
        check()
        assert asyncio.run(ferrauth.acheck_password("right", ROW))
        assert len(ferrauth.make_passwords(["p"] * 100, iterations=1)) == 100
    children = [in_child(work) for _ in range(dice.randrange(1, 4))]
    assert all([ended_well(child) for child in children])
for thread in threads:
    thread.join()
while _core.pool_counters()["lanes_busy"] or _core.pool_counters()["queued"]:
    time.sleep(0.001)
counters = _core.pool_counters()
assert counters["submitted"] == counters["finished"] + counters["cancellations"], counters
_core.shut_down()
assert _core.pool_counters()["workers"] == 0
""")


def test_an_exiting_interpreter_does_not_wait_for_daemon_threads():
    script("occupy(6)")


def test_an_exiting_interpreter_does_not_wait_for_a_batch():
    script("""
threading.Thread(target=lambda: ferrauth.make_passwords(["p"] * 10_000), daemon=True).start()
while _core.pool_counters()["lanes_busy"] == 0:
    time.sleep(0.001)
""")


def test_a_child_that_exits_with_jobs_running():
    script("""
import sys
occupy(SOME)
child = os.fork()
if child == 0:
    occupy(3)
    sys.exit(0)
assert ended_well(child)
check()
""")
