"""Of what could go on in one turn of an event loop, little does."""

from __future__ import annotations

import asyncio
import gc
import math
import weakref
from contextvars import ContextVar

import pytest

from ferrauth import _futures, _turns

DEADLINE = 20.0
"""Seconds after which nobody comes any more."""


class TurnCount:
    """The turns of the running loop, counted while something is awaited."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self._turn = 0

    def note(self) -> None:
        """Note that somebody went on in this turn."""
        self.taken.append(self._turn)

    async def until_done(self, *tasks: asyncio.Future[None]) -> None:
        """Let the loop turn until these are done."""
        while not all(task.done() for task in tasks):
            self._turn += 1
            await asyncio.sleep(0)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all turns be short, whatever the machine does meanwhile."""
    monkeypatch.setattr(_turns, "SHARE", math.inf)


@pytest.mark.usefixtures("short")
def test_what_ended_together_wakes_one_caller_a_turn() -> None:
    async def main() -> list[int]:
        turns = TurnCount()

        async def caller(future: asyncio.Future[None]) -> None:
            await future
            turns.note()

        futures = [asyncio.get_running_loop().create_future() for _ in range(5)]
        callers = [asyncio.ensure_future(caller(future)) for future in futures]
        await asyncio.sleep(0)
        futures[2].cancel()
        _futures.deliver([(future, None) for future in futures])
        await turns.until_done(*callers)
        return turns.taken

    taken = asyncio.run(main())
    assert len(taken) == len(set(taken)) == 4


@pytest.mark.usefixtures("short")
def test_a_burst_goes_on_one_by_one_in_its_order() -> None:
    async def main() -> tuple[list[int], list[int]]:
        turns, order = TurnCount(), []

        async def caller(number: int) -> None:
            await _turns.take_turn()
            order.append(number)
            turns.note()

        callers = [asyncio.ensure_future(caller(number)) for number in range(7)]
        await asyncio.sleep(0)
        callers[1].cancel()
        callers[3].cancel()
        await turns.until_done(*callers)
        # Nobody waits any more: the next burst finds the queue as the first did.
        later = [asyncio.ensure_future(caller(number)) for number in (7, 8)]
        await turns.until_done(*later)
        return turns.taken, order

    taken, order = asyncio.run(main())
    assert order == [0, 2, 4, 5, 6, 7, 8]
    assert len(set(taken)) == 7


@pytest.mark.usefixtures("short")
def test_nobody_waits_for_a_turn_that_nobody_has() -> None:
    async def main() -> list[int]:
        turns = TurnCount()

        async def caller() -> None:
            for _ in range(3):
                await _turns.take_turn()
                turns.note()

        await turns.until_done(asyncio.ensure_future(caller()))
        return turns.taken

    first, *others = asyncio.run(main())
    assert first == 1
    assert first < others[0] < others[1]


@pytest.mark.parametrize(("others", "places"), [(0.0, 1), (0.9, 1), (1.1, 2), (3.5, 4), (900, 5)])
def test_where_others_make_turns_long_more_go_on_in_each(
    others: float, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        nonlocal now
        futures = [asyncio.get_running_loop().create_future() for _ in range(6)]
        futures[1].cancel()  # It takes no place.
        turns = _turns.Turns((future, "its own") for future in futures)
        now += others * _turns.SHARE
        turns.settle()
        assert sum(future.done() and not future.cancelled() for future in futures) == places
        await asyncio.gather(*futures, return_exceptions=True)

    now = 1_000.0
    monkeypatch.setattr(_turns.time, "monotonic", lambda: now)
    asyncio.run(main())


def test_what_the_woken_do_is_not_the_others_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a slow step would wake more, and those more still."""

    async def main() -> list[int]:
        turns = TurnCount()

        async def caller(future: asyncio.Future[None]) -> None:
            nonlocal now
            await future
            now += 10 * _turns.SHARE
            turns.note()

        futures = [asyncio.get_running_loop().create_future() for _ in range(8)]
        callers = [asyncio.ensure_future(caller(future)) for future in futures]
        await asyncio.sleep(0)
        _futures.deliver([(future, None) for future in futures])
        await turns.until_done(*callers)
        return turns.taken

    now = 1_000.0
    monkeypatch.setattr(_turns.time, "monotonic", lambda: now)
    taken = asyncio.run(main())
    assert len(taken) == len(set(taken)) == 8


@pytest.mark.usefixtures("short")
def test_a_result_that_no_future_takes_stops_nobody_else() -> None:
    async def main() -> list[object]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
        futures = [loop.create_future() for _ in range(3)]
        _futures.deliver([(futures[0], StopIteration()), (futures[1], 1), (futures[2], 2)])
        return await asyncio.wait_for(asyncio.gather(*futures[1:]), DEADLINE)

    errors: list[BaseException] = []
    assert asyncio.run(main()) == [1, 2]
    assert [type(error) for error in errors] == [TypeError]


def test_who_has_gone_is_not_remembered_by_those_who_wait() -> None:
    class Request:
        pass

    seen: ContextVar[Request] = ContextVar("seen")

    async def first() -> weakref.ref[Request]:
        request = Request()
        seen.set(request)
        await _turns.take_turn()
        return weakref.ref(request)

    async def other() -> None:
        while not is_over:
            await _turns.take_turn()

    async def main() -> None:
        nonlocal is_over
        asking = asyncio.ensure_future(first())
        others = [asyncio.ensure_future(other()) for _ in range(2)]
        request = await asking
        del asking
        for _ in range(5):
            await asyncio.sleep(0)
        gc.collect()
        assert request() is None
        is_over = True
        await asyncio.gather(*others)

    is_over = False
    asyncio.run(main())


def test_every_loop_of_a_thread_has_turns_of_its_own() -> None:
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    left = [first.create_task(_turns.take_turn()) for _ in range(2)]
    first.call_soon(first.stop)
    first.run_forever()  # One turn: the second of them waits.
    second.run_until_complete(asyncio.wait_for(_turns.take_turn(), DEADLINE))
    assert [one.done() for one in left] == [True, False]
    first.run_until_complete(asyncio.wait_for(left[1], DEADLINE))
    first.close()
    second.close()
