"""Sessions in Django's database: what ends them, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import FieldError
from django.db import connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from ferrauth.accounts import flows, sessions
from ferrauth.accounts.errors import LoginFailed
from ferrauth.accounts.sessions import RETENTION, EndReason, RequestFacts
from ferrauth.django import rows
from ferrauth.django.conf import get_policy
from ferrauth.django.models import RefreshSession
from ferrauth.django.port import carry
from ferrauth.django.pruning import prune, prune_orphans
from ferrauth.django.tokens import decode_token, generate_tokens, get_user_from_token
from ferrauth.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from ferrauth.tokens import TokenPair

PHONE = RequestFacts(address="203.0.113.7", user_agent="phone")


def login(password: str = "correct horse", *, identifier: str = "ada") -> TokenPair:
    return carry(flows.login(get_policy(), PHONE, identifier=identifier, password=password))


def refresh(token: str, *, facts: RequestFacts = PHONE) -> TokenPair:
    return carry(flows.refresh(get_policy(), facts, token))


def session_of(pair: TokenPair) -> RefreshSession:
    return RefreshSession.objects.get(pk=decode_token(pair.access).sid)


class TestLogin:
    def test_a_row_a_login_and_no_token_in_it(self, user: Any) -> None:
        pair = login()
        row = session_of(pair)
        assert (row.generation, row.address, row.user_agent) == (0, "203.0.113.7", "phone")
        user.refresh_from_db()
        assert user.last_login >= row.created_at
        stored = {str(getattr(row, field.attname)) for field in RefreshSession._meta.concrete_fields}
        for token in (pair.access, pair.refresh):
            assert not stored & {token, *token.split("."), decode_jti(token)}

    def test_J109_no_token_in_the_database(self, user: Any, database: str) -> None:
        with CaptureQueriesContext(connections[database]) as captured:
            pair = refresh(login().refresh)
        text = " ".join(query["sql"] for query in captured.captured_queries)
        for token in (pair.access, pair.refresh):
            assert token.split(".")[2] not in text
            assert decode_jti(token) not in text

    @pytest.mark.parametrize("identifier", ["ada", "nobody", "", "x" * 10_000, "' OR 1=1 --", "ada\x00"])
    def test_wrong_logins_fail_alike(self, user: Any, identifier: str) -> None:
        with pytest.raises(LoginFailed):
            login("wrong", identifier=identifier)
        assert not RefreshSession.objects.exists()

    def test_J94_an_outdated_row_is_upgraded_and_sessions_live_on(self, user: Any) -> None:
        from ferrauth import passwords

        user.password = passwords.make_password("correct horse", iterations=1_000)
        user.save()
        older = generate_tokens(user)
        newer = login()
        user.refresh_from_db()
        assert user.password.split("$")[1] == str(passwords.DEFAULT_ITERATIONS)
        assert get_user_from_token(older.access) == get_user_from_token(newer.access) == user

    def test_J94_a_renewal_ends_no_session_and_overwrites_no_change(self, user: Any) -> None:
        pair, old = login(), user.password
        assert rows.renew_password(str(user.pk), old=old, new=make_password("correct horse"))
        assert get_user_from_token(pair.access) == user
        assert not rows.renew_password(str(user.pk), old=old, new=make_password("correct horse"))
        assert get_user_from_token(pair.access) == user

    def test_a_filter_on_what_is_no_column_is_an_error(self, user: Any) -> None:
        with override_settings(FERRAUTH={"USER_FILTER": {"is_actve": True}}), pytest.raises(FieldError):
            login()

    def test_max_sessions(self, user: Any) -> None:
        with override_settings(FERRAUTH={"MAX_SESSIONS": 2}):
            pairs = [login() for _ in range(3)]
        assert [get_user_from_token(pair.access) for pair in pairs] == [None, user, user]
        assert session_of(pairs[0]).revoked_reason == EndReason.TOO_MANY

    def test_what_a_login_reads_of_a_users_sessions_is_indexed_without_those_that_ended(
        self, user: Any, database: str
    ) -> None:
        with CaptureQueriesContext(connections[database]) as captured:
            login()
        (query,) = (one["sql"] for one in captured.captured_queries if "OFFSET" in one["sql"])
        with connections[database].cursor() as cursor:
            if connections[database].vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")  # The table is empty: reading it whole is cheapest.
                cursor.execute(f"EXPLAIN {query}")
            else:
                cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            plan = str(cursor.fetchall())
        assert "ferrauth_session_live" in plan


def decode_jti(token: str) -> str:
    for token_type in ("access", "refresh"):
        try:
            return decode_token(token, token_type).jti  # type: ignore[arg-type]
        except InvalidTokenError:
            continue
    raise AssertionError("neither kind of token")


class TestUse:
    def test_one_query(self, user: Any, database: str, django_assert_num_queries: Any) -> None:
        access = login().access
        with django_assert_num_queries(1, using=database):
            assert get_user_from_token(access) == user
        with django_assert_num_queries(0, using=database):
            assert get_user_from_token(access + "x") is None

    def test_the_user_is_as_any_other(self, user: Any) -> None:
        found = get_user_from_token(login().access)
        assert found is not None
        assert set(vars(found)) == set(vars(get_user_model().objects.get()))
        found.save()

    def test_J92_another_projects_token_is_refused(self, user: Any) -> None:
        access = login().access
        with override_settings(SECRET_KEY="the secret of another project " * 3):
            assert get_user_from_token(access) is None
        with override_settings(FERRAUTH={"ISSUER": "https://staging.example"}):
            assert get_user_from_token(access) is None

    def test_J97_privileges_are_read_from_the_row(self, user: Any) -> None:
        get_user_model().objects.update(is_staff=True)
        access = login().access
        get_user_model().objects.update(is_staff=False)
        found = get_user_from_token(access)
        assert found is not None
        assert not found.is_staff  # type: ignore[attr-defined]

    def test_a_token_without_a_session_is_refused(self, user: Any) -> None:
        from ferrauth.django.conf import get_issuer

        assert get_user_from_token(get_issuer().generate_tokens(str(user.pk)).access) is None

    @pytest.mark.parametrize("sid", ["", "x", "0" * 32, "{%s}", "urn:uuid:%s", "%s "])
    def test_a_session_id_has_one_spelling(self, user: Any, sid: str) -> None:
        from ferrauth.django.conf import get_issuer

        claims = decode_token(login().access)
        spelled = sid.replace("%s", claims.sid or "") or str(claims.sid).upper()
        forged = get_issuer().generate_tokens(claims.sub, sid=spelled, gen=0)
        assert get_user_from_token(forged.access) is None

    def test_J80_a_subject_is_the_exact_key(self, user: Any) -> None:
        from ferrauth.django.conf import get_issuer

        claims = decode_token(login().access)
        for subject in (f"0{user.pk}", f"+{user.pk}", f"{user.pk} ", f"{user.pk}.0", "x"):
            forged = get_issuer().generate_tokens(subject, sid=claims.sid, gen=0)
            assert get_user_from_token(forged.access) is None
            with pytest.raises(InvalidTokenError):
                refresh(forged.refresh)


class TestRotation:
    def test_rotate_repeat_replay(self, user: Any) -> None:
        first = login()
        second = refresh(first.refresh)
        again = refresh(first.refresh)
        for token_type in ("access", "refresh"):
            one, other = (
                decode_token(getattr(pair, token_type), token_type).to_dict()  # type: ignore[arg-type]
                for pair in (second, again)
            )
            assert one == other
        row = session_of(second)
        assert (row.generation, row.repeats) == (1, 1)
        third = refresh(again.refresh)
        assert session_of(third).repeats == 0
        with pytest.raises(InvalidTokenError):
            refresh(first.refresh)
        assert session_of(third).revoked_reason == EndReason.REPLAYED
        assert get_user_from_token(third.access) is None

    def test_the_update_names_columns_of_its_row_only(self, user: Any, database: str) -> None:
        pair = login()
        with CaptureQueriesContext(connections[database]) as captured:
            refresh(pair.refresh)
        (update,) = [query["sql"] for query in captured.captured_queries if query["sql"].startswith("UPDATE")]
        assert "SELECT" not in update
        assert "JOIN" not in update
        assert "auth_user" not in update

    def test_J90_an_access_token_does_not_refresh(self, user: Any) -> None:
        with pytest.raises(InvalidTokenError):
            refresh(login().access)

    def test_J100b_repeats_are_on_record(self, user: Any, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "ferrauth.audit")
        pair = login()
        refresh(pair.refresh)
        refresh(pair.refresh, facts=RequestFacts(address="198.51.100.9", user_agent="phone"))
        (record,) = [record for record in caplog.records if record.getMessage().startswith("refresh_repeated ")]
        assert record.levelname == "WARNING"
        assert record.ferrauth["address"] == "198.51.100.9"  # type: ignore[attr-defined]
        assert record.ferrauth["rotated_by"] == "203.0.113.7"  # type: ignore[attr-defined]
        assert pair.refresh not in caplog.text

    def test_a_user_agent_cannot_forge_a_line_of_the_log(self, user: Any, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "ferrauth.audit")
        facts = RequestFacts(user_agent="a\nlogin_succeeded {}\x85\u2028b")
        carry(flows.open_session(get_policy(), facts, user_id=str(user.pk)))
        assert all(len(record.getMessage().splitlines()) == 1 for record in caplog.records)


class TestRevocation:
    @pytest.mark.parametrize("path", ["set_password", "queryset", "admin form", "unusable"])
    def test_J93_a_password_change_by_any_path(self, user: Any, path: str) -> None:
        pair = login()
        if path == "set_password":
            user.set_password("better")
            user.save()
        elif path == "queryset":
            get_user_model().objects.update(password=make_password("better"))
        elif path == "unusable":
            get_user_model().objects.update(password=make_password(None))
        else:
            from django.contrib.auth.forms import AdminPasswordChangeForm

            form = AdminPasswordChangeForm(user, {"password1": "Xq7-better-one", "password2": "Xq7-better-one"})
            assert form.is_valid(), form.errors
            form.save()
        assert get_user_from_token(pair.access) is None
        with pytest.raises(InvalidTokenError):
            refresh(pair.refresh)

    def test_J93_the_same_password_again_is_a_change(self, user: Any) -> None:
        pair = login()
        user.set_password("correct horse")
        user.save()
        assert get_user_from_token(pair.access) is None

    def test_J93_the_flow_keeps_the_session_that_changed_it(self, user: Any) -> None:
        mine, other = login(), login()
        row = session_of(mine)
        flow = flows.change_password(
            get_policy(), PHONE, user_id=str(user.pk), session_id=row.pk, old="correct horse", new="Xq7-better-one"
        )
        carry(flow)
        assert get_user_from_token(mine.access) == user
        assert get_user_from_token(refresh(mine.refresh).access) == user
        assert get_user_from_token(other.access) is None
        assert session_of(other).revoked_reason == EndReason.PASSWORD_CHANGED

    @pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": True}])
    def test_J95_a_user_outside_the_filter(self, user: Any, change: dict[str, bool]) -> None:
        with override_settings(FERRAUTH={"USER_FILTER": {"is_active": True, "is_staff": False}}):
            pair = login()
            get_user_model().objects.update(**change)
            assert get_user_from_token(pair.access) is None
            with pytest.raises(InvalidTokenError):
                refresh(pair.refresh)
            with pytest.raises(LoginFailed):
                login()
            with pytest.raises(ValueError, match="may not log in"):
                generate_tokens(user)

    def test_J96_a_deleted_user_and_a_key_used_again(self, user: Any) -> None:
        pair, key = login(), user.pk
        row = session_of(pair)
        user.delete()
        assert not RefreshSession.objects.exists()
        row.save(force_insert=True)  # As when SQL deletes the user, past the cascade.
        assert get_user_from_token(pair.access) is None
        get_user_model().objects.create(pk=key, username="eve", password=make_password("correct horse"))
        assert get_user_from_token(pair.access) is None
        with pytest.raises(InvalidTokenError):
            refresh(pair.refresh)

    def test_J104_logout(self, user: Any, caplog: pytest.LogCaptureFixture) -> None:
        pair, other = login(), login()
        for _ in range(2):
            carry(flows.logout(get_policy(), PHONE, access=pair.access, refresh=None))
        assert get_user_from_token(pair.access) is None
        assert get_user_from_token(other.access) == user
        assert "revocation_unmatched" not in caplog.text

    def test_J105_a_revocation_without_a_row(self, user: Any, caplog: pytest.LogCaptureFixture) -> None:
        pair = login()
        RefreshSession.objects.all().delete()
        carry(flows.logout(get_policy(), PHONE, access=pair.access, refresh=None))
        assert "revocation_unmatched" in caplog.text

    def test_logout_all(self, user: Any) -> None:
        pairs = [login() for _ in range(3)]
        assert carry(flows.logout_all(get_policy(), PHONE, user_id=str(user.pk))) == 3
        assert not any(get_user_from_token(pair.access) for pair in pairs)

    def test_J107_nothing_is_kept_in_the_cache(self, user: Any) -> None:
        from django.core.cache import cache

        pair = login()
        carry(flows.logout(get_policy(), PHONE, access=None, refresh=pair.refresh))
        cache.clear()
        assert get_user_from_token(pair.access) is None
        with pytest.raises(InvalidTokenError):
            refresh(pair.refresh)

    def test_J103_expiry_is_checked_on_use(self, user: Any) -> None:
        pair = login()
        past = datetime.now(UTC) - timedelta(seconds=1)
        RefreshSession.objects.update(absolute_expires_at=past)
        assert get_user_from_token(pair.access) is None
        with pytest.raises(InvalidTokenError):
            refresh(pair.refresh)

    def test_J115_no_tokens_for_a_user_who_may_not_log_in(self, user: Any) -> None:
        get_user_model().objects.update(is_active=False)
        assert user.is_active  # The object in hand is stale; the row decides.
        with pytest.raises(ValueError, match="may not log in"):
            generate_tokens(user)
        with pytest.raises(ValueError, match="not saved"):
            generate_tokens(get_user_model()(username="new"))
        assert not RefreshSession.objects.exists()


class TestPruning:
    def test_what_ended_long_ago_goes_and_nothing_else(self, user: Any) -> None:
        now = datetime.now(UTC)
        long_ago, lately = now - RETENTION - timedelta(hours=1), now - timedelta(hours=1)
        rows = [session_of(generate_tokens(user)).pk for _ in range(6)]
        changes: list[dict[str, Any]] = [
            {"idle_expires_at": long_ago},
            {"revoked_at": long_ago},
            {"idle_expires_at": lately},
            {"revoked_at": lately},
            {"revoked_at": long_ago, "keep_until": now},
        ]
        for pk, change in zip(rows, changes, strict=False):
            RefreshSession.objects.filter(pk=pk).update(**change)
        assert prune(now, batch=1) == 1
        assert prune(now, batch=10) == 1
        assert prune(now, batch=10) == 0
        assert set(RefreshSession.objects.values_list("pk", flat=True)) == set(rows[2:])

    @pytest.mark.parametrize("every", [1, 2**128])
    def test_one_login_of_so_many_prunes(self, user: Any, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sessions, "PRUNE_EVERY", every)
        ended = session_of(generate_tokens(user)).pk
        RefreshSession.objects.update(revoked_at=datetime.now(UTC) - 2 * RETENTION)
        login()
        assert RefreshSession.objects.filter(pk=ended).exists() == (every > 1)

    def test_orphans(self, user: Any) -> None:
        orphan = session_of(generate_tokens(user))
        kept = orphan.pk
        orphan.pk, orphan.user_id = uuid.uuid4(), user.pk + 1
        orphan.save(force_insert=True)
        assert prune_orphans(batch=10) == 1
        assert RefreshSession.objects.get().pk == kept

    def test_command(self, user: Any, capsys: pytest.CaptureFixture[str]) -> None:
        from django.core.management import call_command

        for _ in range(5):
            generate_tokens(user)
        RefreshSession.objects.update(revoked_at=datetime.now(UTC) - 2 * RETENTION)
        call_command("prune_sessions", batch=2)
        assert "5 ended sessions" in capsys.readouterr().out
        assert not RefreshSession.objects.exists()
