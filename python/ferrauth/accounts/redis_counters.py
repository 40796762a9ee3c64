"""Counters in Redis: one script, one round trip, sync and asyncio; a single server, Sentinel or Cluster.

The script takes a key's count and its time to live from the server's memory and clock, so that nothing comes between
look and count, and the clocks of the project's servers do not matter (T01, T03, T39). Its values are plain integers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from ferrauth.accounts.counters import seconds_left
from ferrauth.accounts.effects import Allowance
from ferrauth.accounts.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ferrauth.accounts.throttling import Counter

__all__ = ["AsyncRedisCounters", "RedisCounters"]

TIMEOUT = 0.2
"""Seconds to connect, and to answer: a login does not wait longer for a counter. redis-py's own defaults take 4 s to
give up a dead server."""

MILLISECONDS = 1000

# KEYS: the counters. ARGV: for each its limit, and its window in milliseconds.
# Answers the place of the counter that is at its limit (0: none), then milliseconds: until that one's window ends, or
# where all were counted until each one's does. A refused attempt counts nothing, and so makes no key.
RESERVE = """
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or 0) >= tonumber(ARGV[2 * i - 1]) then
    local left = redis.call('PTTL', key)
    if left < 0 then
      redis.call('PEXPIRE', key, ARGV[2 * i])
      left = tonumber(ARGV[2 * i])
    end
    return {i, left}
  end
end
local answer = {0}
for i, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  local left = redis.call('PTTL', key)
  if count == 1 or left < 0 then
    redis.call('PEXPIRE', key, ARGV[2 * i])
    left = tonumber(ARGV[2 * i])
  end
  answer[i + 1] = left
end
return answer
"""

# KEYS: the counters. ARGV: for each the most milliseconds that the window it was counted in can still have. A window
# that began later has more, and is another reservation's. What is back at 0 is no counter any more.
RELEASE = """
for i, key in ipairs(KEYS) do
  local left = redis.call('PTTL', key)
  if left >= 0 and left <= tonumber(ARGV[i]) and tonumber(redis.call('GET', key)) > 0 then
    if redis.call('DECR', key) == 0 then
      redis.call('DEL', key)
    end
  end
end
return 0
"""

SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")
SENTINEL_PORT = 26379
REDIS_PORT = 6379


@dataclass(frozen=True)
class Held:
    """A key that was counted up, and until when its window lasts."""

    key: str
    left: int
    """Milliseconds that its window had when it was counted."""
    at: float
    """When that was known, by this process's monotonic clock."""

    def most_left(self) -> int:
        """Return the most milliseconds that the window can still have: the server's answer travelled before ``at``."""
        return self.left - int((time.monotonic() - self.at) * MILLISECONDS)


class RedisCounters:
    """Counts in Redis, from threads.

    Args:
        url: One of :data:`SCHEMES`; ``redis+sentinel://host:port,host:port/service/db`` and
            ``redis+cluster://host:port,host:port`` name several servers.
        options: Passed to the client, such as ``password``.

    Raises:
        ConfigurationError: The URL is none of these.
    """

    def __init__(self, url: str, *, options: Mapping[str, Any] | None = None) -> None:
        self._address = _Address(url, dict(options or {}))
        self._made: Any = None

    def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none, in one round trip."""
        if self._address.cluster:
            return self._reserve_spread(counters)
        answer = self._client.eval(RESERVE, len(counters), *_reserving(counters))
        return _allowance(counters, answer, time.monotonic())

    def release(self, receipt: Any) -> None:
        """Give back what a reservation counted, in one round trip."""
        if self._address.cluster:
            self._execute([_releasing([held]) for held in receipt], RELEASE)
        else:
            self._client.eval(RELEASE, len(receipt), *_releasing(receipt))

    def reset(self, keys: Sequence[str]) -> int:
        """Forget counters, and return how many there were."""
        return sum(int(self._client.delete(key)) for key in keys)

    def _reserve_spread(self, counters: Sequence[Counter]) -> Allowance:
        # A script's keys must share a node. So each counter is counted by itself, all nodes at once, and what was
        # counted is given back where another counter is at its limit.
        answers = self._execute([_reserving([counter]) for counter in counters], RESERVE)
        allowance, counted = _joined(counters, answers, time.monotonic())
        if not allowance.allowed and counted:
            self.release(counted)
        return allowance

    def _execute(self, calls: list[list[Any]], script: str) -> list[Any]:
        cluster = self._client
        pipeline = cluster.pipeline()
        for call in calls:
            # Without the node, redis-py asks the server which of the arguments are keys.
            pipeline.execute_command("EVAL", script, 1, *call, target_nodes=cluster.get_node_from_key(call[0]))
        answers: list[Any] = pipeline.execute()
        return answers

    @property
    def _client(self) -> Any:
        # Made at the first use: a cluster's client connects when it is made, and a worker forks before it serves.
        if self._made is None:
            import redis

            self._made = self._address.client(redis)
        return self._made


class AsyncRedisCounters:
    """As :class:`RedisCounters`, on one event loop."""

    def __init__(self, url: str, *, options: Mapping[str, Any] | None = None) -> None:
        self._address = _Address(url, dict(options or {}))
        self._made: Any = None

    async def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none, in one round trip."""
        if self._address.cluster:
            answers = await self._execute([_reserving([counter]) for counter in counters], RESERVE)
            allowance, counted = _joined(counters, answers, time.monotonic())
            if not allowance.allowed and counted:
                await self.release(counted)
            return allowance
        answer = await self._client.eval(RESERVE, len(counters), *_reserving(counters))
        return _allowance(counters, answer, time.monotonic())

    async def release(self, receipt: Any) -> None:
        """Give back what a reservation counted, in one round trip."""
        if self._address.cluster:
            await self._execute([_releasing([held]) for held in receipt], RELEASE)
        else:
            await self._client.eval(RELEASE, len(receipt), *_releasing(receipt))

    async def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            await self._made.aclose()

    async def _execute(self, calls: list[list[Any]], script: str) -> list[Any]:
        cluster = await self._client.initialize()
        pipeline = cluster.pipeline()
        for call in calls:
            pipeline.execute_command("EVAL", script, 1, *call, target_nodes=cluster.get_node_from_key(call[0]))
        answers: list[Any] = await pipeline.execute()
        return answers

    @property
    def _client(self) -> Any:
        if self._made is None:
            import redis.asyncio

            self._made = self._address.client(redis.asyncio)
        return self._made


def _reserving(counters: Iterable[Counter]) -> list[Any]:
    counters = list(counters)
    arguments: list[Any] = [counter.key for counter in counters]
    for counter in counters:
        arguments += [counter.limit, counter.window * MILLISECONDS]
    return arguments


def _releasing(receipt: Iterable[Held]) -> list[Any]:
    receipt = list(receipt)
    return [*(held.key for held in receipt), *(held.most_left() for held in receipt)]


def _allowance(counters: Sequence[Counter], answer: list[int], at: float) -> Allowance:
    refused, *left = answer
    if refused:
        return Allowance(False, seconds_left(left[0] / MILLISECONDS), scope=counters[refused - 1].scope)
    return Allowance(receipt=tuple(Held(counter.key, ms, at) for counter, ms in zip(counters, left, strict=True)))


def _joined(counters: Sequence[Counter], answers: Sequence[list[int]], at: float) -> tuple[Allowance, tuple[Held, ...]]:
    """Return one allowance for counters that were counted each by itself, and what was counted."""
    each = [_allowance([counter], answer, at) for counter, answer in zip(counters, answers, strict=True)]
    counted: tuple[Held, ...] = ()
    for allowance in each:
        if isinstance(allowance.receipt, tuple):
            counted += allowance.receipt
    refused = [allowance for allowance in each if not allowance.allowed]
    return (refused[0] if refused else Allowance(receipt=counted)), counted


class _Address:
    """Where Redis is, and how a client of either kind is made for it."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        parts = _split(url)
        if parts.scheme not in SCHEMES:
            raise ConfigurationError(f"REDIS_URL must begin with one of {', '.join(f'{one}://' for one in SCHEMES)}.")
        kind = parts.scheme.partition("+")[2]
        self.cluster = kind == "cluster"
        self._url, self._kind = url, kind
        self._options = options
        if not kind:
            _port(parts)
            return
        login, _, hosts = parts.netloc.rpartition("@")
        self._nodes = [_node(host, SENTINEL_PORT if kind == "sentinel" else REDIS_PORT) for host in hosts.split(",")]
        name, _, password = login.partition(":")
        self._login = {key: unquote(value) for key, value in (("username", name), ("password", password)) if value}
        if parts.scheme.startswith("rediss"):
            self._login["ssl"] = True  # type: ignore[assignment]
        self._service, _, database = parts.path.strip("/").partition("/")
        if database and not database.isdecimal():
            raise ConfigurationError("REDIS_URL ends with a service and a database's number: .../mymaster/0.")
        self._database = int(database or 0)
        if kind == "sentinel" and not self._service:
            raise ConfigurationError("REDIS_URL names no service: redis+sentinel://host:26379/mymaster/0.")

    def client(self, module: Any) -> Any:
        """Make a client with ``redis`` or ``redis.asyncio``; both are shaped alike."""
        common = self._common(module)
        if not self._kind:
            return module.Redis.from_url(self._url, **common, **self._options)
        if self._kind == "sentinel":
            sentinel = module.sentinel.Sentinel(self._nodes, sentinel_kwargs=dict(common), **common)
            more = {**self._login, **self._options}
            return sentinel.master_for(self._service, db=self._database, **common, **more)
        nodes = [module.cluster.ClusterNode(host, port) for host, port in self._nodes]
        # Replicas are never read: a counter is where it is counted (T30).
        return module.cluster.RedisCluster(startup_nodes=nodes, **common, **self._login, **self._options)

    def _common(self, module: Any) -> dict[str, Any]:
        retry = module.retry.Retry(_no_backoff(), 0)
        # RESP2 has no handshake: a new connection costs no further round trips.
        return {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "retry": retry, "protocol": 2}


def _no_backoff() -> Any:
    from redis.backoff import NoBackoff

    return NoBackoff()


def _node(host: str, port: int) -> tuple[str, int]:
    parts = _split(f"//{host}")
    if not parts.hostname:
        raise ConfigurationError("REDIS_URL names a host that is none.")
    return parts.hostname, _port(parts) or port


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise ConfigurationError("REDIS_URL is no URL.") from None


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        # The error quotes what it took for a port: it is the password, where that holds a slash.
        raise ConfigurationError(
            "REDIS_URL has no number for a port; a password's / @ : # ? are percent-encoded."
        ) from None
