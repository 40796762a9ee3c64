"""Setting a new password by mail: the same for all, once, and the end of every session."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test.utils import CaptureQueriesContext

from ferrauth.accounts import flows
from ferrauth.accounts.errors import InvalidInput, InvalidLink
from ferrauth.accounts.sessions import EndReason
from ferrauth.django.conf import get_policy
from ferrauth.django.models import EmailAddress, OutboxMessage, RefreshSession
from ferrauth.django.port import carry
from tests.emails.conftest import PHONE

if TYPE_CHECKING:
    from tests.emails.conftest import Site


def reset_token(site: Site, email: str = "ada@example.com") -> str:
    site.carry(flows.request_password_reset, email=email)
    return site.token()


def test_E07_a_new_password_once_and_no_session_is_left(site: Site) -> None:
    site.member()
    site.login()
    token = reset_token(site)
    site.carry(flows.confirm_password_reset, token=token, password="better horse")
    assert (site.login(), site.login(password="better horse")) == ("invalid_credentials", "ok")
    ended = RefreshSession.objects.filter(revoked_reason=EndReason.PASSWORD_CHANGED)
    # The one of the login before it; no session was begun by the reset itself.
    assert (ended.count(), RefreshSession.objects.count()) == (1, 2)
    with pytest.raises(InvalidLink):
        site.carry(flows.confirm_password_reset, token=token, password="third horse")


def test_E07_T11_the_answer_and_the_work_are_the_same_for_all(site: Site, database: str, work: Any) -> None:
    users = {name: site.member(f"{name}@example.com") for name in ("ada", "inactive", "unusable")}
    get_user_model().objects.filter(pk=users["inactive"].pk).update(is_active=False)
    users["unusable"].set_unusable_password()
    users["unusable"].save()
    seen = {}
    for name in (*users, "nobody"):
        with CaptureQueriesContext(connections[database]) as captured:
            derived = work(lambda: site.carry(flows.request_password_reset, email=f"{name}@example.com"))
        seen[name] = (derived, [query["sql"].split("(")[0] for query in captured.captured_queries])
    assert all(one == seen["ada"] for one in seen.values())
    assert (seen["ada"][0], len(seen["ada"][1])) == (0, 1)
    # As Django's PasswordResetForm: nothing for who may not log in, or has no password to reset.
    assert [sent.to for sent in site.mails()] == [["ada@example.com"]]


def test_E07_no_token_in_the_database(site: Site, database: str) -> None:
    site.member()
    site.carry(flows.request_password_reset, email="ada@example.com")
    with CaptureQueriesContext(connections[database]) as captured:
        token = site.token()
    text = " ".join(query["sql"] for query in captured.captured_queries)
    assert token not in text
    assert token.split(".")[2] not in text


@pytest.mark.parametrize("change", ["password", "email", "verified", "login", "inactive", "deleted"])
def test_E08_a_reset_dies_with_each_change(site: Site, change: str) -> None:
    user = site.member()
    token = reset_token(site)
    if change == "password":
        user.set_password("another")
        user.save()
    elif change == "email":
        EmailAddress.objects.update(canonical="other@example.com")
    elif change == "verified":
        EmailAddress.objects.update(verified_at=datetime(2026, 1, 1, tzinfo=UTC))
    elif change == "login":
        assert site.login() == "ok"
    elif change == "inactive":
        get_user_model().objects.update(is_active=False)
    else:
        user.delete()
    with pytest.raises(InvalidLink):
        site.carry(flows.confirm_password_reset, token=token, password="better horse")


@pytest.mark.parametrize(("later", "answer"), [(3_500, "ok"), (3_601, "invalid_link")])
def test_E07_it_is_short_lived(site: Site, later: int, answer: str) -> None:
    site.member()
    token = reset_token(site)
    at = datetime.now(UTC) + timedelta(seconds=later)
    policy = replace(get_policy(), clock=lambda: at)
    flow = flows.confirm_password_reset(policy, PHONE, token=token, password="better horse")
    if answer == "ok":
        carry(flow)
    else:
        with pytest.raises(InvalidLink):
            carry(flow)


def test_E07_a_refused_password_leaves_the_token_good(site: Site, settings: Any) -> None:
    name = "django.contrib.auth.password_validation.MinimumLengthValidator"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": name}]
    site.member()
    token = reset_token(site)
    with pytest.raises(InvalidInput) as refused:
        site.carry(flows.confirm_password_reset, token=token, password="short")
    assert refused.value.errors == (("password", "password_too_short"),)
    site.carry(flows.confirm_password_reset, token=token, password="better horse")


def test_E07_a_reset_proves_the_address(site: Site) -> None:
    site.register()
    site.mails()
    token = reset_token(site)
    site.carry(flows.confirm_password_reset, token=token, password="better horse")
    assert site.address().verified_at is not None
    assert site.login(password="better horse") == "ok"


def test_E01_who_finds_an_account_under_its_address_gets_it(site: Site) -> None:
    """Somebody else registered first, with a password of its own: the mail to the owner leads to a reset."""
    site.register(password="of a stranger")
    site.mails()
    site.register(password="of the owner")
    token = site.token()
    site.carry(flows.confirm_password_reset, token=token, password="of the owner")
    assert (site.login(password="of a stranger"), site.login(password="of the owner")) == ("invalid_credentials", "ok")


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "x" * 100_000, "\ud800", "\x00", "é.é.é", "eyJhbGciOiJub25lIn0.e30."]
)
def test_E10_garbage_is_refused_without_a_query(site: Site, database: str, token: str) -> None:
    for flow, more in ((flows.verify_email, {}), (flows.confirm_password_reset, {"password": "better horse"})):
        with CaptureQueriesContext(connections[database]) as captured:
            assert site.answer(flow, token=token, **more) == "invalid_link"
        assert not captured.captured_queries


def test_E09_links_lead_where_the_settings_say(site: Site, settings: Any) -> None:
    site.member()
    site.configure(BASE_URLS={"reset": "https://id.example.org/new#token={token}"})
    site.carry(flows.request_password_reset, email="ada@example.com")
    [sent] = site.mails()
    assert "https://id.example.org/new#token=ey" in sent.body
    assert "https://id.example.org/new#token=ey" in sent.alternatives[0][0]
    site.configure(BASE_URLS={})
    site.carry(flows.request_password_reset, email="ada@example.com")
    [sent] = site.mails()
    assert "http" not in sent.body
    token = next(line for line in sent.body.splitlines() if line.startswith("ey"))
    site.carry(flows.confirm_password_reset, token=token, password="better horse")


def test_E08_a_secret_that_was_rotated_out_still_verifies_where_it_is_a_fallback(site: Site, settings: Any) -> None:
    site.member()
    token = reset_token(site)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another secret, which is long enough"
    assert site.answer(flows.confirm_password_reset, token=token, password="better horse") == "ok"
    token = reset_token(site)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [], "a third secret, which is long enough for all"
    assert site.answer(flows.confirm_password_reset, token=token, password="better horse") == "invalid_link"


def test_T38_every_flow_has_a_budget_of_its_own(site: Site) -> None:
    one = {"account": "2/h", "account_address": None, "address": None}
    site.configure(LIMITS=dict.fromkeys(("register", "verify", "reset"), one))
    for flow, more in (
        (flows.register, {"password": "correct horse"}),
        (flows.resend_verification, {}),
        (flows.request_password_reset, {}),
    ):
        # Known or not, and however it is spelled: the same address, the same count.
        for email in ("ada@example.com", "nobody@example.com"):
            spelled = (email, email.upper(), email.replace("@", "＠"))
            answers = [site.answer(flow, email=spelling, **more) for spelling in spelled]
            assert answers == ["ok", "ok", "throttled"], (flow, email)
    site.configure(LIMITS={"token": {"address": "2/h"}})
    assert [site.answer(flows.verify_email, token="x") for _ in range(3)] == [
        "invalid_link",
        "invalid_link",
        "throttled",
    ]
    assert OutboxMessage.objects.count() == 12
