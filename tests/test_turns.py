"""Of what could go on in one turn of an event loop, little does."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque

import pytest

from ferrauth import _futures, _turns


class Turns:
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
        turns = Turns()

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
        turns, order = Turns(), []

        async def caller(number: int) -> None:
            await _turns.take_turn()
            order.append(number)
            turns.note()

        callers = [asyncio.ensure_future(caller(number)) for number in range(6)]
        await asyncio.sleep(0)
        callers[0].cancel()
        callers[3].cancel()
        await turns.until_done(*callers)
        # Nobody waits any more: the next burst finds the queue as the first did.
        later = [asyncio.ensure_future(caller(number)) for number in (6, 7)]
        await turns.until_done(*later)
        return turns.taken, order

    taken, order = asyncio.run(main())
    assert order == [1, 2, 4, 5, 6, 7]
    assert len(set(taken)) == 6


@pytest.mark.parametrize(("waited", "places"), [(0.0, 1), (0.0099, 1), (0.0101, 2), (0.0351, 4), (9.0, 5)])
def test_where_turns_are_long_more_go_on_in_each(waited: float, places: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        futures = [asyncio.get_running_loop().create_future() for _ in range(6)]
        futures[1].cancel()  # It takes no place.
        waiting: deque[_turns.Delivery] = deque((future, "its own") for future in futures)
        _turns.settle(waiting, now - waited)
        assert sum(future.done() and not future.cancelled() for future in futures) == places
        await asyncio.gather(*futures, return_exceptions=True)
        assert not waiting

    now = time.monotonic()
    monkeypatch.setattr(_turns.time, "monotonic", lambda: now)
    asyncio.run(main())


def test_every_loop_of_a_thread_has_turns_of_its_own() -> None:
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    left = first.create_task(_turns.take_turn())
    first.call_soon(first.stop)
    first.run_forever()  # One turn: it asked, and waits.
    second.run_until_complete(_turns.take_turn())
    assert not left.done()
    first.run_until_complete(left)
    first.close()
    second.close()
