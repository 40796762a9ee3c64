"""The pool as asynchronous callers meet it: no thread is held, no event loop is stopped."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path

import anyio
import pytest
import uvloop

import ferrauth
from ferrauth import _core, _futures
from ferrauth.passwords import aadmit
from tests.password.pool_tools import DEADLINE, ENDLESS, is_at_rest, run, until


@pytest.fixture(params=["asyncio", "uvloop", "anyio"])
def drive(request):
    """Run a coroutine function under each kind of event loop."""
    return {
        "asyncio": lambda main: asyncio.run(main()),
        "uvloop": lambda main: uvloop.run(main()),
        "anyio": lambda main: anyio.run(main, backend="asyncio"),
    }[request.param]


@pytest.fixture
def patient():
    """Let every asynchronous caller wait, however slow the machine is."""
    _core.set_max_wait(None)
    yield
    _core.set_max_wait(10)


@pytest.fixture
def impatient():
    """Let no asynchronous caller wait."""
    _core.set_max_wait(0)
    yield
    _core.set_max_wait(10)


def test_P54_the_same_answers_as_the_synchronous_twins(drive, cheap):
    row = ferrauth.make_password("right", iterations=cheap)
    weak = ferrauth.make_password("right", iterations=cheap // 2)

    async def main():
        made = await ferrauth.amake_password("p", "salt", iterations=10)
        assert made == ferrauth.make_password("p", "salt", iterations=10)
        assert (await ferrauth.amake_password(None)).startswith("!")
        assert await ferrauth.acheck_password("right", row)
        for password, encoded in [("wrong", row), (None, row), ("\ud800", row), ("right", None), ("right", "!")]:
            assert await ferrauth.acheck_password(password, encoded) is False
        assert await ferrauth.averify_and_update("right", row) == (True, None)
        assert await ferrauth.averify_and_update("wrong", weak) == (False, None)
        verified, renewed = await ferrauth.averify_and_update("right", weak)
        assert verified
        assert ferrauth.verify_and_update("right", renewed) == (True, None)

    drive(main)
    until(is_at_rest)


def test_P39_P42_failures_cost_the_same(cheap, work):
    weak = ferrauth.make_password("right", iterations=cheap // 4)
    for password, row in [("wrong", weak), (None, weak), ("p", "junk"), ("p", None), ("p", "!")]:
        assert work(lambda password=password, row=row: asyncio.run(ferrauth.acheck_password(password, row))) == cheap


@pytest.mark.parametrize("iterations", [0, -1, 1.5, True, 10_000_001])
def test_bad_input_raises_before_any_work(iterations, work):
    def call() -> None:
        with pytest.raises(ValueError, match="iterations"):
            asyncio.run(ferrauth.amake_password("p", iterations=iterations))
        with pytest.raises(ValueError, match="salt"):
            asyncio.run(ferrauth.amake_password("p", "a$b"))
        with pytest.raises(ValueError, match="surrogate"):
            asyncio.run(ferrauth.amake_password("\ud800"))
        with pytest.raises(TypeError):
            asyncio.run(ferrauth.amake_password(7))

    assert work(call) == 0
    until(is_at_rest)


def test_P24_a_password_of_ten_megabytes():
    password = b"p" * 10_000_000
    row = asyncio.run(ferrauth.amake_password(password, "salt", iterations=3))
    digest = hashlib.sha256(password).digest()
    assert row == ferrauth.make_password(digest, "salt", iterations=3)


def test_200_checks_hold_no_thread_and_leave_the_loop_free(drive, cheap, patient):
    row = ferrauth.make_password("right", iterations=50_000)
    before = until(is_at_rest)
    threads = threading.active_count()

    async def main():
        checks = [asyncio.ensure_future(ferrauth.acheck_password("right", row)) for _ in range(200)]
        turns = 0
        while not all(check.done() for check in checks):
            await asyncio.sleep(0)
            turns += 1
        assert [check.result() for check in checks] == [True] * 200
        assert turns > 200
        assert threading.active_count() == threads
        names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
        lanes = [name for name in names if name.startswith("ferrauth-lanes")]
        assert len(lanes) <= ferrauth.build_info()["threads"]

    drive(main)
    after = until(is_at_rest)
    assert after["submitted"] - before["submitted"] == 200
    assert after["finished"] - before["finished"] == 200


def test_P54_the_loop_turns_while_one_derivation_runs(patient):
    async def main():
        check = asyncio.ensure_future(ferrauth.amake_password("p", iterations=ENDLESS))
        for _ in range(1_000):
            await asyncio.sleep(0)
        # A thousand turns take milliseconds; had any of them waited for the derivation, it would be over.
        assert not check.done()
        check.cancel()
        with pytest.raises(asyncio.CancelledError):
            await check

    asyncio.run(main())
    until(is_at_rest)


def test_a_cancelled_await_gives_its_lane_back(drive, patient):
    before = until(is_at_rest)["cancellations"]

    async def main():
        tasks = [asyncio.ensure_future(ferrauth.amake_password("p", iterations=ENDLESS)) for _ in range(20)]
        while _core.pool_counters()["lanes_busy"] == 0:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ferrauth.amake_password("p", iterations=ENDLESS), 0.01)

    drive(main)
    assert until(is_at_rest)["cancellations"] - before == 21


def test_a_closed_loop_is_tolerated(patient):
    before = until(is_at_rest)["finished"]
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    job = _core.start_make(future, "p", None, 200_000, None)
    loop.close()
    assert until(lambda now: now["finished"] == before + 1)
    assert not future.done()
    # The notifier lives on.
    assert asyncio.run(asyncio.wait_for(ferrauth.amake_password("p", iterations=1), DEADLINE))
    job.cancel()
    until(is_at_rest)


def test_many_loops_in_many_threads_each_get_their_own(cheap, patient):
    row = ferrauth.make_password("right", iterations=cheap)
    outcomes = []

    def work(number: int) -> None:
        async def main():
            wanted = [number % 2 == index % 2 for index in range(40)]
            checks = [ferrauth.acheck_password("right" if right else "wrong", row) for right in wanted]
            return await asyncio.gather(*checks) == wanted

        outcomes.append(asyncio.run(main()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert outcomes == [True] * 6


def test_all_that_is_pending_is_one_call_a_loop():
    class Loop(asyncio.SelectorEventLoop):
        calls = 0

        def call_soon_threadsafe(self, callback, *args, context=None):
            self.calls += 1
            return super().call_soon_threadsafe(callback, *args, context=context)

    loops = [Loop(), Loop()]
    futures = [loop.create_future() for loop in loops for _ in range(10)]
    futures[1].cancel()
    _futures.deliver([(future, index) for index, future in enumerate(futures)])
    for loop in loops:
        loop.run_until_complete(
            asyncio.gather(*(future for future in futures if future.get_loop() is loop), return_exceptions=True)
        )
        assert loop.calls == 1
        loop.close()
    assert [future.result() for future in futures if not future.cancelled()] == [0, *range(2, 20)]
    loops[0].close()
    _futures.deliver([(futures[0], "for a closed loop")])
    _futures.deliver([])


def test_P53_busy_is_decided_before_the_row_is_looked_at(impatient, cheap, work, caplog):
    row = ferrauth.make_password("right", iterations=cheap)
    until(is_at_rest)

    async def main():
        with await aadmit() as admission:
            for encoded in (row, "no row", None, "!"):
                with pytest.raises(ferrauth.HasherBusy) as caught:
                    await ferrauth.acheck_password("right", encoded)
                assert caught.value.retry_after > 0
                assert "right" not in str(caught.value)
                with pytest.raises(ferrauth.HasherBusy):
                    await ferrauth.averify_and_update("right", encoded)
            with pytest.raises(ferrauth.HasherBusy):
                await ferrauth.amake_password("right", iterations=cheap)
            with pytest.raises(ferrauth.HasherBusy):
                await aadmit()
            assert await ferrauth.acheck_password("right", row, admission=admission)
            assert await ferrauth.averify_and_update("right", row, admission=admission) == (True, None)
            assert await ferrauth.amake_password("right", iterations=cheap, admission=admission)

    assert work(lambda: asyncio.run(main())) == 3 * cheap
    assert not caplog.records
    until(is_at_rest)


def test_P53_a_refused_caller_is_told_when_to_come_back():
    error = ferrauth.HasherBusy(12.34)
    assert (error.retry_after, error.code, error.status) == (12.34, "busy", 503)
    assert str(error) == "Too many passwords wait to be hashed; try again in 12.3 seconds."
    assert isinstance(error, ferrauth.FerrauthError)


def test_P53_the_queue_is_bounded_by_time():
    async def main():
        tasks = [asyncio.ensure_future(ferrauth.amake_password("p", iterations=ENDLESS)) for _ in range(3_000)]
        await asyncio.sleep(0)
        refused = [task for task in tasks if task.done() and isinstance(task.exception(), ferrauth.HasherBusy)]
        # Thirty thousand million iterations take far longer than ten seconds; the first of them do not.
        assert 0 < len(refused) < 3_000
        assert tasks[0] not in refused
        assert all(task.exception().retry_after > 10 for task in refused)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Those who went away do not count.
        assert await ferrauth.amake_password("p", iterations=1)

    asyncio.run(main())
    until(is_at_rest)


def test_without_a_loop_it_is_an_error_and_nothing_is_left():
    coroutine = ferrauth.amake_password("p")
    with pytest.raises(RuntimeError, match="no running event loop"):
        coroutine.send(None)
    until(is_at_rest)


def test_an_exiting_interpreter_does_not_wait_for_jobs():
    run("""
        import asyncio
        import ferrauth
        from ferrauth import _core
        _core.set_max_iterations(2**32 - 1)
        _core.set_max_wait(None)
        loop = asyncio.new_event_loop()
        jobs = [_core.start_make(loop.create_future(), "p", None, 2**32 - 1, None) for _ in range(2)]
        while not _core.pool_counters()["lanes_busy"]:
            pass
        loop.close()
    """)


def test_after_shut_down_no_job_is_taken():
    run("""
        import asyncio
        import ferrauth
        from ferrauth import _core
        ferrauth.make_password("p", iterations=1)
        asyncio.run(ferrauth.amake_password("p", iterations=1))
        _core.shut_down()
        _core.shut_down()
        assert _core.pool_counters()["workers"] == 0
        for call in (
            lambda: ferrauth.make_password("p", iterations=1),
            lambda: asyncio.run(ferrauth.amake_password("p", iterations=1)),
        ):
            try:
                call()
            except RuntimeError:
                pass
            else:
                raise SystemExit("was taken")
    """)
