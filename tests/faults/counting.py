"""What counting costs, and what happens while Redis fails.

- A login's counters: commands sent to Redis a step, and the time of a step and of a login's three; median, loopback.
- Redis refused, silent, out of memory, read-only, slow, flushed: the answers of 40 logins against a limit of 20, and
  the time that the slowest pays. As a control, redis-py with the timeouts that it has of itself.
- 16 logins at once, counted in PostgreSQL and not counted.
- 100,000 random identifiers: keys, and bytes a key.
"""

from __future__ import annotations

import logging
import socket
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ferrauth.accounts.counters import GuardedCounters
from ferrauth.accounts.effects import Action, Reserve
from ferrauth.accounts.redis_counters import RedisCounters
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.accounts.settings import Settings
from ferrauth.accounts.throttling import Counter, Scope, counters
from tests import services

SAMPLES = 2_000
MOST_MILLISECONDS = 0.3
"""Of one step on loopback, median."""
MOST_DELAY = 0.25
"""Seconds that a login pays for a Redis that fails, once a period."""
IDENTIFIERS = 100_000
NO_END = -1
"""What PTTL answers for a key that never expires."""
PLAIN = ("cmdstat_incr", "cmdstat_expire")

SECRET = b"a secret of the harness"
LIMITS = Settings(limits={"login": {"account_address": "5/h", "address": "1000000/h"}}).limits


def steps(name: str, network: str = "203.0.113.7") -> tuple[tuple[Counter, ...], tuple[Counter, ...]]:
    """Return the counters of the two steps of a login."""
    facts = RequestFacts(network=network)
    first = Reserve(action=Action.LOGIN, facts=facts, identifier=name)
    second = Reserve(action=Action.LOGIN_ACCOUNT, facts=facts, identifier=name, user_id=f"id of {name}")
    return counters(LIMITS, SECRET, first), counters(LIMITS, SECRET, second)


def trips() -> bool:
    """Time and count a login's steps, on one server and on a cluster; the control is a command a counter."""
    good = True
    client = services.redis_client()
    print(f"  PING: {_median(client.ping):.3f} ms")
    for name, url in (("single", services.redis()), ("cluster", services.redis_cluster())):
        place = RedisCounters(url)
        step, login = [], []
        for number in range(SAMPLES):
            first, second = steps(f"{name}{number}")
            started = time.perf_counter()
            held = place.reserve(first).receipt
            middle = time.perf_counter()
            place.release(held + place.reserve(second).receipt)
            login.append(time.perf_counter() - started)
            step.append(middle - started)
        milliseconds = statistics.median(step) * 1e3
        print(
            f"  {name}: a step {milliseconds:.3f} ms, a login's three {statistics.median(login) * 1e3:.3f} ms (median)"
        )
        if name == "single":
            calls = _commands(client, lambda place=place: place.reserve(steps("one more")[0]))
            naive = _commands(client, lambda: _plainly(client, steps("another")[0]))
            print(f"  single: commands sent for a step: {calls}; a command a counter: {naive} (must exceed 1)")
            good = good and calls == 1 < naive and milliseconds < MOST_MILLISECONDS
    return good


def _median(call: Any) -> float:
    """Return the median milliseconds of a call."""
    times = []
    for _ in range(SAMPLES):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def _commands(client: Any, call: Any) -> int:
    """Return how many commands a call sends. Those inside a script are counted by the server, too, but not sent."""
    client.config_resetstat()
    call()
    stats = client.info("commandstats")
    sent = stats.get("cmdstat_eval") or {"calls": sum(one["calls"] for name, one in stats.items() if name in PLAIN)}
    return int(sent["calls"])


def _plainly(client: Any, asked: Any) -> None:
    for counter in asked:
        client.incr(counter.key)
        client.expire(counter.key, counter.window)


def faults() -> bool:
    """Break Redis in every way, and print what 40 attempts get."""
    logging.getLogger("ferrauth.counters").addHandler(logging.NullHandler())
    good = True
    asked = [Counter("ferrauth:login:address:20/3600:x", 20, 3600, Scope.ADDRESS)]
    print("  fault          allowed of 40 (limit 20)   errors   slowest ms   the next ms")
    for fault in ("none", "refused", "black hole", "silent", "out of memory", "read-only", "5 s slow", "FLUSHALL"):
        server = services.RedisServer()
        server.start()
        place = GuardedCounters(RedisCounters(server.url), deny=False)
        place.reserve(asked)
        _break(server, place, fault)
        allowed = errors = 0
        times = []
        for _ in range(40):
            started = time.perf_counter()
            try:
                allowed += place.reserve(asked).allowed
            except Exception:
                errors += 1
            times.append(time.perf_counter() - started)
        slowest, after = max(times), sorted(times)[-2]
        print(f"  {fault:13} {allowed:18} {errors:15} {slowest * 1e3:12.1f} {after * 1e3:13.2f}")
        good = good and not errors and allowed <= 20 and slowest <= MOST_DELAY and after < MOST_DELAY / 10
        server.answer_again()
        server.remove()
    return _control() and good


def _break(server: services.RedisServer, place: GuardedCounters, fault: str) -> None:
    client = server.client()
    if fault == "refused":
        server.kill()
    elif fault == "black hole":
        place.place = RedisCounters(f"redis://{services.HOST}:{_black_hole()}/0")
    elif fault == "silent":
        server.stop_answering()
    elif fault == "out of memory":
        client.config_set("maxmemory", 1)
    elif fault == "read-only":
        client.replicaof("127.0.0.1", services.free_port())
    elif fault == "5 s slow":
        client.execute_command("CLIENT", "PAUSE", 5000)
    elif fault == "FLUSHALL":
        client.flushall()


def _black_hole() -> int:
    """Return a port whose queue of connections is full: what comes is dropped, as by a firewall."""
    listener = socket.create_server((services.HOST, 0), backlog=0)
    port = int(listener.getsockname()[1])
    held.append(listener)
    for _ in range(QUEUED):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex((services.HOST, port))
        held.append(waiting)
    return port


held: list[socket.socket] = []
"""Sockets that stay open until the harness ends."""
QUEUED = 4
"""Connections that fill a queue of the shortest length, and a few more."""


def _control() -> bool:
    """A client with redis-py's own timeouts and no breaker, on a server that does not answer."""
    server = services.RedisServer()
    server.start()
    client = server.client()
    client.ping()
    server.stop_answering()
    started = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.incr, "x")
        time.sleep(2 * MOST_DELAY)
        still = not waiting.done()
        server.answer_again()
        try:
            waiting.result()
        except Exception as error:
            print(f"  control: {type(error).__name__}")
    waited = time.perf_counter() - started
    server.remove()
    print(f"  control, redis-py as it comes: waits over {waited * 1e3:.0f} ms (more than {MOST_DELAY * 1e3:.0f})")
    return still


def identifiers() -> bool:
    """Count 100,000 random identifiers from one address that may, and from one that may not."""
    server = services.RedisServer()
    server.start()
    client = server.client()
    empty = client.info("memory")["used_memory"]
    place = RedisCounters(server.url)
    for number in range(IDENTIFIERS):
        place.reserve(steps(f"user{number}")[0])
    keys, used = client.dbsize(), client.info("memory")["used_memory"] - empty
    endless = sum(client.pttl(key) == NO_END for key in client.scan_iter(count=1000))
    print(f"  no address limit: {keys} keys, {used / keys:.0f} bytes a key, {endless} without an end")
    client.flushall()
    ours = Settings().limits
    for number in range(IDENTIFIERS):
        reservation = Reserve(
            action=Action.LOGIN, facts=RequestFacts(network="203.0.113.7"), identifier=f"user{number}"
        )
        place.reserve(counters(ours, SECRET, reservation))
    bounded = client.dbsize()
    print(f"  with the default limits, from one address: {bounded} keys")
    server.remove()
    # The one address has one counter a window; the harness may run through several.
    return keys == IDENTIFIERS + 1 and endless == 0 and bounded < IDENTIFIERS / 10


def postgres() -> bool:
    """Time 16 logins at once, each in a fresh process's threads, counted and not."""
    done = subprocess.run([sys.executable, "-m", "tests.faults.logins"], capture_output=True, text=True, check=False)
    print(done.stdout.rstrip() or done.stderr[-2000:])
    return done.returncode == 0
