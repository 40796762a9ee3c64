"""Whose request it is: one spelling an address, the network that a limit counts, and which proxies are believed. Pure.

``X-Forwarded-For`` is what the client wrote, with what each proxy appended. So nothing of it is read until
``TRUSTED_PROXIES`` says how many of its last entries are from proxies of the project's own (THREATS T19).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ferrauth.accounts.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TrustedProxies", "canonical_address", "client_address", "network_of", "parse_trusted_proxies"]

ADDRESS_LENGTH = 45
"""Characters of the longest textual IP address: an IPv4-mapped IPv6 one (RFC 4291, section 2.2). Longer text is not
parsed (CVE-2024-56374)."""

MAX_PROXIES = 16
"""Entries of ``X-Forwarded-For`` that are looked at, from the right: more hops than any deployment has."""

MAPPED_PREFIX = 96
"""Bits before the IPv4 address in an IPv4-mapped one (RFC 4291, section 2.5.5.2). A shorter prefix holds the whole IPv4
internet (CVE-2026-90711)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
TrustedProxies = int | tuple[Network, ...] | None
"""``None`` believes nobody; a number is how many proxies append to the header; networks are where they are."""


def canonical_address(text: str) -> str:
    """Return the one spelling of an IP address, IPv4-mapped ones as IPv4; the empty string where it is none."""
    address = _parse(text)
    return str(address) if address is not None else ""


def network_of(address: str, *, ipv6_prefix: int) -> str:
    """Return what a limit counts as one client: an IPv4 address, or an IPv6 network.

    Args:
        address: An IP address in any spelling.
        ipv6_prefix: Bits of an IPv6 address that one client cannot change; providers give out a /64 or more.

    Returns:
        The address or the network as text; the empty string where it is none.
    """
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, ipv6_prefix), strict=False))
    return str(parsed) if parsed is not None else ""


def client_address(peer: str, forwarded_for: str, trusted: TrustedProxies) -> str:
    """Return the address of the client behind the project's own proxies.

    Args:
        peer: The address that the connection comes from.
        forwarded_for: ``X-Forwarded-For``, several headers joined by commas.
        trusted: Which proxies are believed.

    Returns:
        The client's address in its one spelling. The peer's, where no proxy is believed or the header is not what the
        trusted proxies would have sent; the empty string where even that is no IP address.
    """
    own = canonical_address(peer)
    if trusted is None or not forwarded_for:
        return own
    entries = [entry.strip() for entry in forwarded_for.rsplit(",", MAX_PROXIES)[-MAX_PROXIES:]]
    found = _at(entries, trusted) if isinstance(trusted, int) else _beyond(own, entries, trusted)
    return found or own


def _at(entries: list[str], proxies: int) -> str:
    return canonical_address(entries[-proxies]) if len(entries) >= proxies else ""


def _beyond(peer: str, entries: list[str], trusted: tuple[Network, ...]) -> str:
    """Walk from the peer to the left while what is there is a trusted proxy, which appended the entry before it."""
    at = peer
    for entry in reversed(entries):
        if not _is_within(at, trusted):
            return at
        at = canonical_address(entry)
        if not at:
            return ""
    return at


def parse_trusted_proxies(value: object) -> TrustedProxies:
    """Read ``TRUSTED_PROXIES``.

    Args:
        value: ``None``, a number of proxies, or their addresses or networks.

    Raises:
        ConfigurationError: It is none of these, or trusts everybody.
    """
    if value is None:
        return None
    if type(value) is int:
        if not 1 <= value <= MAX_PROXIES:
            raise ConfigurationError(f"TRUSTED_PROXIES must be from 1 to {MAX_PROXIES} proxies, or their networks.")
        return value
    if not isinstance(value, list | tuple | set | frozenset) or not value:
        raise ConfigurationError('TRUSTED_PROXIES must be a number, or a list such as ["10.0.0.0/8"].')
    return tuple(_network(entry) for entry in value)


def _network(entry: object) -> Network:
    try:
        network = ipaddress.ip_network(entry) if isinstance(entry, str) else None
    except ValueError:
        network = None
    if network is None:
        raise ConfigurationError(f"TRUSTED_PROXIES: {entry!r} is no network such as '10.0.0.0/8'.")
    if network.prefixlen == 0:
        raise ConfigurationError(f"TRUSTED_PROXIES: {entry!r} trusts everybody, and then a client names itself.")
    if isinstance(network, ipaddress.IPv6Network) and network.overlaps(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        if network.prefixlen <= MAPPED_PREFIX or mapped is None:
            raise ConfigurationError(f"TRUSTED_PROXIES: {entry!r} trusts the whole IPv4 internet.")
        return ipaddress.IPv4Network((mapped, network.prefixlen - MAPPED_PREFIX))
    return network


_MAPPED = ipaddress.IPv6Network(f"::ffff:0:0/{MAPPED_PREFIX}")


def _is_within(address: str, networks: Iterable[Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parse(text: str) -> Address | None:
    if len(text) > ADDRESS_LENGTH:
        return None
    try:
        # A zone (RFC 4007, section 11) is local to a machine, and whoever sends an address can make one up.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
