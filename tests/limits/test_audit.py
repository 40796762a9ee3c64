"""What is on record of a security event, and who hears of it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory

from ferrauth import _core
from ferrauth.accounts import audit, flows
from ferrauth.accounts.effects import Emit, Event
from ferrauth.accounts.errors import LoginFailed, Throttled, WrongPassword
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.django import events, signals
from ferrauth.django.conf import get_policy
from ferrauth.django.models import USER_KEY_LENGTH, AuditEvent, RefreshSession
from ferrauth.django.port import carry, request_facts
from tests import databases
from tests.limits.conftest import make_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.limits.conftest import Project

pytestmark = pytest.mark.django_db(transaction=True, databases=list(databases.ALL))

SECRET = b"a secret of the tests"
PASSWORD = "a password that is nowhere else"


@pytest.fixture
def ada(on_postgresql: None, cheap: int) -> Any:
    return make_user("ada", PASSWORD)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """Collect what Django's signals and ours send."""
    sent: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        sent.append(kwargs)

    every = [user_logged_in, user_login_failed, user_logged_out, *signals.SIGNALS.values()]
    for signal in every:
        signal.connect(listen)
    yield sent
    for signal in every:
        signal.disconnect(listen)


def login(request: Any, password: str = PASSWORD, identifier: str = "ada") -> Any:
    return carry(flows.login(get_policy(), request_facts(request), identifier=identifier, password=password))


def a_request(**headers: str) -> Any:
    return RequestFactory().post("/login", headers={"User-Agent": "phone", **headers})


def test_T42_control_characters_are_escaped(caplog: pytest.LogCaptureFixture) -> None:
    facts = RequestFacts(user_agent="a\r\nferrauth.audit login_succeeded {}\x1b[2J", request_id="1\n2", address="\n")
    emitted = Emit(event=Event.LOGIN_FAILED, facts=facts, identifier="x\nferrauth", details={"reason": "a\nb\u2028"})
    with caplog.at_level(logging.INFO, "ferrauth.audit"):
        audit.record(emitted.event, audit.fields_of(emitted, secret=SECRET))
    (line,) = caplog.messages
    assert line.isprintable()
    name, _, fields = line.partition(" ")
    assert name == "login_failed"
    assert json.loads(fields)["reason"] == "a\nb\u2028"


def test_T18_an_identifier_is_a_keyed_hash() -> None:
    emitted = Emit(event=Event.LOGIN_FAILED, facts=RequestFacts(), identifier=PASSWORD)
    fields = audit.fields_of(emitted, secret=SECRET)
    assert PASSWORD not in json.dumps(fields)
    assert fields["identifier_hash"] == audit.identifier_hash(SECRET, PASSWORD.upper())
    assert fields["identifier_hash"] != audit.identifier_hash(b"another", PASSWORD)


def test_a_life_is_on_record_without_a_secret(ada: Any, caplog: pytest.LogCaptureFixture) -> None:
    request = a_request(**{"X-Request-ID": "r-1"})
    facts = request_facts(request)
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(LoginFailed):
            login(request, "wrong " + PASSWORD)
        pair = login(request)
        pair = carry(flows.refresh(get_policy(), facts, pair.refresh))
        carry(flows.logout(get_policy(), facts, access=pair.access, refresh=None))
    records: list[Any] = [record for record in caplog.records if record.name == "ferrauth.audit"]
    assert [record.ferrauth["event"] for record in records] == [
        *("login_failed", "login_succeeded", "refreshed", "logged_out"),
    ]
    assert records[0].ferrauth["reason"] == "wrong password"
    assert records[1].ferrauth["user_id"] == str(ada.pk)
    assert {record.ferrauth["request_id"] for record in records} == {"r-1"}
    for secret in (PASSWORD, pair.access, pair.refresh, pair.refresh.split(".")[2], ada.password):
        assert secret not in caplog.text


def test_djangos_signals_and_ours(ada: Any, heard: list[dict[str, Any]]) -> None:
    request = a_request()
    facts = request_facts(request)
    with pytest.raises(LoginFailed):
        login(request, "wrong")
    pair = login(request)
    pair = carry(flows.refresh(get_policy(), facts, pair.refresh))
    carry(flows.logout(get_policy(), facts, access=pair.access, refresh=None))
    failed, succeeded, refreshed, out = heard
    assert failed["signal"] is user_login_failed
    assert failed["credentials"] == {"username": "ada", "password": signals.HIDDEN}
    assert succeeded["signal"] is user_logged_in
    assert succeeded["user"] == ada
    assert succeeded["sender"] is get_user_model()
    assert refreshed["signal"] is signals.refreshed
    assert refreshed["fields"]["user_id"] == str(ada.pk)
    assert out["signal"] is user_logged_out
    assert out["user"] == ada
    assert {one["request"] for one in heard} == {request}


def test_J104_a_logout_is_signalled_once(ada: Any, heard: list[dict[str, Any]]) -> None:
    facts = request_facts(a_request())
    pair = login(a_request())
    del heard[:]
    for _ in range(3):
        carry(flows.logout(get_policy(), facts, access=pair.access, refresh=pair.refresh))
        carry(flows.logout_all(get_policy(), facts, user_id=str(ada.pk)))
    assert [one["signal"] for one in heard] == [user_logged_out]


def test_a_wrong_old_password_and_sessions_that_are_too_many_are_on_record(
    ada: Any, settings: Any, heard: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    settings.FERRAUTH = {"MAX_SESSIONS": 1, "AUDIT_TABLE": True}
    user_id, facts = str(ada.pk), request_facts(a_request())
    for _ in range(2):
        login(a_request())
    newest = RefreshSession.objects.get(revoked_at=None)
    change = {"user_id": user_id, "session_id": newest.pk, "old": "wrong " + PASSWORD, "new": "another"}
    with caplog.at_level(logging.INFO, "ferrauth.audit"):
        with pytest.raises(WrongPassword):
            carry(flows.change_password(get_policy(), facts, **change))
        with pytest.raises(WrongPassword):
            carry(flows.change_email(get_policy(), facts, user_id=user_id, password="wrong", email="a@example.com"))
    events = AuditEvent.objects.filter(event__in=["sessions_displaced", "password_refused"]).order_by("pk")
    assert list(events.values_list("event", "user_id", "session_id")) == [
        ("sessions_displaced", user_id, newest.pk),
        ("password_refused", user_id, newest.pk),
        ("password_refused", user_id, None),
    ]
    assert [one["signal"] for one in heard][2:] == [
        signals.sessions_displaced,
        signals.password_refused,
        signals.password_refused,
    ]
    assert PASSWORD not in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


def test_every_event_has_a_signal() -> None:
    django_has = {Event.LOGIN_SUCCEEDED, Event.LOGIN_FAILED, Event.LOGGED_OUT}
    assert set(signals.SIGNALS) | django_has == set(Event)


def test_a_receiver_that_fails_changes_nothing(ada: Any) -> None:
    def fail(**kwargs: Any) -> None:
        raise ZeroDivisionError

    for signal in (user_logged_in, user_login_failed):
        signal.connect(fail)
    try:
        assert login(a_request()).access
        with pytest.raises(LoginFailed):
            login(a_request(), "wrong")
    finally:
        for signal in (user_logged_in, user_login_failed):
            signal.disconnect(fail)


def test_the_table_is_committed_apart(ada: Any, settings: Any) -> None:
    settings.FERRAUTH = {"AUDIT_TABLE": True}
    with transaction.atomic(using="postgresql"):
        with pytest.raises(LoginFailed):
            login(a_request(**{"X-Request-ID": "r-1"}), "wrong")
        transaction.set_rollback(True, using="postgresql")
    event = AuditEvent.objects.get()
    assert (event.event, event.user_id, event.address) == ("login_failed", "", "127.0.0.1")
    assert (event.request_id, event.user_agent) == ("r-1", "phone")
    assert event.details == {"reason": "wrong password"}
    assert len(event.identifier_hash) == audit.IDENTIFIER_DIGEST_LENGTH


def test_the_table_takes_a_user_key_of_any_length(ada: Any, settings: Any) -> None:
    settings.FERRAUTH = {"AUDIT_TABLE": True}
    events.emit(Emit(event=Event.REFRESHED, facts=RequestFacts(), user_id="u" * 100))
    assert AuditEvent.objects.get().user_id == "u" * USER_KEY_LENGTH


def test_without_the_setting_there_are_no_rows(ada: Any) -> None:
    login(a_request())
    assert not AuditEvent.objects.exists()


def test_django_axes_beside_our_login(project: Project, settings: Any) -> None:
    """Axes' own scenario: it counts failures by our signals, and its middleware answers once they are too many."""
    from axes.middleware import AxesMiddleware
    from axes.utils import reset

    settings.AXES_FAILURE_LIMIT = 3
    settings.AXES_COOLOFF_TIME = 1
    settings.AXES_ENABLED = True

    def view(request: Any) -> HttpResponse:
        try:
            login(request, request.POST["password"])
        except LoginFailed:
            return HttpResponse(status=401)
        except Throttled as error:
            assert error.retry_after == 3600
            return HttpResponse(status=429)
        return HttpResponse(status=200)

    middleware = AxesMiddleware(view)

    def post(password: str) -> int:
        request = RequestFactory().post("/login", {"username": "ada", "password": password})
        return int(middleware(request).status_code)

    assert post("right") == 200
    assert AccessLog.objects.get().username == "ada"
    assert [post("wrong") for _ in range(3)] == [401, 401, 429]
    attempt = AccessAttempt.objects.get()
    assert (attempt.username, attempt.ip_address, attempt.failures_since_start) == ("ada", "127.0.0.1", 3)
    before = _core.pool_counters()["submitted"]
    assert post("right") == 429, "The right password while axes has the user locked out."
    assert _core.pool_counters()["submitted"] == before
    reset(username="ada")
    assert post("right") == 200
