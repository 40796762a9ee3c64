"""A project with one of the user models lives through a session's life, and looks at the plan of the query.

Run as ``python -m tests.sessions.user_models.project MODEL``, with the database's settings as JSON on standard input;
with ``ids`` after it, the scenario is what tokens and answers say of who a user is.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from django.conf import settings

OTHERS = 3_000
"""Other users and sessions, so that a plan that reads a whole table is dearer than one by the keys."""


def main() -> None:
    """Run the scenario."""
    model, database = sys.argv[1], json.load(sys.stdin)
    settings.configure(
        SECRET_KEY="a secret of the tests, which is long enough for every rule that there is",
        USE_TZ=True,
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.contenttypes", "ferrauth.django", "tests.sessions.user_models"],
        AUTH_USER_MODEL=f"user_models.{model}",
        PASSWORD_HASHERS=["ferrauth.django.hashers.PBKDF2PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    check(tell_ids if sys.argv[2:] == ["ids"] else play)


def check(scenario: Any) -> None:
    """Run the scenario with cheap derivations."""
    from ferrauth.django.hashers import PBKDF2PasswordHasher

    PBKDF2PasswordHasher.iterations = 2_000
    scenario()
    print("ok")


def play() -> None:
    """Live through a session's life."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from ferrauth import passwords
    from ferrauth.accounts import flows
    from ferrauth.accounts.sessions import RequestFacts
    from ferrauth.django.conf import get_policy
    from ferrauth.django.models import RefreshSession
    from ferrauth.django.port import carry
    from ferrauth.django.tokens import get_user_from_token

    users, facts = get_user_model(), RequestFacts(user_agent="phone")
    user = users.objects.create(email="ada@example.com", password=passwords.make_password("secret", iterations=1_000))
    older = carry(flows.open_session(get_policy(), facts, user_id=str(user.pk)))
    pair = carry(flows.login(get_policy(), facts, identifier="ada@example.com", password="secret"))
    user.refresh_from_db()
    expect(user.password.split("$")[1] == "2000", "the row was upgraded")
    expect(get_user_from_token(older.access) == user, "an upgrade ends no session")
    pair = carry(flows.refresh(get_policy(), facts, pair.refresh))

    crowd(users, RefreshSession)
    with CaptureQueriesContext(connection) as captured:
        found = get_user_from_token(pair.access)
    expect(found == user and type(found) is users, "the token names the user")
    expect(len(captured.captured_queries) == 1, "one query")
    plan = explain(captured.captured_queries[0]["sql"])
    expect(not re.search(r"Seq Scan|^SCAN|\bSCAN TABLE", plan, re.MULTILINE), f"no table is scanned: {plan}")

    session = carry(flows.authenticate(get_policy(), pair.access)).session
    compare(session.id)
    change = flows.change_password(
        get_policy(), facts, user_id=str(user.pk), session_id=session.id, old="secret", new="better"
    )
    carry(change)
    expect(get_user_from_token(pair.access) == user, "the session that changed the password goes on")
    expect(get_user_from_token(older.access) is None, "the other has ended")
    users._base_manager.update(password="!")
    expect(get_user_from_token(pair.access) is None, "a change by SQL ends all")
    if hasattr(user, "deleted_at"):
        pair = carry(flows.open_session(get_policy(), facts, user_id=str(user.pk)))
        user.deleted_at = RefreshSession.objects.latest("created_at").created_at
        user.save()
        expect(get_user_from_token(pair.access) is None, "what the manager hides is hidden")
        user.deleted_at = None
        user.save()
    users._base_manager.get(pk=user.pk).delete()
    expect(not RefreshSession.objects.filter(pk=session.id).exists(), "the user's sessions are deleted with it")


def compare(session_id: Any) -> None:
    """Hold the compiled query against the queryset, also where a manager of the project's own hides users."""
    from ferrauth.django.session_query import evaluate, statement

    compiled = statement()
    assert compiled is not None
    read = [(type(user), vars(user), columns) for user, columns in (compiled.execute(session_id), evaluate(session_id))]
    states = [values.pop("_state") for _, values, _ in read]
    expect(repr(read[0]) == repr(read[1]), f"both read the same: {read}")
    expect(states[0].db == states[1].db and not states[0].adding, "and have it from the same database")


def tell_ids() -> None:
    """Look at everything that a client is told of a user."""
    from django.contrib.auth import get_user_model

    from ferrauth import hazmat, passwords
    from ferrauth.accounts import flows, schemas
    from ferrauth.accounts.sessions import RequestFacts
    from ferrauth.django.conf import get_policy
    from ferrauth.django.port import carry

    users, facts = get_user_model(), RequestFacts(user_agent="phone")
    for name in ("ada", "grace"):
        email, encoded = f"{name}@example.com", passwords.make_password("secret", iterations=1_000)
        user = users.objects.create(email=email, password=encoded)
        pair = carry(flows.login(get_policy(), facts, identifier=email, password="secret"))
        found = carry(flows.authenticate(get_policy(), pair.access))
        told = [schemas.AuthMe.model_validate(found.user.user)]
        told += [
            schemas.AuthSession.of(row, current=None)
            for row in carry(flows.list_sessions(get_policy(), user=found.user))
        ]
        expect(told[0].model_dump() == {"id": str(user.pk), "email": email}, "me is the key and the address")
        claims = [hazmat.decode_unverified(token) for token in (pair.access, pair.refresh)]
        expect([one["sub"] for one in claims] == [str(user.pk)] * 2, "the subject is the key, exactly")
        counted = {name for one in claims for name, value in one.items() if isinstance(value, int)}
        expect(counted <= {"iat", "exp", "nbf", "gen"}, f"no other number is in a token: {counted}")
        text = "".join(one.model_dump_json(exclude={"created_at", "last_used_at"}) for one in told)
        expect(not re.search(r"[:\[,]\d", text), f"no number is in an answer: {text}")


def crowd(users: Any, sessions: Any) -> None:
    """Fill the tables, and have the database count them."""
    import uuid

    from django.db import connection

    template = sessions.objects.first()
    owner = users._meta.get_field("password").model
    owner.objects.bulk_create(owner(email=f"user{number}@example.com") for number in range(OTHERS))
    if owner is not users:
        child, parent = users._meta.db_table, owner._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {child} (person_ptr_id, nickname) SELECT id, '' FROM {parent} WHERE email LIKE 'user%'"  # noqa: S608
            )
    rows = []
    for user in users.objects.exclude(pk=template.user_id):
        values = {field.attname: getattr(template, field.attname) for field in sessions._meta.concrete_fields}
        rows.append(sessions(**{**values, "id": uuid.uuid4(), "user_id": user.pk}))
    sessions.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def explain(sql: str) -> str:
    """Return the database's plan of a query."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def expect(holds: bool, what: str) -> None:
    """End the program where something does not hold."""
    if not holds:
        raise SystemExit(f"not so: {what}")


if __name__ == "__main__":
    main()
