"""Registering, verifying and moving, in Django's database: one answer, equal work, and what the mails say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test.utils import CaptureQueriesContext

from ferrauth.accounts import flows
from ferrauth.accounts.errors import AddressTaken, InvalidInput, InvalidLink, RegistrationClosed
from ferrauth.django import drafts
from ferrauth.django.models import EmailAddress, OutboxMessage, RefreshSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emails.conftest import Site


def statements(database: str, call: Callable[[], object]) -> list[str]:
    """Return the first word of each statement of a call."""
    with CaptureQueriesContext(connections[database]) as captured:
        call()
    return [query["sql"].split()[0] for query in captured.captured_queries]


def test_register_verify_login(site: Site) -> None:
    assert site.register() is None
    user = get_user_model().objects.get()
    assert (user.email, len(user.username), user.is_staff) == ("Ada@example.com", 32, False)
    assert site.login() == "invalid_credentials"
    site.carry(flows.verify_email, token=site.token())
    assert site.login() == "ok"
    assert site.login("ADA@EXAMPLE.COM") == "ok"
    assert site.login(user.username) == "ok"
    assert RefreshSession.objects.count() == 3


def test_E01_E02_an_address_that_is_taken_makes_no_difference(site: Site, database: str, work: Any) -> None:
    site.member()
    done: dict[str, list[Any]] = {}
    for email in ("grace@example.com", "ada@example.com"):
        rows = OutboxMessage.objects.count()
        executed: list[int] = []
        words = statements(database, lambda: executed.append(work(lambda: site.register(email))))
        done[email] = [words, executed, OutboxMessage.objects.count() - rows]
    assert done["grace@example.com"][1:] == done["ada@example.com"][1:] == [[2_000], 1]
    new, taken = done["grace@example.com"][0], done["ada@example.com"][0]
    assert (len(new), new.count("INSERT")) == (len(taken), taken.count("INSERT")) == (7, 3)
    assert get_user_model().objects.count() == EmailAddress.objects.count() == 2
    said = {sent.to[0]: sent for sent in site.mails()}
    assert set(said) == {"grace@example.com", "Ada@example.com"}
    assert said["grace@example.com"].subject == "Confirm your e-mail address"
    assert said["Ada@example.com"].subject == "You already have an account"


def test_E01_a_name_that_is_taken_makes_no_difference(site: Site, database: str, work: Any) -> None:
    site.member(username="ada")
    counted = [
        (len(statements(database, lambda: site.register(f"{name}@example.com", username=name))))
        for name in ("grace", "ada")
    ]
    assert counted == [7, 7]
    assert not EmailAddress.objects.filter(canonical="ada@example.org").exists()
    site.register("other@example.org", username="ada")
    said = {sent.to[0]: sent.subject for sent in site.mails()}
    assert said["other@example.org"] == "That name is taken"
    assert said["Ada@example.com"] == "You already have an account"


@pytest.mark.parametrize("variant", ["ADA@example.com", "ada@EXAMPLE.COM", "ａｄａ@example.com", " ada@example.com "])
def test_E04_variants_are_one_address_and_mail_goes_to_the_stored_one(site: Site, variant: str) -> None:
    site.member()
    site.register(variant)
    assert EmailAddress.objects.count() == 1
    assert [sent.to for sent in site.mails()] == [["Ada@example.com"]]


def test_E06_what_is_wrong_is_said_before_anything_is_looked_up(site: Site, settings: Any, database: str) -> None:
    validator = "django.contrib.auth.password_validation.MinimumLengthValidator"
    similar = "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": validator}, {"NAME": similar}]
    site.member()
    for email in ("ada@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connections[database]) as captured, pytest.raises(InvalidInput) as refused:
            site.register(email, "short")
        assert refused.value.errors == (("password", "password_too_short"),)
        assert not captured.captured_queries
    with pytest.raises(InvalidInput) as refused:
        site.register("somebody.special@example.com", "somebody.special")
    assert refused.value.errors == (("password", "password_too_similar"),)


@pytest.mark.parametrize(
    ("arguments", "errors"),
    [
        ({"email": "no address"}, ("email", "invalid")),
        ({"email": "a@b.c\x00"}, ("email", "invalid")),
        ({"email": "x" * 10_000 + "@example.com"}, ("email", "invalid")),
        ({"email": "\ud800@example.com"}, ("email", "invalid")),
        ({"email": "ada@example.com\r\nBcc: all@example.com"}, ("email", "invalid")),
        ({"password": ""}, ("password", "invalid")),
        ({"password": "\ud800"}, ("password", "invalid")),
        ({"password": "x" * 4_097}, ("password", "password_too_long")),
        ({"is_staff": True}, ("is_staff", "unknown")),
        ({"is_superuser": True}, ("is_superuser", "unknown")),
        ({"is_active": False}, ("is_active", "unknown")),
        ({"id": 1}, ("id", "unknown")),
        ({"groups": [1]}, ("groups", "unknown")),
        ({"date_joined": "2000-01-01"}, ("date_joined", "unknown")),
        ({"nickname": "x"}, ("nickname", "unknown")),
        ({"first_name": "a\x00"}, ("first_name", "invalid")),
        ({"first_name": "\ud800"}, ("first_name", "invalid")),
        ({"first_name": "x" * 200}, ("first_name", "max_length")),
        ({"username": "no spaces"}, ("username", "invalid")),
    ],
)
def test_E10_bad_input_is_refused_alike(site: Site, arguments: dict[str, Any], errors: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        site.register(**{"email": "new@example.com", **arguments})
    assert refused.value.errors == (errors,)
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    "email", ["'or'1'='1@example.com", "a'--@example.com", "{{7*7}}@example.com", "%s@example.com"]
)
def test_sql_in_an_address_is_data(site: Site, email: str) -> None:
    site.register(email)
    assert site.address().canonical == email
    assert [sent.to for sent in site.mails()] == [[email]]
    assert site.answer(flows.login, identifier=email, password="wrong") == "invalid_credentials"


def test_a_field_that_the_database_wants_is_no_taken_name() -> None:
    """It is said by its name: an insert that it fails would look like a name that is taken."""
    assert drafts._missing(get_user_model()(date_joined=None)) == ["date_joined"]


def test_E01_a_model_that_validates_when_it_is_saved_makes_no_difference(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = get_user_model()
    save = model.save

    def validating(self: Any, **options: Any) -> None:
        if self._state.adding:
            self.validate_unique()
        save(self, **options)

    monkeypatch.setattr(model, "save", validating)
    site.member(username="ada")
    assert site.register("other@example.com", username="ada") is None
    assert [sent.subject for sent in site.mails()] == ["That name is taken"]


def test_immediate_gives_tokens_and_says_what_is_taken(site: Site) -> None:
    site.configure(REGISTRATION="immediate")
    pair = site.register(username="ada")
    assert pair.access
    assert get_user_model().objects.get().last_login is not None
    with pytest.raises(AddressTaken):
        site.register("ADA@example.com")
    with pytest.raises(InvalidInput, match="not valid") as refused:
        site.register("other@example.com", username="ada")
    assert refused.value.errors == (("username", "unique"),)
    assert site.login() == "ok"
    verify = next(sent for sent in site.mails() if sent.subject.startswith("Confirm"))
    site.carry(flows.verify_email, token=verify.body.split("token=")[1].split()[0])
    assert site.address().verified_at is not None


def test_closed(site: Site, database: str) -> None:
    site.configure(REGISTRATION="closed")
    with CaptureQueriesContext(connections[database]) as captured, pytest.raises(RegistrationClosed):
        site.register()
    assert not captured.captured_queries


class TestVerification:
    def test_a_link_is_good_once(self, site: Site) -> None:
        site.register()
        token = site.token()
        site.carry(flows.verify_email, token=token)
        with pytest.raises(InvalidLink):
            site.carry(flows.verify_email, token=token)

    def test_E08_it_dies_with_the_password(self, site: Site) -> None:
        site.register()
        token = site.token()
        user = get_user_model().objects.get()
        user.set_password("another")
        user.save()
        assert site.answer(flows.verify_email, token=token) == "invalid_link"

    def test_E08_it_dies_with_the_address_and_with_the_user(self, site: Site) -> None:
        site.register()
        token = site.token()
        EmailAddress.objects.update(canonical="other@example.com")
        assert site.answer(flows.verify_email, token=token) == "invalid_link"
        EmailAddress.objects.update(canonical="ada@example.com")
        get_user_model().objects.update(is_active=False)
        assert site.answer(flows.verify_email, token=token) == "invalid_link"
        get_user_model().objects.update(is_active=True)
        assert site.answer(flows.verify_email, token=token) == "ok"

    def test_resending_is_the_same_for_all(self, site: Site, database: str) -> None:
        site.member()
        site.register("new@example.com")
        site.mails()
        words = {
            name: statements(database, lambda: site.carry(flows.resend_verification, email=f"{name}@example.com"))
            for name in ("ada", "new", "nobody")
        }
        assert words["ada"] == words["new"] == words["nobody"] == ["INSERT"]
        assert [sent.to for sent in site.mails()] == [["new@example.com"]]
        assert not OutboxMessage.objects.filter(canonical="nobody@example.com").exists()

    def test_a_reset_link_verifies_nothing_and_the_other_way_round(self, site: Site) -> None:
        site.register()
        verify = site.token()
        site.carry(flows.request_password_reset, email="ada@example.com")
        reset = site.token()
        assert site.answer(flows.verify_email, token=reset) == "invalid_link"
        assert site.answer(flows.confirm_password_reset, token=verify, password="better") == "invalid_link"


class TestChange:
    def test_an_account_moves_when_the_new_address_answers(self, site: Site) -> None:
        user = site.member()
        site.carry(flows.change_email, user_id=str(user.pk), password="correct horse", email="New@Example.org")
        assert site.address().canonical == "ada@example.com"
        [sent] = site.mails()
        assert sent.to == ["New@example.org"]
        token = sent.body.split("token=")[1].split()[0]
        site.carry(flows.verify_email, token=token)
        row = site.address()
        assert (row.address, row.canonical, row.verified_at is not None) == ("New@example.org", "new@example.org", True)
        user.refresh_from_db()
        assert user.email == "New@example.org"
        assert [(notice.to, notice.subject) for notice in site.mails()] == [
            (["Ada@example.com"], "Your e-mail address was changed")
        ]
        assert (site.login("new@example.org"), site.login()) == ("ok", "invalid_credentials")
        assert site.answer(flows.verify_email, token=token) == "invalid_link"

    def test_E01_a_taken_address_makes_no_difference(self, site: Site, database: str) -> None:
        site.member("grace@example.com")
        user = site.member()
        ask = {"user_id": str(user.pk), "password": "correct horse"}
        words = [
            statements(database, lambda: site.carry(flows.change_email, **ask, email=email))
            for email in ("grace@example.com", "free@example.com")
        ]
        assert words[0] == words[1]
        said = {sent.to[0]: sent.subject for sent in site.mails()}
        assert said == {
            "grace@example.com": "You already have an account",
            "free@example.com": "Confirm your new e-mail address",
        }

    def test_the_old_password_is_required(self, site: Site) -> None:
        user = site.member()
        asked = {"user_id": str(user.pk), "email": "new@example.com"}
        assert site.answer(flows.change_email, **asked, password="wrong") == "wrong_password"
        assert not site.mails()

    def test_E03_who_verifies_first_has_the_address(self, site: Site) -> None:
        tokens = []
        for email in ("ada@example.com", "grace@example.com"):
            user = site.member(email)
            site.carry(flows.change_email, user_id=str(user.pk), password="correct horse", email="new@example.com")
            tokens.append(site.token())
        assert [site.answer(flows.verify_email, token=token) for token in tokens] == ["ok", "invalid_link"]
        assert EmailAddress.objects.filter(canonical="grace@example.com").exists()

    def test_a_user_without_an_address_gets_one(self, site: Site) -> None:
        from django.contrib.auth.hashers import make_password

        user = get_user_model().objects.create(username="root", password=make_password("correct horse"))
        site.carry(flows.change_email, user_id=str(user.pk), password="correct horse", email="root@example.com")
        site.carry(flows.verify_email, token=site.token())
        assert site.login("root@example.com") == "ok"


@pytest.mark.parametrize(("length", "is_taken"), [(14, False), (15, True)])
def test_P35_the_least_length_is_the_projects(site: Site, settings: Any, length: int, is_taken: bool) -> None:
    name = "django.contrib.auth.password_validation.MinimumLengthValidator"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": name, "OPTIONS": {"min_length": 15}}]
    if is_taken:
        assert site.register(password="x" * length) is None
        return
    with pytest.raises(InvalidInput) as refused:
        site.register(password="x" * length)
    assert refused.value.errors == (("password", "password_too_short"),)
