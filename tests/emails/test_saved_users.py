"""Users that a project saves itself: their addresses are known, and move with them (E01, E04)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import call_command
from django.db import connections, transaction
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from ferrauth.accounts import flows
from ferrauth.accounts.audit import identifier_hash
from ferrauth.django import receivers
from ferrauth.django.conf import get_audit_secret
from ferrauth.django.models import EmailAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.emails.conftest import Site


def made(email: str = "Root@example.com", name: str = "root") -> Any:
    return get_user_model().objects.create_superuser(name, email, "correct horse")


def addresses() -> list[tuple[str, str, bool]]:
    rows = EmailAddress.objects.order_by("pk")
    return [(row.user.get_username(), row.address, row.verified_at is not None) for row in rows]


@pytest.fixture
def queries(database: str) -> Callable[[Callable[[], object]], list[str]]:
    """Return a function that tells which statements something takes, but for savepoints."""

    def statements(work: Callable[[], object]) -> list[str]:
        with CaptureQueriesContext(connections[database]) as captured:
            work()
        return [one["sql"] for one in captured.captured_queries if "SAVEPOINT" not in one["sql"]]

    return statements


def test_E01_E04_a_superuser_of_the_shell_logs_in_recovers_and_is_one_account(site: Site) -> None:
    made()
    assert addresses() == [("root", "Root@example.com", True)]
    assert site.login("root@EXAMPLE.com") == site.login("root") == "ok"
    site.carry(flows.request_password_reset, email="ROOT@example.com")
    assert [sent.to for sent in site.mails()] == [["Root@example.com"]]
    site.register("root@example.com")
    assert [sent.subject for sent in site.mails()] == ["You already have an account"]
    assert get_user_model().objects.count() == 1


def test_E08_an_address_that_the_admin_changes_moves(site: Site) -> None:
    user = site.member("eve@example.com")
    site.carry(flows.request_password_reset, email="eve@example.com")
    token = site.token()
    user.email = "Eve-New@example.com"
    user.save()
    assert [one[1:] for one in addresses()] == [("Eve-New@example.com", True)]
    assert site.answer(flows.confirm_password_reset, token=token, password="another horse") == "invalid_link"
    site.carry(flows.request_password_reset, email="eve@example.com")
    assert not site.mails()
    site.carry(flows.request_password_reset, email="eve-new@example.com")
    assert [sent.to for sent in site.mails()] == [["Eve-New@example.com"]]


def test_another_spelling_of_an_address_is_as_verified_as_it_was(site: Site) -> None:
    site.register("ada@example.com")
    user = get_user_model().objects.get()
    user.email = "ADA@example.com"
    user.save()
    assert [one[1:] for one in addresses()] == [("ADA@example.com", False)]


def test_an_unverified_address_that_the_admin_changes_is_trusted(site: Site) -> None:
    site.register("ada@example.com")
    user = get_user_model().objects.get()
    user.email = "grace@example.com"
    user.save(update_fields=["email"])
    assert site.login("grace@example.com") == "ok"


def test_E14_registration_and_saves_of_what_it_made_verify_nothing(site: Site) -> None:
    def profile(*, instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            again = type(instance).objects.get(pk=instance.pk)
            again.first_name = "Ada"
            again.save()
            made("other@example.com", "other") if instance.username != "other" else None

    post_save.connect(profile, sender=get_user_model())
    try:
        site.register("ada@example.com")
    finally:
        post_save.disconnect(profile, sender=get_user_model())
    rows = {row.canonical: row.verified_at is not None for row in EmailAddress.objects.all()}
    assert rows == {"ada@example.com": False, "other@example.com": True}
    user = get_user_model().objects.get(email="ada@example.com")
    assert user.first_name == "Ada"
    user.save()
    assert site.login("ada@example.com") == "invalid_credentials"


@pytest.mark.parametrize("email", ["", "root@localhost", "no address"])
def test_what_is_no_address_leaves_the_row_as_it_was(site: Site, email: str) -> None:
    user = made()
    user.email = email
    user.save()
    made(email, "other")
    assert addresses() == [("root", "Root@example.com", True)]


def test_E04_a_collision_leaves_both_as_they_are_and_is_told_without_the_address(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.member("ada@example.com")
    with caplog.at_level(logging.WARNING, logger="ferrauth.django"):
        other = made("ADA@example.com", "other")
        other.email = "other@example.com"
        other.save()
        other.email = "ada@EXAMPLE.com"
        other.save()
    assert sorted(one[1:] for one in addresses()) == [("ada@example.com", True), ("other@example.com", True)]
    assert get_user_model().objects.get(username="other").email == "ada@EXAMPLE.com"
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    for text in told:
        assert str(other.pk) in text
        assert identifier_hash(get_audit_secret(), "ada@example.com") in text
        assert "example.com" not in text.lower()


def test_what_costs_nothing_and_what_costs_one_query(site: Site, queries: Callable[..., list[str]]) -> None:
    user = made()

    def full() -> None:
        user.first_name = "Ada"
        user.save()

    assert len(queries(lambda: user.save(update_fields=["first_name"]))) == 1
    assert len(queries(full)) == 2
    assert len(queries(lambda: get_user_model().objects.only("first_name").get().save())) == 2  # To load, and to save.
    assert not [sql for sql in queries(lambda: site.login("root")) if "INTO" in sql and "emailaddress" in sql]
    created = queries(lambda: get_user_model().objects.create(username="x", email="x@example.com"))
    assert len(created) == 2
    assert len(queries(lambda: get_user_model().objects.create(username="y"))) == 1


def test_what_is_loaded_raw_or_written_past_the_model_waits_for_the_import(site: Site, tmp_path: Any) -> None:
    user = get_user_model()(pk=7, username="raw", email="raw@example.com")
    file = tmp_path / "users.json"
    file.write_text(serializers.serialize("json", [user]))
    call_command("loaddata", str(file), verbosity=0, database=EmailAddress.objects.db)
    get_user_model().objects.bulk_create([get_user_model()(username="bulk", email="bulk@example.com")])
    assert not addresses()
    call_command("import_emails", "--verified", verbosity=0)
    get_user_model().objects.filter(username="bulk").update(email="new@example.com")
    assert sorted(one[1] for one in addresses()) == ["bulk@example.com", "raw@example.com"]


@pytest.fixture
def staff() -> Iterator[Any]:
    """A proxy, whose saves send signals of its own."""
    options = type("Meta", (), {"proxy": True, "app_label": "auth"})
    model = type("Staff", (User,), {"Meta": options, "__module__": __name__})
    receivers.connect()
    yield model
    del apps.all_models["auth"]["staff"]
    apps.clear_cache()


def test_a_proxys_users_and_ones_that_were_not_loaded_first(site: Site, staff: Any) -> None:
    proxied = staff.objects.create(username="staff", email="staff@example.com")
    assert addresses() == [("staff", "staff@example.com", True)]
    get_user_model()(pk=proxied.pk, username="staff", email="new@example.com").save()
    assert addresses() == [("staff", "new@example.com", True)]


def test_a_user_that_was_never_imported_is_when_its_address_changes(site: Site) -> None:
    get_user_model().objects.bulk_create([get_user_model()(username="old", email="old@example.com")])
    user = get_user_model().objects.get()
    user.save()
    assert not addresses()  # Whether the old one is verified is the import's to say.
    user.email = "new@example.com"
    user.save()
    assert addresses() == [("old", "new@example.com", True)]


def test_a_database_without_the_table_saves_users(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, database: str
) -> None:
    """As in a project that has the hasher alone, and has not migrated."""
    monkeypatch.setattr(EmailAddress._meta, "db_table", "ferrauth_nothing")
    with transaction.atomic(using=database):
        made()
        assert get_user_model().objects.get().username == "root"
    [record] = caplog.records
    assert "import_emails" in record.getMessage()
    assert "example.com" not in record.getMessage()


class TestOwnColumn:
    """Where the user model keeps addresses, it keeps them in their canonical form."""

    @pytest.fixture(autouse=True)
    def own(self, site: Site) -> None:
        site.configure(EMAIL_FIELD="email", EMAIL_VERIFIED_FIELD="is_active")

    def test_E04_a_user_of_the_shell_is_found(self, site: Site) -> None:
        user = made()
        assert user.email == "root@example.com"
        assert not addresses()
        site.carry(flows.request_password_reset, email="Root@Example.com")
        assert [sent.to for sent in site.mails()] == [["root@example.com"]]
        user.email = "New@example.com"
        user.save(update_fields=["first_name"])
        user.refresh_from_db()
        assert user.email == "root@example.com"
        user.email = "no address"
        user.save()
        assert get_user_model().objects.get().email == "no address"

    def test_E04_a_collision_leaves_both_as_they_are(self, site: Site, caplog: pytest.LogCaptureFixture) -> None:
        made()
        made("ROOT@example.com", "other")
        assert list(get_user_model().objects.order_by("pk").values_list("email", flat=True)) == [
            *("root@example.com", "ROOT@example.com")
        ]
        assert "another user's" in caplog.text
        assert "example.com" not in caplog.text.lower()
