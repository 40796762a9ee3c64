"""Whose request it is."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ferrauth.accounts.addresses import canonical_address, client_address, network_of
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.settings import Settings

PEER = "198.51.100.1"


def trusted(value: Any) -> Any:
    return Settings(trusted_proxies=value).trusted_proxies


def test_T19_the_header_is_ignored_until_a_proxy_is_trusted() -> None:
    assert client_address(PEER, "203.0.113.7", None) == PEER


@pytest.mark.parametrize(
    ("forwarded", "proxies", "client"),
    [
        ("203.0.113.7", 1, "203.0.113.7"),
        ("10.9.9.9, 203.0.113.7", 1, "203.0.113.7"),  # The client wrote the left one.
        ("10.9.9.9, 203.0.113.7, 10.0.0.1", 2, "203.0.113.7"),
        ("203.0.113.7", 2, PEER),  # It came past a proxy.
        ("unknown", 1, PEER),
        ("203.0.113.7:1234", 1, PEER),
        ("203.0.113.7,", 1, PEER),
        (" 2001:DB8::1 ", 1, "2001:db8::1"),
    ],
)
def test_T19_a_count_takes_the_entry_that_the_first_proxy_wrote(forwarded: str, proxies: int, client: str) -> None:
    assert client_address(PEER, forwarded, trusted(proxies)) == client


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "10.9.9.9, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        (PEER, "203.0.113.7", PEER),  # It came past the proxies.
        ("10.0.0.1", "203.0.113.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.9", "10.0.0.9"),  # A client inside.
    ],
)
def test_T19_networks_are_walked_from_the_right(peer: str, forwarded: str, client: str) -> None:
    assert client_address(peer, forwarded, trusted(["10.0.0.0/24"])) == client


@pytest.mark.parametrize("proxies", [1, ["10.0.0.0/8"]])
def test_T21_a_header_of_many_entries_costs_nothing(proxies: Any) -> None:
    forwarded = ", ".join(["10.1.1.1"] * 10_000)
    started = time.process_time()
    assert client_address("10.0.0.1", forwarded, trusted(proxies)) == "10.1.1.1"
    assert len(forwarded.rsplit(",", 16)) == 17
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "value",
    [
        *("::ffff:10.0.0.0/8", "::ffff:0:0/96", "::/0", "::/1", "0.0.0.0/0", "10.0.0.1/8", "proxy.example", "", None),
        *(10, b"10.0.0.1"),
    ],
)
def test_T22_a_subnet_that_trusts_the_internet_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES"):
        trusted([value])


def test_T22_a_mapped_subnet_is_the_ipv4_one() -> None:
    assert client_address("10.2.3.4", "203.0.113.7", trusted(["::ffff:10.0.0.0/104"])) == "203.0.113.7"
    assert client_address("11.2.3.4", "203.0.113.7", trusted(["::ffff:10.0.0.0/104"])) == "11.2.3.4"


@pytest.mark.parametrize("value", [0, -1, 17, True, "1", [], {}, 1.5])
def test_T40_what_is_no_number_of_proxies_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES"):
        trusted(value)


def test_T24_rotation_inside_a_64_is_one_client() -> None:
    inside = {network_of(f"2001:db8:1:2:{tail:x}::{tail:x}", ipv6_prefix=64) for tail in range(1, 200)}
    assert inside == {"2001:db8:1:2::/64"}
    assert network_of("2001:db8:1:3::1", ipv6_prefix=64) == "2001:db8:1:3::/64"
    assert network_of("2001:db8:1:3::1", ipv6_prefix=48) == "2001:db8:1::/48"


def test_T25_mapped_addresses_are_their_ipv4_ones() -> None:
    spellings = ("203.0.113.7", "::ffff:203.0.113.7", "::FFFF:cb00:7107", "0:0:0:0:0:ffff:203.0.113.7")
    assert {network_of(text, ipv6_prefix=64) for text in spellings} == {"203.0.113.7"}
    assert network_of("::ffff:203.0.113.8", ipv6_prefix=64) == "203.0.113.8"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("FE80::1%eth0", "fe80::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("010.0.0.1", ""),
        ("1.2.3", ""),
        (" 1.2.3.4", ""),
        ("1" * 5_000, ""),
        ("::1%" + "x" * 5_000, ""),
        ("1.2.3.4\x00", ""),
        ("", ""),
    ],
)
def test_T26_an_address_has_one_spelling(text: str, canonical: str) -> None:
    assert canonical_address(text) == canonical
