"""Logins, sessions and passwords over HTTP, on every driver, in a table that Django migrated and reads too."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model

from ferrauth import _core, passwords
from ferrauth.accounts import sessions
from ferrauth.django.models import AuditEvent, RefreshSession
from tests.fastapi.conftest import make_user

if TYPE_CHECKING:
    from tests.fastapi.application import Client, Site

RACERS = 16
"""Requests at once with one refresh token."""


def test_a_login_makes_one_session_that_django_sees(site: Site) -> None:
    async def scenario(client: Client) -> None:
        tokens = await client.login(agent="phone", address="203.0.113.7")
        assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
        assert await client.me(tokens["access_token"]) == 200

    site.run(scenario)
    session = RefreshSession.objects.get()
    assert (session.user.username, session.user_agent, session.address) == ("ada", "phone", "203.0.113.7")
    assert session.created_at.tzinfo is not None
    assert session.user.last_login == session.created_at


@pytest.mark.parametrize(
    ("name", "password", "kind"),
    [
        ("ada", "wrong", "wrong password"),
        ("nobody", "right", "unknown"),
        ("inactive", "right", "inactive"),
        ("unusable", "right", "unusable"),
        ("malformed", "right", "malformed"),
        ("weak", "wrong", "fewer iterations"),
    ],
)
def test_P37_every_failure_is_one_answer_after_the_same_work(
    site: Site, name: str, password: str, kind: str, cheap: int
) -> None:
    make_user("inactive", "right", is_active=False)
    make_user("weak", "right", iterations=cheap // 4)
    for bad, row in (("unusable", "!"), ("malformed", "pbkdf2_sha256$x")):
        get_user_model().objects.create(username=bad, password=row)

    async def scenario(client: Client) -> tuple[Any, int, int]:
        body = {"identifier": "ada", "password": "wrong"}
        reference = await client.post("/login", body)
        statements = client.count_statements()
        before = _core.iterations_executed()
        answer = await client.post("/login", {"identifier": name, "password": password})
        assert (answer.status_code, answer.content) == (401, reference.content), kind
        assert answer.headers == reference.headers
        return answer, _core.iterations_executed() - before, len(statements)

    _answer, work, statements = site.run(scenario)
    assert work == cheap
    assert statements == 1


def test_P47_an_outdated_row_is_renewed_and_no_session_ends(site: Site, cheap: int) -> None:
    make_user("old", "right", iterations=cheap // 2)

    async def scenario(client: Client) -> None:
        first = await client.login("old")
        assert await client.me(first["access_token"]) == 200
        assert await client.me((await client.login("old"))["access_token"]) == 200
        assert await client.me(first["access_token"]) == 200

    site.run(scenario)
    row = get_user_model().objects.get(username="old").password
    assert row.split("$")[1] == str(cheap)
    assert passwords.check_password("right", row)


def test_J98_a_replay_ends_the_session(site: Site) -> None:
    async def scenario(client: Client) -> None:
        stolen = await client.login()
        second = (await client.post("/refresh", {"refresh_token": stolen["refresh_token"]})).json()
        third = (await client.post("/refresh", {"refresh_token": second["refresh_token"]})).json()
        assert await client.me(third["access_token"]) == 200
        replay = await client.post("/refresh", {"refresh_token": stolen["refresh_token"]})
        assert (replay.status_code, replay.json()["code"]) == (401, "invalid_token")
        assert await client.me(third["access_token"]) == 401

    site.run(scenario)
    assert RefreshSession.objects.get().revoked_reason == "replayed"


def test_J99_of_any_number_at_once_one_rotates_and_the_rest_repeat_it(site: Site) -> None:
    async def scenario(client: Client) -> list[Any]:
        token = (await client.login())["refresh_token"]
        return await asyncio.gather(*(client.post("/refresh", {"refresh_token": token}) for _ in range(RACERS)))

    answers = site.run(scenario)
    session = RefreshSession.objects.get()
    assert session.generation == 1
    good = [one.json()["refresh_token"] for one in answers if one.status_code == 200]
    assert len(good) == 1 + session.repeats
    assert len(set(good)) == 1
    assert {one.status_code for one in answers} <= {200, 401}


def test_J100_a_repeat_within_the_grace_window_gets_the_same_successor(site: Site) -> None:
    async def scenario(client: Client) -> None:
        body = {"refresh_token": (await client.login())["refresh_token"]}
        first, again = await client.post("/refresh", body), await client.post("/refresh", body)
        assert first.json()["refresh_token"] == again.json()["refresh_token"]
        other = await client.post("/refresh", body, agent="thief")
        assert other.status_code == 401

    site.run(scenario)
    assert RefreshSession.objects.get().revoked_reason == "replayed"


def test_J104_logout_by_either_token_and_twice(site: Site) -> None:
    async def scenario(client: Client) -> None:
        first, second = await client.login(), await client.login()
        assert (await client.post("/logout", {"refresh_token": first["refresh_token"]})).status_code == 204
        assert (await client.post("/logout", {"refresh_token": first["refresh_token"]})).status_code == 204
        assert (await client.post("/logout", token=second["access_token"])).status_code == 204
        assert [await client.me(one["access_token"]) for one in (first, second)] == [401, 401]
        assert (await client.post("/logout")).status_code == 204

    site.run(scenario)


def test_sessions_are_listed_and_ended_by_their_owner_alone(site: Site) -> None:
    make_user("eve", "right")

    async def scenario(client: Client) -> None:
        phone, laptop, eve = await client.login(), await client.login(agent="laptop"), await client.login("eve")
        token = phone["access_token"]
        listed = (await client.send("GET", "/auth/sessions", token=token)).json()
        assert [(one["user_agent"], one["is_current"]) for one in listed] == [("laptop", False), ("phone", True)]
        theirs = (await client.send("GET", "/auth/sessions", token=eve["access_token"])).json()[0]["id"]
        assert (await client.send("DELETE", f"/auth/sessions/{theirs}", token=token)).status_code == 404
        assert (await client.send("DELETE", f"/auth/sessions/{listed[0]['id']}", token=token)).status_code == 204
        assert [await client.me(one["access_token"]) for one in (phone, laptop, eve)] == [200, 401, 200]
        assert (await client.post("/logout/all", token=token)).status_code == 204
        assert await client.me(token) == 401

    site.run(scenario)


def test_J93_a_password_change_ends_the_other_sessions(site: Site) -> None:
    async def scenario(client: Client) -> None:
        here, there = await client.login(), await client.login()
        token = here["access_token"]
        wrong = {"old_password": "wrong", "new_password": "a better one"}
        assert (await client.post("/password/change", wrong, token=token)).status_code == 400
        poor = {"old_password": "right", "new_password": "12345678"}
        answer = await client.post("/password/change", poor, token=token)
        codes = {one["code"] for one in answer.json()["errors"]}
        assert (answer.status_code, codes) == (422, {"password_too_common", "password_entirely_numeric"})
        good = {"old_password": "right", "new_password": "a better one"}
        assert (await client.post("/password/change", good, token=token)).status_code == 204
        assert [await client.me(one["access_token"]) for one in (here, there)] == [200, 401]
        await client.login(password="a better one")

    site.run(scenario)
    assert get_user_model().objects.get(username="ada").check_password("a better one")


def test_more_sessions_than_allowed_end_the_least_recently_used(site: Site) -> None:
    site.settings |= {"max_sessions": 2, "audit_table": True}

    async def scenario(client: Client) -> list[int]:
        tokens = [await client.login() for _ in range(3)]
        return [await client.me(one["access_token"]) for one in tokens]

    assert site.run(scenario) == [401, 200, 200]
    assert AuditEvent.objects.filter(event="sessions_displaced").count() == 1


@pytest.mark.parametrize("every", [1, 2**128])
def test_one_login_of_so_many_deletes_sessions_that_ended_long_ago(
    site: Site, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "PRUNE_EVERY", every)

    async def scenario(client: Client) -> None:
        await client.login()

    site.run(scenario)
    RefreshSession.objects.update(idle_expires_at=datetime.now(UTC) - timedelta(days=3))
    old = RefreshSession.objects.get().pk
    site.run(scenario)
    assert RefreshSession.objects.filter(pk=old).exists() == (every > 1)
    assert RefreshSession.objects.exclude(pk=old).count() == 1


def test_security_events_are_kept_where_the_settings_say_so(site: Site) -> None:
    site.settings["audit_table"] = True

    async def scenario(client: Client) -> None:
        await client.post("/login", {"identifier": "ada", "password": "wrong"}, headers={"X-Request-ID": "r1"})
        await client.login()

    site.run(scenario)
    failed, succeeded = AuditEvent.objects.order_by("id")
    assert (failed.event, failed.request_id, failed.details) == ("login_failed", "r1", {"reason": "wrong password"})
    assert succeeded.event == "login_succeeded"
    assert succeeded.session_id == RefreshSession.objects.get().pk


@pytest.mark.parametrize("stored", ["right again", "new"])
def test_P47_a_password_change_during_a_login_is_not_lost(site: Site, stored: str, cheap: int) -> None:
    """The row changes between the load and the commit: the login is held to the new one."""
    make_user("old", "right", iterations=cheap // 2)
    changed = passwords.make_password("right" if stored == "right again" else "other", iterations=cheap)

    async def scenario(client: Client) -> int:
        from sqlalchemy import update

        from ferrauth.fastapi import AuthUser

        rows, loads = client.auth._services.users, []
        load = rows.load_user

        async def slow(session: Any, effect: Any) -> Any:
            found = await load(session, effect)
            if not loads:
                loads.append(found)
                async with client.maker.begin() as other:
                    await other.execute(update(AuthUser).where(AuthUser.username == "old").values(password=changed))
            return found

        rows.load_user = slow
        return (await client.post("/login", {"identifier": "old", "password": "right"})).status_code

    assert site.run(scenario) == (200 if stored == "right again" else 401)
    assert get_user_model().objects.get(username="old").password == changed
