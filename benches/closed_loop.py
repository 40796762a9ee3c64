"""A storm: clients log in one time after another while others ask who they are, in rounds that contenders take in turn.

Every contender's server stays up, and one at a time is loaded. So both of a pair meet the machine as it is in these
minutes, and one whose speed drifts, as that of a virtual machine does, misleads nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benches.rounds import Row
from benches.storm.servers import taken
from benches.wire import LOST, Connection, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benches.wire import Answer

CLIENTS = 32
READERS = 4
"""Clients that ask who they are."""
PAUSE = 0.05
"""Seconds between two requests of one of them."""
RAMP = 1.0
"""Seconds in which the clients begin, one after another: people do not come in one and the same millisecond."""
USERS = 64
"""More than there are clients: each logs in as a user of its own, and who asks is yet another."""
READER = USERS - 1

SAMPLES = 100
"""Answers that a 99th percentile is read from at least: of fewer it is but the longest."""

RATE = (4.5, 6.0)
WAIT = (5.0, 20.0)
"""At least, and aim: logins a second against the other, and its 99th percentile of ``GET me`` against ours."""

IDLE = 0.2
"""Cores of which a server that is left alone may use so many."""
LOOK = 0.5
"""Seconds over which that is read."""
CALM = 60.0
"""Seconds that it may take to become idle: a login whose client has given up is derived to its end nevertheless."""

SPEED_ITERATIONS = 300_000
"""Of what hashlib's speed is read from: a tenth of a second."""


@dataclass(frozen=True)
class Target:
    """A server that is loaded."""

    port: int
    pid: int
    path: str
    """Of the routes ``login`` and ``me``."""
    credentials: Callable[[int, str], bytes]
    """Makes the body of a login, of a user's number and a password."""
    password: str
    shown: Callable[[int], tuple[str, str]]
    """What ``me`` shows of a user: a field, and its value."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def connect(self) -> Connection:
        """Return a client."""
        return Connection(self.port, self.headers)

    async def log_in(self, connection: Connection, number: int, password: str | None = None) -> Answer:
        """Log a user in."""
        body = self.credentials(number, self.password if password is None else password)
        return await connection.send("POST", f"{self.path}/login", body)

    async def ask(self, connection: Connection, token: str) -> Answer:
        """Ask whom a token is for."""
        return await connection.send("GET", f"{self.path}/me", headers={"Authorization": f"Bearer {token}"})

    async def prove(self, number: int = READER) -> str:
        """See passwords and tokens, right and wrong ones, answered as they must be, and return a token that is good."""
        connection = self.connect()
        assert (await self.log_in(connection, number, "wrong"))[0] == 401
        status, _, body = await self.log_in(connection, number)
        assert status == 200, body
        token: str = json.loads(body)["access_token"]
        status, _, body = await self.ask(connection, token)
        name, value = self.shown(number)
        assert (status, json.loads(body)[name]) == (200, value)
        head, _, signature = token.rpartition(".")
        forged = f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
        assert (await self.ask(connection, forged))[0] == 401
        connection.close()
        return token


@dataclass
class Round:
    """What one server did in one round."""

    logins: list[float] = field(default_factory=list)
    """Seconds of each."""
    me: list[float] = field(default_factory=list)
    """Seconds of each that was asked while all clients were logging in."""
    failures: Counter[str] = field(default_factory=Counter)
    """What was answered otherwise, or not at all."""
    elapsed: float = 0.0
    cpu: float = 0.0
    """Cores in use, by the server and its workers."""
    rss: int = 0
    """Bytes, at the end."""


@dataclass
class Storm:
    """What one server did in all rounds."""

    rounds: list[Round] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Logins a second, of each round."""
        return [len(one.logins) / one.elapsed for one in self.rounds]

    @property
    def rate(self) -> float:
        """Logins a second: the median of the rounds."""
        return statistics.median(self.rates)

    @property
    def logins(self) -> list[float]:
        """Seconds of each login, of all rounds."""
        return [seconds for one in self.rounds for seconds in one.logins]

    @property
    def me(self) -> list[float]:
        """Seconds of each ``GET me``, of all rounds."""
        return [seconds for one in self.rounds for seconds in one.me]

    @property
    def cpu(self) -> float:
        """Cores in use: the median of the rounds."""
        return statistics.median(one.cpu for one in self.rounds)

    @property
    def rss(self) -> int:
        """Bytes: the most after any round."""
        return max(one.rss for one in self.rounds)

    @property
    def failures(self) -> Counter[str]:
        """What was answered otherwise, or not at all, in all rounds."""
        return sum((one.failures for one in self.rounds), Counter())


def quantile(times: list[float], percent: int) -> float:
    """Return a percentile, in milliseconds. It lies between two that were measured: nothing is extrapolated."""
    if len(times) < 2:
        return times[0] * 1e3 if times else float("nan")
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] * 1e3


def hashlib_speed() -> float:
    """Return what an iteration costs hashlib now, in nanoseconds: on virtual machines it has two speeds."""
    started = time.perf_counter()
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", SPEED_ITERATIONS)
    return (time.perf_counter() - started) / SPEED_ITERATIONS * 1e9


async def storm(target: Target, *, seconds: float, clients: int = CLIENTS) -> Round:
    """Let clients log in, and others ask who they are, for so long. Every login that has begun is ended.

    A round's logins are counted over the time until the last one's end. Who asks begins once all clients have, and
    stops when the first client stops, so that no answer is measured of a server that has less to do.
    """
    token = await target.prove()
    found = Round()
    before = taken(target.pid)
    started = time.perf_counter()
    ends = started + RAMP + seconds

    async def again_and_again(
        what: str, times: list[float], ask: Callable[[Connection], object], *, after: float, pause: float
    ) -> None:
        await asyncio.sleep(after)
        connection = target.connect()
        while (begun := time.perf_counter()) < ends:
            try:
                status = (await ask(connection))[0]  # type: ignore[misc]
            except LOST as error:
                found.failures[f"{what}: {failure(error)}"] += 1
                await asyncio.sleep(PAUSE)
                continue
            if status == 200:
                times.append(time.perf_counter() - begun)
            else:
                found.failures[f"{what}: {status}"] += 1
            await asyncio.sleep(pause)
        connection.close()

    def client(number: int) -> object:
        begins = RAMP * number / clients
        return again_and_again(
            "login", found.logins, lambda connection: target.log_in(connection, number), after=begins, pause=0
        )

    def reader() -> object:
        return again_and_again(
            "me", found.me, lambda connection: target.ask(connection, token), after=RAMP, pause=PAUSE
        )

    reading = asyncio.gather(*(reader() for _ in range(READERS)))  # type: ignore[call-overload]
    await asyncio.gather(*(client(number) for number in range(clients)))  # type: ignore[call-overload]
    found.elapsed = time.perf_counter() - started
    after = taken(target.pid)
    await reading
    found.cpu, found.rss = (after.cpu - before.cpu) / found.elapsed, after.rss
    await _calm(target.pid)
    return found


async def _calm(pid: int) -> None:
    """Wait until a server is idle, so that it takes nothing from whoever plays next."""
    deadline = time.perf_counter() + CALM
    while time.perf_counter() < deadline:
        before = taken(pid).cpu
        await asyncio.sleep(LOOK)
        if taken(pid).cpu - before < IDLE * LOOK:
            return
    raise SystemExit("A server went on working when nobody asked it for anything any more.")


def alternate(contenders: Mapping[str, Callable[[], Round]], rounds: int) -> tuple[dict[str, Storm], list[float]]:
    """Let contenders take rounds in turn, each round in the other order; hashlib's speed is read around each.

    Args:
        contenders: What plays a round, by name.
        rounds: How many each plays.

    Returns:
        What each did, and hashlib's nanoseconds an iteration.
    """
    storms = {name: Storm() for name in contenders}
    speeds = [hashlib_speed()]
    for number in range(rounds):
        for name in list(contenders)[:: -1 if number % 2 else 1]:
            storms[name].rounds.append(contenders[name]())
            speeds.append(hashlib_speed())
    return storms, speeds


def print_head() -> None:
    """Print the first line of the table."""
    print(
        f"{'':29}{'logins a second':^23}  {'login, ms':^15}  {'GET me, ms':^24}\n"
        f"{'':29}{'min':>7} {'median':>7} {'max':>7}  {'p50':>7} {'p99':>7}  {'p50':>7} {'p99':>8} {'n':>7}  "
        f"{'cores':>6} {'MiB':>5}"
    )


def print_storm(name: str, found: Storm) -> None:
    """Print one line of the table, and what failed."""
    rates, login, me = found.rates, found.logins, found.me
    print(
        f"{name:29}{min(rates):7.2f} {found.rate:7.2f} {max(rates):7.2f}  "
        f"{quantile(login, 50):7.0f} {quantile(login, 99):7.0f}  "
        f"{quantile(me, 50):7.1f} {quantile(me, 99):8.1f} {len(me):7,}  {found.cpu:6.2f} {found.rss / 2**20:5.0f}"
    )
    for what, count in sorted(found.failures.items()):
        print(f"    failed: {what}, {count:,} times")


def rows(ours: Storm, theirs: Storm, against: str) -> list[Row]:
    """Return what the figures ask of one against the other.

    Args:
        ours: ferrauth's.
        theirs: The other's.
        against: What to call the pair.
    """
    fewest = min(len(ours.me), len(theirs.me))
    few = f"{fewest} answers of {SAMPLES}" if fewest < SAMPLES else ""
    failures = sum((ours.failures + theirs.failures).values())
    return [
        Row(f"logins a second, {against}", ours.rate / theirs.rate, *RATE, "x"),
        Row(f"p99 of GET me, {against}", quantile(theirs.me, 99) / quantile(ours.me, 99), *WAIT, "x", few),
        Row(f"requests that failed, {against}", failures, 0, 0, "requests"),
    ]
