"""How limits are written, and what is counted under which key."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferrauth.accounts.effects import Action, Reserve
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.accounts.settings import Settings
from ferrauth.accounts.throttling import DEFAULT_LIMITS, Limit, Scope, canonical_identifier, counters
from ferrauth.django.models import AttemptCounter

SECRET = b"a secret of the tests"
PHONE = RequestFacts(address="203.0.113.7", network="203.0.113.7")
LOGIN = Reserve(action=Action.LOGIN, facts=PHONE, identifier="ada@example.com")


def counted(reservation: Reserve, **limits: Any) -> tuple[Any, ...]:
    return counters(Settings(limits=limits).limits, SECRET, reservation)


def keys(reservation: Reserve) -> list[str]:
    return [counter.key for counter in counted(reservation)]


def scopes(reservation: Reserve) -> list[str]:
    return [str(counter.scope) for counter in counted(reservation, login={"global": "1000/m"})]


def test_a_login_asks_in_order_and_its_account_after_the_user_is_loaded() -> None:
    assert scopes(LOGIN) == ["account_address", "address", "global"]
    assert scopes(replace(LOGIN, action=Action.LOGIN_ACCOUNT)) == ["account", "account"]


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.LOGIN_ACCOUNT])
def test_T38_every_action_has_a_budget_of_its_own(action: Action) -> None:
    mine = {counter.key for counter in counted(replace(LOGIN, action=action))}
    assert mine
    for other in set(Action) - {action, Action.LOGIN_ACCOUNT}:
        assert mine.isdisjoint(counter.key for counter in counted(replace(LOGIN, action=other)))


def test_T09_T11_a_reset_or_another_factor_never_spends_a_logins_budget() -> None:
    login = {*keys(LOGIN), *keys(replace(LOGIN, action=Action.LOGIN_ACCOUNT, user_id="1"))}
    for action in (Action.RESET, Action.VERIFY, Action.TOKEN, Action.PASSWORD_CHANGE):
        assert login.isdisjoint(keys(replace(LOGIN, action=action, user_id="1")))


@pytest.mark.parametrize("spelling", ["ADA@example.com", " ada@example.com ", "ａｄａ@example.com", "ADA@EXAMPLE.COM"])
def test_T13_T15_spellings_are_one_account(spelling: str) -> None:
    assert keys(replace(LOGIN, identifier=spelling)) == keys(LOGIN)


def test_T14_spellings_that_a_database_takes_for_one_share_the_users_counter() -> None:
    by_user = [
        {counter.key for counter in counted(replace(LOGIN, action=Action.LOGIN_ACCOUNT, identifier=name, user_id="7"))}
        for name in ("admin", "ádmin")
    ]
    assert len(by_user[0] & by_user[1]) == 1


def test_T16_a_long_identifier_is_cut_before_it_is_normalised() -> None:
    long = canonical_identifier("ﷺ" * 1_000_000)
    assert len(long) <= 320 * 18  # The most characters that NFKC makes of one (UAX 15, section 14).
    assert keys(replace(LOGIN, identifier="x" * 10_000)) == keys(replace(LOGIN, identifier="x" * 320))


@given(st.text(max_size=40), st.text(max_size=40))
def test_T17_no_text_of_a_client_is_in_a_key(identifier: str, network: str) -> None:
    facts = replace(PHONE, network=network)
    for action in (Action.LOGIN, Action.LOGIN_ACCOUNT):
        for counter in counted(Reserve(action=action, facts=facts, identifier=identifier)):
            assert re.fullmatch(r"ferrauth:[a-z_]+:[a-z_]+:[0-9]+/[0-9]+:[0-9a-f]{32}", counter.key)
            assert len(counter.key) <= AttemptCounter._meta.get_field("key").max_length


def test_T17_the_longest_key_fits_its_column() -> None:
    limits = {"password_change": {"account_address": "1000000/10079m"}}
    longest = counted(replace(LOGIN, action=Action.PASSWORD_CHANGE, user_id="1"), **limits)
    assert max(len(counter.key) for counter in longest) <= AttemptCounter._meta.get_field("key").max_length


def test_T17_parts_that_join_to_one_text_are_not_one_key() -> None:
    a = replace(LOGIN, identifier="ab", facts=replace(PHONE, network="c"))
    b = replace(LOGIN, identifier="a", facts=replace(PHONE, network="bc"))
    assert keys(a)[0] != keys(b)[0]


@pytest.mark.parametrize("identifier", ["\x00", "\ud800", "a b\nc:*", ""])
def test_T17_strange_identifiers_are_counted(identifier: str) -> None:
    assert len(set(keys(replace(LOGIN, identifier=identifier)))) == 2


def test_T18_keys_are_keyed() -> None:
    limits = Settings().limits
    assert {c.key for c in counters(limits, b"one", LOGIN)}.isdisjoint(c.key for c in counters(limits, b"two", LOGIN))


def test_T07_one_limit_written_twice_is_one_counter() -> None:
    assert len(counted(LOGIN, login={"account_address": "5/m, 5/60s", "address": None})) == 1


def test_T07_window_and_limit_are_part_of_the_key() -> None:
    both = counted(LOGIN, login={"address": "10/m, 100/h"})
    assert [(c.limit, c.window) for c in both if c.scope is Scope.ADDRESS] == [(10, 60), (100, 3600)]
    assert len({c.key for c in both}) == 3
    assert keys(LOGIN)[1] != counted(LOGIN, login={"address": "61/m"})[1].key


def test_T23_everybody_without_an_address_is_one_client() -> None:
    nowhere = replace(LOGIN, facts=RequestFacts(address="unix:"))
    assert keys(nowhere)[1] == keys(replace(nowhere, identifier="else"))[1]
    assert len(keys(nowhere)) == 2


def test_T34_names_of_nobody_are_counted_alike() -> None:
    known = counted(replace(LOGIN, action=Action.LOGIN_ACCOUNT, user_id="1"))
    unknown = counted(replace(LOGIN, action=Action.LOGIN_ACCOUNT))
    assert [(c.limit, c.window, c.scope) for c in known] == [(c.limit, c.window, c.scope) for c in unknown]


def test_T10_T34_an_account_is_counted_for_itself_where_it_is_known() -> None:
    step = replace(LOGIN, action=Action.LOGIN_ACCOUNT, user_id="1")
    known = replace(step, known=True)
    elsewhere = replace(known, facts=RequestFacts(address="198.51.100.9", network="198.51.100.9"))
    everywhere, here, there = keys(step), keys(known), keys(elsewhere)
    assert len({*everywhere, *here, *there}) == 6
    assert keys(replace(known, identifier="another spelling"))[1] == here[1]
    assert [(c.limit, c.window, c.scope) for c in counted(known)] == [
        (c.limit, c.window, c.scope) for c in counted(step)
    ]
    assert keys(replace(LOGIN, known=True)) == keys(LOGIN)


@pytest.mark.parametrize("action", ["refresh", "logout", "token"])
@pytest.mark.parametrize("scope", ["account", "account_address"])
def test_T40_a_limit_that_would_never_count_cannot_start(action: str, scope: str) -> None:
    with pytest.raises(ConfigurationError, match="would never count"):
        Settings(limits={action: {scope: "5/m"}})
    assert Settings(limits={action: {scope: None, "address": "5/m", "global": "100/m"}})


def test_what_is_not_named_keeps_its_limit() -> None:
    limits = Settings(limits={"login": {"account": None}}).limits
    assert limits[Action.LOGIN][Scope.ACCOUNT] == ()
    assert limits[Action.LOGIN][Scope.ADDRESS] == (Limit(60, 60),)
    assert limits[Action.REGISTER] == {Scope.ACCOUNT: (Limit(5, 3600),), Scope.ADDRESS: (Limit(3, 3600),)}
    assert Settings().limits == Settings(limits=dict(DEFAULT_LIMITS)).limits


@pytest.mark.parametrize(
    "limit",
    [
        *("0/m", "-1/m", "5", "5/", "5/0m", "5/w", "5/m;1/h", "1e3/m", "5 /m", "5.5/m", "nan/m", "5/8d", "5/m,", ""),
        *("9999999/m", "99999999999/m", "5/99999d", "٥/m", 5, 5.0, True, ["5/m"], b"5/m"),
    ],
)
def test_T40_a_limit_that_makes_no_sense_cannot_start(limit: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"LIMITS\['login'\]\['account'\]"):
        Settings(limits={"login": {"account": limit}})


@pytest.mark.parametrize(
    "limits", [{"logins": {}}, {"login_account": {}}, {"login": {"ip": "5/m"}}, {"login": "5/m"}, [], None]
)
def test_T40_a_misspelled_limit_is_no_limit_that_is_off(limits: Any) -> None:
    with pytest.raises(ConfigurationError, match="LIMITS"):
        Settings(limits=limits)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("throttle_backend", "memory"), ("on_counter_failure", "allow"), ("cache_alias", ""), ("redis_url", "")),
        *(("ipv6_prefix", 65), ("ipv6_prefix", 31), ("ipv6_prefix", "64"), ("audit_table", "yes")),
    ],
)
def test_T40_other_settings_of_limits(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name.upper()):
        Settings(**{name: value})
