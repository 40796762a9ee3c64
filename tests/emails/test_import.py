"""``manage.py import_emails``: users that were there before get their addresses, and nothing of theirs changes."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from ferrauth.accounts import flows
from ferrauth.django.account_checks import check_stored_addresses
from ferrauth.django.importing import Importer, Rewriter
from ferrauth.django.models import EmailAddress

if TYPE_CHECKING:
    from tests.emails.conftest import Site


def users(*emails: str) -> list[Any]:
    """Make users with these addresses in Django's own column, as SQL would: no signal tells of them."""
    encoded = make_password("correct horse")
    get_user_model().objects.bulk_create(
        get_user_model()(username=f"user{number}", email=email, password=encoded) for number, email in enumerate(emails)
    )
    return list(get_user_model().objects.order_by("pk"))


def run(*options: str) -> dict[str, Any]:
    said = StringIO()
    call_command("import_emails", *options, "--json", stdout=said)
    return dict(json.loads(said.getvalue()))


def test_users_log_in_and_recover_by_their_address_then(site: Site) -> None:
    users("Ada@Example.com", "grace@example.com")
    before = list(get_user_model().objects.order_by("pk").values())
    assert site.login() == "invalid_credentials"
    assert run("--verified", "--batch-size", "1")["imported"] == 2
    assert site.login() == "ok"
    site.carry(flows.request_password_reset, email="GRACE@example.com")
    assert [sent.to for sent in site.mails()] == [["grace@example.com"]]
    get_user_model().objects.update(last_login=None)
    assert list(get_user_model().objects.order_by("pk").values()) == before


def test_it_may_be_run_again(site: Site) -> None:
    users("ada@example.com")
    assert [run("--verified")["imported"] for _ in range(2)] == [1, 0]


def test_E04_addresses_that_users_share_are_reported_and_not_imported(site: Site) -> None:
    made = users("ada@example.com", "ADA@example.com", "ada@example.com", "bob@example.com", "no address", "")
    told = run("--verified")
    key = [str(user.pk) for user in made]
    assert told == {
        "imported": 1,
        "dry_run": False,
        "collisions": key[:3],
        "no_address": [key[4]],
        "empty": [key[5]],
    }
    assert EmailAddress.objects.get().canonical == "bob@example.com"


def test_E04_what_only_unicode_tells_apart_collides_too(site: Site) -> None:
    made = users("ada@example.com", "ａda@example.com", "STRASSE@example.com", "straße@example.com", "Ä@b.de", "ä@b.de")
    told = run("--verified", "--batch-size", "1")
    assert (told["imported"], told["collisions"]) == (0, [str(user.pk) for user in made])
    assert not EmailAddress.objects.exists()


def test_somebody_who_registers_meanwhile_has_the_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made = users("ada@example.com", "bob@example.com")
    importer = Importer(column="email", verified=True)
    rows = [EmailAddress(user_id=one.pk, address=one.email, canonical=one.email) for one in made]
    EmailAddress.objects.create(user_id=made[0].pk, address="ada@example.com", canonical="ada@example.com")
    importer._create(rows)
    assert (importer.imported, importer.collisions) == (1, [str(made[0].pk)])
    with pytest.raises(IntegrityError):
        EmailAddress.objects.create(user_id=made[1].pk, address="x", canonical="x")


def test_which_are_verified_is_said(site: Site) -> None:
    users("ada@example.com", "bob@example.com")
    get_user_model().objects.filter(username="user1").update(is_staff=True)
    run("--verified-field", "is_staff")
    rows = dict(EmailAddress.objects.values_list("canonical", "verified_at"))
    assert (rows["ada@example.com"] is None, rows["bob@example.com"] is None) == (True, False)


def test_a_dry_run_writes_nothing(site: Site) -> None:
    users("ada@example.com", "ADA@example.com", "bob@example.com", "nothing")
    said = StringIO()
    call_command("import_emails", "--unverified", "--dry-run", stdout=said)
    assert "Would import 1 addresses." in said.getvalue()
    assert "2 users share an address" in said.getvalue()
    assert not EmailAddress.objects.exists()


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--verified", "--unverified"],
        ["--verified", "--field", "nickname"],
        ["--verified", "--field", "groups"],
        ["--verified-field", "nickname"],
        ["--verified", "--batch-size", "0"],
    ],
)
def test_options_that_make_no_sense(site: Site, options: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("import_emails", *options)


class TestOwnColumn:
    """Where the user model keeps addresses, they are found in their canonical form."""

    @pytest.fixture(autouse=True)
    def own(self, site: Site) -> None:
        site.configure(EMAIL_FIELD="email", EMAIL_VERIFIED_FIELD="is_active")

    @pytest.mark.parametrize("option", ["--verified", "--unverified", "--verified-field=is_staff", "--field=email"])
    def test_there_is_nothing_to_import(self, option: str) -> None:
        with pytest.raises(CommandError, match="EMAIL_FIELD"):
            call_command("import_emails", option)

    def test_E04_other_forms_are_reported_and_rewritten(self, site: Site, database: str) -> None:
        emails = (
            "Ada@Example.com",
            "bob@example.com",
            "Eve@example.com",
            "eve@EXAMPLE.com",
            "no address",
            "",
            "Ä@b.de",
        )
        keys = [str(user.pk) for user in users(*emails)]
        assert [one.id for one in check_stored_addresses(databases=[database])] == ["ferrauth.W005"]
        told = {
            "not_canonical": [keys[0], keys[6]],
            "collisions": keys[2:4],
            "no_address": [keys[4]],
            "empty": [keys[5]],
        }
        assert run() == {"rewritten": 2, "dry_run": True, **told}
        assert run("--rewrite", "--dry-run")["dry_run"] is True
        assert [user.email for user in get_user_model().objects.order_by("pk")] == list(emails)
        assert run("--rewrite", "--batch-size", "2") == {"rewritten": 2, "dry_run": False, **told}
        canonical = ("ada@example.com", *emails[1:6], "ä@b.de")
        assert [user.email for user in get_user_model().objects.order_by("pk")] == list(canonical)
        site.carry(flows.request_password_reset, email="ADA@example.com")
        assert [sent.to for sent in site.mails()] == [["ada@example.com"]]
        said = StringIO()
        call_command("import_emails", stdout=said)
        assert "Would rewrite 0 addresses.\n2 users share an address" in said.getvalue()

    def test_W005_is_asked_of_the_database_only(self, site: Site, database: str) -> None:
        users("Ada@example.com")
        assert not check_stored_addresses()
        get_user_model().objects.update(email="ada@example.com")
        assert not check_stored_addresses(databases=[database])
        site.configure()
        get_user_model().objects.update(email="Ada@example.com")
        assert not check_stored_addresses(databases=[database])

    def test_what_changes_meanwhile_is_left(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        [ada] = users("Ada@example.com")
        rewriter = Rewriter(column="email")
        get_user_model().objects.update(email="Other@example.com")
        rewriter._deal_with([(ada.pk, "Ada@example.com")])
        assert (rewriter.rewritten, get_user_model().objects.get().email) == (0, "Other@example.com")


def test_rewriting_is_for_the_user_models_own_column(site: Site) -> None:
    with pytest.raises(CommandError, match="EMAIL_FIELD"):
        call_command("import_emails", "--verified", "--rewrite")
