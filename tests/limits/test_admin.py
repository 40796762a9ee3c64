"""The admin: what it shows, what it lets be done, and what it never shows."""

from __future__ import annotations

import re
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import path

from ferrauth import passwords
from ferrauth.django.admin import PasswordFormatMixin, password_format
from ferrauth.django.counters import get_counters
from ferrauth.django.models import AuditEvent, EmailAddress, RefreshSession
from ferrauth.django.tokens import generate_tokens, get_user_from_token
from tests import databases
from tests.limits.conftest import make_user

if TYPE_CHECKING:
    from tests.limits.conftest import Project

pytestmark = pytest.mark.django_db(transaction=True, databases=list(databases.ALL))

SESSIONS = "/admin/ferrauth/refreshsession/"


class OurUserAdmin(PasswordFormatMixin, UserAdmin):  # type: ignore[type-arg]
    """As the documentation writes it."""


@pytest.fixture
def site(on_postgresql: None, settings: Any, cheap: int) -> None:
    """A project with the admin, in which the user admin is ours."""
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    settings.FERRAUTH = {"AUDIT_TABLE": True}
    site = admin.AdminSite()
    for model, found in admin.site._registry.items():
        site.register(model, OurUserAdmin if model is get_user_model() else type(found))
    module = type(sys)("urls_of_the_admin")
    module.urlpatterns = [path("admin/", site.urls)]  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module


@pytest.fixture
def ada(site: None) -> Any:
    return make_user("ada", "right")


def client(*permissions: str, name: str = "staff") -> Client:
    staff = make_user(name, "right")
    staff.is_staff = True
    staff.save()
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(staff)
    return client


def test_sessions_are_read_and_revoked_and_nothing_else(ada: Any) -> None:
    pair = generate_tokens(ada)
    session = RefreshSession.objects.get()
    every = ("view_refreshsession", "add_refreshsession", "change_refreshsession", "delete_refreshsession")
    browser = client(*every)
    assert session.password_stamp not in browser.get(f"{SESSIONS}{session.pk}/change/").text
    assert browser.get(f"{SESSIONS}add/").status_code == 403
    assert browser.post(f"{SESSIONS}{session.pk}/change/", {"generation": 9}).status_code == 403
    assert browser.post(f"{SESSIONS}{session.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "revoke", "_selected_action": [str(session.pk)]}
    for _ in range(2):  # The second time there is nothing left to revoke, and nothing to put on record.
        assert browser.post(SESSIONS, chosen, follow=True).status_code == 200
    session.refresh_from_db()
    assert session.revoked_reason == "administrator"
    assert get_user_from_token(pair.access) is None
    event = AuditEvent.objects.get(event="revoked")
    assert event.details == {
        "reason": "administrator",
        "administrator": str(get_user_model().objects.get(username="staff").pk),
    }


def test_who_may_only_look_cannot_revoke(ada: Any) -> None:
    generate_tokens(ada)
    session = RefreshSession.objects.get()
    browser = client("view_refreshsession")
    assert browser.get(SESSIONS).status_code == 200
    browser.post(SESSIONS, {"action": "revoke", "_selected_action": [str(session.pk)]})
    session.refresh_from_db()
    assert session.revoked_at is None


@pytest.mark.parametrize("how", ["page", "action"])
def test_a_user_is_deleted_with_its_sessions_and_its_address(ada: Any, how: str) -> None:
    ada.email = "ada@example.com"
    ada.save()
    generate_tokens(ada)
    browser = client("view_user", "delete_user")
    if how == "page":
        url, sent = f"/admin/auth/user/{ada.pk}/delete/", {"post": "yes"}
    else:
        url = "/admin/auth/user/"
        sent = {"action": "delete_selected", "_selected_action": str(ada.pk), "post": "yes"}
    assert browser.post(url, sent, follow=True).status_code == 200
    assert not get_user_model().objects.filter(pk=ada.pk).exists()
    assert not RefreshSession.objects.exists()
    assert not EmailAddress.objects.exists()


def test_whoever_may_delete_users_sees_and_deletes_no_session_by_itself(ada: Any) -> None:
    generate_tokens(ada)
    session = RefreshSession.objects.get()
    browser = client("view_user", "delete_user", "delete_refreshsession", "view_refreshsession")
    chosen = {"action": "delete_selected", "_selected_action": [str(session.pk)], "post": "yes"}
    browser.post(SESSIONS, chosen, follow=True)
    assert browser.post(f"{SESSIONS}{session.pk}/delete/", {"post": "yes"}).status_code == 403
    assert RefreshSession.objects.exists()
    assert "/refreshsession/" not in client("view_user", "delete_user", name="other").get("/admin/").text


def test_addresses_are_searched_and_read_only(ada: Any) -> None:
    ada.email = "Ada@example.com"
    ada.save()
    row = EmailAddress.objects.get()
    browser = client(*(f"{verb}_emailaddress" for verb in ("view", "add", "change", "delete")))
    url = "/admin/ferrauth/emailaddress/"
    assert "Ada@example.com" in browser.get(url, {"q": "ADA@EXAMPLE"}).text
    assert "Ada@example.com" in browser.get(url, {"q": str(ada.pk)}).text
    assert "Ada@example.com" not in browser.get(url, {"q": "grace"}).text
    assert "Ada@example.com" in browser.get(f"{url}{row.pk}/change/").text
    assert browser.get(f"{url}add/").status_code == 403
    assert browser.post(f"{url}{row.pk}/change/", {"address": "x@example.com"}).status_code == 403
    assert browser.post(f"{url}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_events_are_read_only(ada: Any) -> None:
    generate_tokens(ada)
    event = AuditEvent.objects.get()
    browser = client("view_auditevent", "change_auditevent", "delete_auditevent", "add_auditevent")
    assert browser.get(f"/admin/ferrauth/auditevent/{event.pk}/change/").status_code == 200
    assert browser.post(f"/admin/ferrauth/auditevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get("/admin/ferrauth/auditevent/add/").status_code == 403


@pytest.mark.parametrize("permissions", [("view_user",), ("view_user", "change_user")])
def test_CVE_2026_113733_a_users_page_has_the_format_and_no_hash(ada: Any, permissions: tuple[str, ...]) -> None:
    page = client(*permissions).get(f"/admin/auth/user/{ada.pk}/change/").text
    assert f"pbkdf2_sha256, iterations: {passwords.DEFAULT_ITERATIONS}" in page
    _algorithm, _iterations, salt, digest = ada.password.split("$")
    for secret in (salt, salt[:6], digest, digest[:6]):
        assert secret not in page


@pytest.mark.parametrize(
    ("encoded", "shown"),
    [
        ("pbkdf2_sha256$1000$salt$aGFzaA==", r"pbkdf2_sha256, iterations: 1000"),
        ("!" + "x" * 40, r"unusable.*"),
        ("nonsense", r"of a format.*"),
        ("pbkdf2_sha256$", r"of a format.*"),
    ],
)
def test_a_format_is_shown_whatever_the_row_is(encoded: str, shown: str) -> None:
    assert re.fullmatch(shown, password_format(encoded))


def unlock(*arguments: str) -> str:
    out = StringIO()
    call_command("throttle_unlock", *arguments, stdout=out)
    return out.getvalue()


def test_throttle_unlock(project: Project) -> None:
    assert project.logins(6)[-1] == "throttled"
    assert "Forgot" in unlock("ada", "--address", "203.0.113.7")
    assert project.login("right") == "ok"


def test_throttle_unlock_an_account_wherever_it_was_tried_from(project: Project) -> None:
    for number in range(1, 6):
        project.logins(5, address=f"198.51.100.{number}")
    assert project.login("right") == "throttled"
    unlock("ada")
    assert project.login("right") == "ok"


@pytest.mark.parametrize("address", [(), ("--address", "203.0.113.7")])
def test_throttle_unlock_an_account_where_it_is_known(project: Project, address: tuple[str, ...]) -> None:
    project.configure(LIMITS={"login": {"account_address": None, "address": None}})
    assert project.login("right") == "ok"
    assert project.logins(21)[-1] == "throttled"
    unlock("ada", *address)
    assert project.login("right") == "ok"


def test_T27_throttle_unlock_says_that_the_counters_are_away(on_postgresql: None, settings: Any) -> None:
    settings.FERRAUTH = {"REDIS_URL": "redis://:secret@127.0.0.1:1/0"}
    with pytest.raises(CommandError, match=r"cannot be reached \(ConnectionError\)"):
        unlock("ada")


def test_throttle_unlock_says_what_it_needs(settings: Any) -> None:
    settings.FERRAUTH = {"THROTTLE_BACKEND": "database"}
    for arguments, text in (([], "Name"), (["--address", "nowhere"], "no IP address")):
        with pytest.raises(CommandError, match=text):
            unlock(*arguments)
    settings.FERRAUTH = {"THROTTLE_BACKEND": "local"}
    get_counters.cache_clear()
    with pytest.raises(CommandError, match="restart"):
        unlock("ada")
