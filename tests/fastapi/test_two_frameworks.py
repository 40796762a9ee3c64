"""Django and FastAPI on one database and one Redis: one set of users, one token, one count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model

from ferrauth import passwords
from ferrauth.accounts import flows
from ferrauth.accounts.addresses import network_of
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.django.conf import get_policy
from ferrauth.django.counters import get_counters
from ferrauth.django.models import EmailAddress, OutboxMessage
from ferrauth.django.port import carry
from ferrauth.django.tokens import get_user_from_token
from ferrauth.exceptions import FerrauthError, InvalidTokenError
from tests import services
from tests.fastapi.application import in_django
from tests.fastapi.conftest import make_user

if TYPE_CHECKING:
    from tests.fastapi.application import Client, Site

ADDRESS = "203.0.113.7"
AGENT = "phone"
FACTS = RequestFacts(address=ADDRESS, network=network_of(ADDRESS, ipv6_prefix=64), user_agent=AGENT)
LIMIT = 4
LIMITS = {"login": {"account_address": f"{LIMIT}/m", "account": None, "address": None}}


def django_login(name: str = "ada", password: str = "right") -> Any:
    """Log in through Django; return the tokens, or the word of the refusal."""
    try:
        return carry(flows.login(get_policy(), FACTS, identifier=name, password=password))
    except FerrauthError as refusal:
        return refusal.code


def django_knows(token: str) -> str | None:
    """Return the name of a token's user, as Django says."""
    user = get_user_from_token(token)
    return user.get_username() if user else None


def test_a_token_of_either_is_good_at_both(site: Site) -> None:
    async def scenario(client: Client) -> None:
        theirs = await in_django(django_login)
        ours = await client.login(agent=AGENT, address=ADDRESS)
        assert await client.me(theirs.access) == 200
        assert await in_django(django_knows, ours["access_token"]) == "ada"
        answer = await client.post("/refresh", {"refresh_token": theirs.refresh}, agent=AGENT)
        assert answer.status_code == 200
        pair = await in_django(lambda: carry(flows.refresh(get_policy(), FACTS, ours["refresh_token"])))
        assert await client.me(pair.access) == 200

    site.run(scenario)


def test_secrets_of_earlier_days_are_good_at_both(site: Site, settings: Any) -> None:
    site.settings["secret_key_fallbacks"] = ("an earlier secret, long enough for every rule that there is",)

    async def scenario(client: Client) -> int:
        settings.SECRET_KEY, now = site.settings["secret_key_fallbacks"][0], settings.SECRET_KEY
        theirs = await in_django(django_login)
        settings.SECRET_KEY = now
        return await client.me(theirs.access)

    assert site.run(scenario) == 200


def test_a_hash_upgraded_by_one_is_read_by_the_other(site: Site, cheap: int) -> None:
    make_user("fast", "right", iterations=cheap // 2)
    make_user("dj", "right", iterations=cheap // 2)

    async def scenario(client: Client) -> None:
        await client.login("fast")
        assert not isinstance(await in_django(django_login, "fast"), str)
        first = await client.login("dj")
        assert not isinstance(await in_django(django_login, "dj"), str)
        assert await client.me(first["access_token"]) == 200

    site.run(scenario)
    for name in ("fast", "dj"):
        row = get_user_model().objects.get(username=name).password
        assert row.split("$")[1] == str(cheap)


@pytest.mark.parametrize("ended_in", ["django", "fastapi"])
def test_logout_in_one_ends_the_session_in_both(site: Site, ended_in: str) -> None:
    async def scenario(client: Client) -> None:
        tokens = await client.login() if ended_in == "django" else None
        access = tokens["access_token"] if tokens else (await in_django(django_login)).access
        if ended_in == "django":
            await in_django(lambda: carry(flows.logout(get_policy(), FACTS, access=access, refresh=None)))
        else:
            assert (await client.post("/logout", token=access)).status_code == 204
        assert await client.me(access) == 401
        assert await in_django(django_knows, access) is None

    site.run(scenario)


def test_J98_a_replay_in_one_ends_the_session_in_both(site: Site) -> None:
    async def scenario(client: Client) -> None:
        stolen = (await client.login(agent=AGENT))["refresh_token"]
        second = await in_django(lambda: carry(flows.refresh(get_policy(), FACTS, stolen)))
        third = (await client.post("/refresh", {"refresh_token": second.refresh}, agent=AGENT)).json()
        assert await client.me(third["access_token"]) == 200
        with pytest.raises(InvalidTokenError):
            await in_django(lambda: carry(flows.refresh(get_policy(), FACTS, stolen)))
        assert await client.me(third["access_token"]) == 401

    site.run(scenario)


def test_J93_a_password_change_in_one_ends_the_sessions_of_both(site: Site) -> None:
    async def scenario(client: Client) -> None:
        theirs, ours = await in_django(django_login), await client.login()
        change = {"old_password": "right", "new_password": "a better one"}
        assert (await client.post("/password/change", change, token=ours["access_token"])).status_code == 204
        assert await in_django(django_knows, theirs.access) is None
        assert await in_django(django_knows, ours["access_token"]) == "ada"

        def change_past_ferrauth() -> None:
            user = get_user_model().objects.get(username="ada")
            user.set_password("best")
            user.save()

        await in_django(change_past_ferrauth)
        assert await client.me(ours["access_token"]) == 401
        await client.login(password="best")

    site.run(scenario)


@pytest.mark.parametrize("place", ["redis", "database"])
def test_attempts_in_one_count_in_the_other(site: Site, place: str, settings: Any, driver: str) -> None:
    if place == "database" and driver == "aiosqlite":
        place = "redis"  # SQLite counts nothing; with Redis it does.
    more = {"limits": LIMITS, "throttle_backend": place}
    if place == "redis":
        more["redis_url"] = services.redis()
        services.redis_client().flushall()
    site.settings.update(more)
    settings.FERRAUTH = {name.upper(): value for name, value in more.items()}
    get_counters.cache_clear()

    async def scenario(client: Client) -> list[Any]:
        found: list[Any] = []
        for number in range(LIMIT + 2):
            if number % 2:
                found.append(await in_django(django_login, "Ada ", "wrong"))
            else:
                body = {"identifier": "ADA", "password": "wrong"}
                found.append((await client.post("/login", body, address=ADDRESS)).json()["code"])
        return found

    assert site.run(scenario) == ["invalid_credentials"] * LIMIT + ["throttled"] * 2


def test_who_registers_in_one_logs_in_at_the_other(site: Site) -> None:
    site.settings["registration"] = "immediate"

    async def scenario(client: Client) -> None:
        body = {"email": "Bob@Example.com", "password": "correct horse battery"}
        answer = await client.post("/register", body)
        assert answer.status_code == 201, answer.text
        assert await client.me(answer.json()["access_token"]) == 200
        taken = await client.post("/register", {**body, "email": "bob@example.com"})
        assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")

    site.run(scenario)
    address = EmailAddress.objects.get()
    assert (address.address, address.canonical) == ("Bob@example.com", "bob@example.com")
    assert passwords.check_password("correct horse battery", address.user.password)
    assert [row.mail for row in OutboxMessage.objects.order_by("id")] == ["verify", "taken"]
