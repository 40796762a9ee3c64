"""Flows on a port in memory: the order of steps, and what each refresh token leads to."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ferrauth.accounts import flows
from ferrauth.accounts.effects import Action, Allowance, Event, Reserve, arun
from ferrauth.accounts.errors import InvalidInput, LoginFailed, SessionNotFound, Throttled, WrongPassword
from ferrauth.accounts.sessions import MAX_REPEATS, EndReason, RequestFacts
from ferrauth.exceptions import InvalidTokenError
from tests.accounts.world import LAPTOP, PHONE, World


@pytest.fixture
def world() -> World:
    return World()


def end_reason(world: World) -> str:
    (row,) = world.port.sessions.values()
    return row.revoked_reason


class TestLogin:
    def test_order_of_steps(self, world: World) -> None:
        world.login()
        assert world.port.order() == [
            *("Reserve", "LoadUser", "Reserve", "CheckPassword", "OpenSession", "Release", "Emit")
        ]

    def test_T01_a_refused_reservation_loads_and_derives_nothing(self, world: World) -> None:
        world.port.allowances = [Allowance(allowed=False, retry_after=42)]
        with pytest.raises(Throttled) as refused:
            world.login()
        assert refused.value.retry_after == 42
        assert world.port.order() == ["Reserve", "Emit"]

    def test_T14_a_refused_account_derives_nothing(self, world: World) -> None:
        world.port.allowances = [Allowance(), Allowance(allowed=False, retry_after=1)]
        with pytest.raises(Throttled):
            world.login()
        assert "CheckPassword" not in world.port.order()

    @pytest.mark.parametrize("case", ["wrong password", "unknown user", "inactive"])
    def test_P37_P43_every_failure_takes_the_same_steps(self, world: World, case: str) -> None:
        world.user.active = case != "inactive"
        with pytest.raises(LoginFailed) as failed:
            world.login("wrong" if case == "wrong password" else "secret", identifier=case[:7] + "x")
        assert str(failed.value) == str(LoginFailed())
        assert world.port.order() == ["Reserve", "LoadUser", "Reserve", "CheckPassword", "Emit"]

    def test_P50_no_upgrade_for_an_inactive_user(self, world: World) -> None:
        world.user.active, world.user.password = False, "old$secret"
        with pytest.raises(LoginFailed):
            world.login()
        assert world.user.password == "old$secret"

    def test_P47_a_password_changed_during_the_derivation_is_kept(self, world: World) -> None:
        check, world.user.password = world.port.CheckPassword, "old$secret"

        def change_meanwhile(effect: Any) -> Any:
            world.port.CheckPassword = check  # type: ignore[method-assign]
            answer = check(effect)
            world.user.password = "new$other"
            return answer

        world.port.CheckPassword = change_meanwhile  # type: ignore[method-assign]
        with pytest.raises(LoginFailed):
            world.login()
        assert world.user.password == "new$other"
        assert not world.port.sessions

    def test_P48_a_login_beside_an_upgrade_gets_in(self, world: World) -> None:
        check, world.user.password = world.port.CheckPassword, "old$secret"

        def upgrade_meanwhile(effect: Any) -> Any:
            world.port.CheckPassword = check  # type: ignore[method-assign]
            world.user.password = "new$secret"
            return check(effect)

        world.port.CheckPassword = upgrade_meanwhile  # type: ignore[method-assign]
        assert world.opens(world.login().access)

    def test_events_hold_no_password(self, world: World) -> None:
        with pytest.raises(LoginFailed):
            world.login("a very secret word")
        assert "a very secret word" not in repr(world.port.performed)

    def test_the_least_recently_used_session_goes(self) -> None:
        world = World(MAX_SESSIONS=2)
        first, second = world.login(), world.login()
        world.clock.move(1)
        first = world.refresh(first.refresh)
        third = world.login()
        assert [world.opens(pair.access) for pair in (first, second, third)] == [True, False, True]
        assert EndReason.TOO_MANY in {row.revoked_reason for row in world.port.sessions.values()}

    def test_async_driver(self, world: World) -> None:
        flow = flows.login(world.policy, PHONE, identifier="ada", password="secret")
        assert world.opens(asyncio.run(arun(flow, world.port)).access)


class TestRefresh:
    def test_rotation(self, world: World) -> None:
        first = world.login()
        world.clock.move(60)
        second = world.refresh(first.refresh)
        (_, old), (access, refresh) = world.claims(first), world.claims(second)
        assert (old["gen"], access["gen"], refresh["gen"]) == (0, 1, 1)
        assert old["sid"] == access["sid"] == refresh["sid"]
        assert len({old["jti"], access["jti"], refresh["jti"]}) == 3
        assert world.opens(first.access)
        assert world.opens(second.access)

    def test_J98_an_older_generation_ends_the_session(self, world: World) -> None:
        first = world.login()
        second = world.refresh(first.refresh)
        third = world.refresh(second.refresh)
        with pytest.raises(InvalidTokenError):
            world.refresh(first.refresh)
        for pair in (first, second, third):
            assert not world.opens(pair.access)
        with pytest.raises(InvalidTokenError):
            world.refresh(third.refresh)
        assert end_reason(world) == EndReason.REPLAYED
        assert len(world.port.events(Event.REFRESH_REPLAYED)) == 1

    def test_J100_a_retry_gets_the_same_successor(self, world: World) -> None:
        first = world.login()
        world.clock.move(3)
        second = world.refresh(first.refresh)
        world.clock.move(9.9)
        again = world.refresh(first.refresh)
        assert world.claims(second) == world.claims(again)
        assert world.opens(again.access)
        third = world.refresh(again.refresh)
        assert world.claims(third)[0]["gen"] == 2

    def test_J100_after_the_window_it_is_a_replay(self, world: World) -> None:
        first = world.login()
        world.refresh(first.refresh)
        world.clock.move(10)
        with pytest.raises(InvalidTokenError):
            world.refresh(first.refresh)
        assert end_reason(world) == EndReason.REPLAYED

    def test_J100_once_the_successor_is_used_it_is_a_replay(self, world: World) -> None:
        first = world.login()
        world.refresh(world.refresh(first.refresh).refresh)
        with pytest.raises(InvalidTokenError):
            world.refresh(first.refresh)

    def test_J101_a_generation_before_the_last_is_a_replay_inside_the_window(self, world: World) -> None:
        first = world.login()
        second = world.refresh(first.refresh)
        third = world.refresh(second.refresh)
        with pytest.raises(InvalidTokenError):
            world.refresh(first.refresh)
        assert not world.opens(third.access)

    def test_J102_a_thief_who_was_first_is_thrown_out_by_the_owner(self, world: World) -> None:
        stolen = world.login()
        thiefs = world.refresh(stolen.refresh, facts=LAPTOP)
        world.clock.move(300)
        with pytest.raises(InvalidTokenError):
            world.refresh(stolen.refresh)
        assert not world.opens(thiefs.access)
        with pytest.raises(InvalidTokenError):
            world.refresh(thiefs.refresh, facts=LAPTOP)

    def test_J100_grace_of_zero_turns_repeats_off(self) -> None:
        world = World(REFRESH_GRACE=0)
        first = world.login()
        world.refresh(first.refresh)
        with pytest.raises(InvalidTokenError):
            world.refresh(first.refresh)
        assert end_reason(world) == EndReason.REPLAYED

    @pytest.mark.parametrize(("seconds", "repeats"), [(-4.9, True), (-5, True), (-5.1, False)])
    def test_J100_a_clock_that_lags_a_little_is_no_replay(self, seconds: float, repeats: bool) -> None:
        world = World(LEEWAY=30)
        first = world.login()
        world.clock.move(20)
        world.refresh(first.refresh)
        world.clock.move(seconds)
        if repeats:
            world.refresh(first.refresh)
        else:
            with pytest.raises(InvalidTokenError):
                world.refresh(first.refresh)

    def test_J100b_each_repeat_is_on_record_and_there_are_three(self, world: World) -> None:
        first = world.login()
        second = world.refresh(first.refresh)
        thief = replace(LAPTOP, user_agent=PHONE.user_agent)
        for _ in range(MAX_REPEATS):
            world.refresh(first.refresh, facts=thief)
        with pytest.raises(InvalidTokenError):
            world.refresh(first.refresh, facts=thief)
        repeated = world.port.events(Event.REFRESH_REPEATED)
        assert len(repeated) == MAX_REPEATS
        assert {(event.facts.address, event.details["rotated_by"]) for event in repeated} == {
            (LAPTOP.address, PHONE.address)
        }
        assert world.opens(second.access)

    def test_J100b_another_user_agent_is_a_replay(self, world: World) -> None:
        first = world.login()
        world.refresh(first.refresh)
        with pytest.raises(InvalidTokenError):
            world.refresh(first.refresh, facts=LAPTOP)
        assert end_reason(world) == EndReason.REPLAYED

    def test_J103_idle_and_absolute_expiry(self) -> None:
        world = World(ACCESS_LIFETIME=10, REFRESH_IDLE_LIFETIME=100, REFRESH_ABSOLUTE_LIFETIME=250)
        pair = world.login()
        for _ in range(2):
            world.clock.move(99)
            pair = world.refresh(pair.refresh)
        access, refresh = world.claims(pair)
        assert refresh["exp"] - refresh["iat"] == 52
        world.clock.move(51)
        access, refresh = world.claims(world.refresh(pair.refresh))
        assert access["exp"] == refresh["exp"] == refresh["iat"] + 1
        world.clock.move(1)
        with pytest.raises(InvalidTokenError):
            world.refresh(pair.refresh)

    def test_J103_the_last_fraction_of_a_second_is_over(self) -> None:
        world = World(ACCESS_LIFETIME=10, REFRESH_IDLE_LIFETIME=100, REFRESH_ABSOLUTE_LIFETIME=100, LEEWAY=30)
        pair = world.login()
        world.clock.move(99.9)
        with pytest.raises(InvalidTokenError):
            world.refresh(pair.refresh)

    def test_a_generation_ahead_of_the_row_is_refused(self, world: World) -> None:
        """After a restore from a backup no generation is good twice; the session itself has done no wrong."""
        first = world.login()
        backup = dict(world.port.sessions)
        second = world.refresh(first.refresh)
        world.port.sessions = backup
        with pytest.raises(InvalidTokenError):
            world.refresh(second.refresh)
        assert not world.opens(second.access)
        assert end_reason(world) == ""

    def test_J95_a_deactivated_user_is_refused_at_once(self, world: World) -> None:
        pair = world.login()
        world.user.active = False
        assert not world.opens(pair.access)
        with pytest.raises(InvalidTokenError):
            world.refresh(pair.refresh)

    def test_J93_a_password_set_by_any_path_ends_the_session(self, world: World) -> None:
        pair = world.login()
        world.user.password = "new$other"
        assert not world.opens(pair.access)
        with pytest.raises(InvalidTokenError):
            world.refresh(pair.refresh)
        assert end_reason(world) == EndReason.PASSWORD_CHANGED

    def test_J94_an_upgrade_ends_no_session(self, world: World) -> None:
        world.user.password = "old$secret"
        older = world.run(flows.open_session(world.policy, PHONE, user_id="1"))
        newer = world.login()
        assert world.user.password == "new$secret"
        assert world.port.events(Event.HASH_UPGRADED)
        assert world.opens(older.access)
        assert world.opens(newer.access)

    def test_J94_an_upgrade_revives_no_session_of_an_older_password(self, world: World) -> None:
        stale = world.login()
        world.user.password = "old$other"
        world.login("other")
        assert not world.opens(stale.access)


class TestEnding:
    def test_J104_logout_by_either_token_is_idempotent(self, world: World) -> None:
        for use_access, use_refresh in ((True, False), (False, True), (True, True)):
            pair = world.login()
            for _ in range(2):
                world.run(
                    flows.logout(
                        world.policy,
                        PHONE,
                        access=pair.access if use_access else None,
                        refresh=pair.refresh if use_refresh else None,
                    )
                )
            assert not world.opens(pair.access)
        assert world.port.events(Event.REVOCATION_UNMATCHED) == []

    def test_J104_logout_with_an_expired_access_token(self, world: World) -> None:
        pair = world.login()
        world.clock.move(301)
        world.run(flows.logout(world.policy, PHONE, access=pair.access, refresh=pair.refresh))
        with pytest.raises(InvalidTokenError):
            world.refresh(pair.refresh)

    def test_J104_another_users_refresh_token_is_left_alone(self, world: World) -> None:
        world.port.users["2"] = replace(world.user, id="2", name="bob")
        mine, theirs = world.login(), world.login(identifier="bob")
        world.run(flows.logout(world.policy, PHONE, access=mine.access, refresh=theirs.refresh))
        assert not world.opens(mine.access)
        assert world.opens(theirs.access)

    def test_J104_junk_is_as_good_as_logged_out(self, world: World) -> None:
        pair = world.login()
        world.run(flows.logout(world.policy, PHONE, access="junk", refresh="junk"))
        assert world.opens(pair.access)

    def test_J105_a_revocation_that_matches_no_row_is_reported(self, world: World) -> None:
        pair = world.login()
        world.port.sessions.clear()
        world.run(flows.logout(world.policy, PHONE, access=pair.access, refresh=None))
        assert len(world.port.events(Event.REVOCATION_UNMATCHED)) == 1

    def test_logout_all(self, world: World) -> None:
        pairs = [world.login() for _ in range(3)]
        assert world.run(flows.logout_all(world.policy, PHONE, user_id="1")) == 3
        assert not any(world.opens(pair.access) for pair in pairs)

    def test_one_device(self, world: World) -> None:
        phone, laptop = world.login(), world.login(facts=LAPTOP)
        user = world.run(flows.authenticate(world.policy, phone.access)).user
        rows = world.run(flows.list_sessions(world.policy, user=user))
        assert {row.user_agent for row in rows} == {"phone", "laptop"}
        (lost,) = [row.id for row in rows if row.user_agent == "laptop"]
        world.run(flows.end_session(world.policy, PHONE, user_id="1", session_id=lost))
        assert world.opens(phone.access)
        assert not world.opens(laptop.access)
        for session_id, user_id in ((lost, "1"), (uuid.uuid4(), "1"), (rows[0].id, "2")):
            with pytest.raises(SessionNotFound):
                world.run(flows.end_session(world.policy, PHONE, user_id=user_id, session_id=session_id))
        assert [row.user_agent for row in world.run(flows.list_sessions(world.policy, user=user))] == ["phone"]


class TestPasswordChange:
    def change(self, world: World, pair: Any, old: str, new: str = "better") -> None:
        found = world.run(flows.authenticate(world.policy, pair.access))
        flow = flows.change_password(world.policy, PHONE, user_id="1", session_id=found.session.id, old=old, new=new)
        world.run(flow)

    def test_J93_others_end_and_this_one_goes_on(self, world: World) -> None:
        mine, other = world.login(), world.login(facts=LAPTOP)
        self.change(world, mine, "secret")
        assert world.opens(mine.access)
        assert world.opens(world.refresh(mine.refresh).access)
        assert not world.opens(other.access)
        with pytest.raises(InvalidTokenError):
            world.refresh(other.refresh, facts=LAPTOP)
        with pytest.raises(LoginFailed):
            world.login()
        world.login("better")

    def test_the_old_password_is_asked_for_first(self, world: World) -> None:
        pair = world.login()
        world.port.performed.clear()
        with pytest.raises(WrongPassword):
            self.change(world, pair, "wrong")
        assert world.port.order() == ["LoadSession", "Reserve", "LoadUser", "CheckPassword", "Emit"]
        (refused,) = world.port.events(Event.PASSWORD_REFUSED)
        assert (refused.user_id, refused.session_id is not None) == ("1", True)
        assert world.opens(pair.access)

    @pytest.mark.parametrize(
        ("new", "code"),
        [
            ("密" * 1_400, "password_too_long"),
            ("x" * 4_097, "password_too_long"),
            ("", "invalid"),
            ("\ud800", "invalid"),
        ],
    )
    def test_P24_what_no_login_takes_is_no_new_password(self, world: World, new: str, code: str) -> None:
        pair = world.login()
        world.port.performed.clear()
        with pytest.raises(InvalidInput) as refused:
            self.change(world, pair, "secret", new)
        assert refused.value.errors == (("new_password", code),)
        assert world.port.order() == ["LoadSession", "Reserve"]  # Nothing is derived for it.
        assert world.user.password == "new$secret"


class TestSessionsThatAreTooMany:
    @pytest.mark.parametrize("how", ["login", "open_session"])
    def test_those_that_end_are_on_record(self, how: str) -> None:
        world = World(MAX_SESSIONS=2)

        def opened() -> list[Event]:
            before = len(world.port.events())
            if how == "login":
                world.login()
            else:
                world.run(flows.open_session(world.policy, PHONE, user_id="1"))
            world.clock.move(1)
            return [one.event for one in world.port.events()][before:]

        begun = Event.LOGIN_SUCCEEDED if how == "login" else Event.SESSION_OPENED
        assert [opened() for _ in range(3)] == [[begun], [begun], [begun, Event.SESSIONS_DISPLACED]]
        (displaced,) = world.port.events(Event.SESSIONS_DISPLACED)
        assert displaced.user_id == "1"
        assert displaced.session_id in world.port.sessions


class TestAccountLimit:
    @pytest.mark.parametrize("known", [True, False])
    def test_T10_T34_every_login_is_counted_against_its_account(
        self, world: World, monkeypatch: pytest.MonkeyPatch, known: bool
    ) -> None:
        load = world.port.LoadUser
        monkeypatch.setattr(world.port, "LoadUser", lambda effect: replace(load(effect), known=known), raising=False)
        world.login()
        first, second = [effect for effect in world.port.performed if isinstance(effect, Reserve)]
        assert (first.action, first.user_id, first.known) == (Action.LOGIN, None, False)
        assert (second.action, second.user_id, second.known) == (Action.LOGIN_ACCOUNT, "1", known)


def test_facts_are_printable_and_short() -> None:
    facts = RequestFacts(address="1.2.3.4\x00" + "x" * 100, user_agent="a\r\nb\x1b[31m\u202e" + "c" * 10_000)
    assert facts.address == "1.2.3.4 " + "x" * 37
    assert facts.user_agent.startswith("a  b [31m ccc")
    assert len(facts.user_agent) == 200


def test_J81_a_window_of_a_year_is_no_problem() -> None:
    world = World(REFRESH_ABSOLUTE_LIFETIME=timedelta(days=366))
    assert world.opens(world.login().access)
