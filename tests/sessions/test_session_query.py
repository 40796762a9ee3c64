"""The compiled query of a session and its user, held against the queryset that it was compiled of."""

from __future__ import annotations

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import UserManager
from django.db import connections, models
from django.test.utils import CaptureQueriesContext
from django.utils.functional import lazy

from ferrauth.django import session_query
from ferrauth.django.models import RefreshSession
from ferrauth.django.session_query import COLUMNS, Statement, evaluate, read, statement
from ferrauth.django.tokens import generate_tokens, get_user_from_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def stored(user: Any) -> Any:
    """Store a user and a session no two columns of which are alike, so that none can be taken for another."""
    fields = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "is_staff": True,
        "last_login": START - timedelta(days=1),
        "date_joined": START - timedelta(days=2),
    }
    get_user_model().objects.filter(pk=user.pk).update(**fields)
    texts = ("password_stamp", "revoked_reason", "user_agent", "address", "network", "label")
    times = ("created_at", "rotated_at", "idle_expires_at", "absolute_expires_at", "revoked_at", "keep_until")
    return RefreshSession.objects.create(
        user=user,
        generation=2**40,
        repeats=7,
        **{name: name[:9] for name in texts},
        **{name: START + timedelta(hours=number) for number, name in enumerate(times)},
    )


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Keep no statement of another test's managers."""
    session_query._forget()
    yield
    session_query._forget()


def compiled() -> Statement:
    """Return the statement, which there must be."""
    found = statement()
    assert found is not None
    return found


def shown(found: Any) -> Any:
    """Return all that can be told of what was read, values with their types."""
    user, columns = found
    values = {name: value for name, value in vars(user).items() if name != "_state"}
    state = user._state.db, user._state.adding, user.get_deferred_fields()
    return type(user), repr(values), state, repr(columns)


def test_every_column_is_as_the_queryset_reads_it(stored: Any) -> None:
    found = compiled().execute(stored.pk)
    assert found is not None
    assert shown(found) == shown(evaluate(stored.pk))
    assert found[1] == {name: getattr(stored, name) for name in COLUMNS}
    for field in get_user_model()._meta.concrete_fields:
        assert getattr(found[0], field.attname) == getattr(get_user_model().objects.get(), field.attname)


def test_empty_columns_are_too(stored: Any) -> None:
    RefreshSession.objects.update(revoked_at=None, keep_until=None, label="")
    get_user_model().objects.update(last_login=None, first_name="")
    assert shown(compiled().execute(stored.pk)) == shown(evaluate(stored.pk))


def test_the_user_can_be_saved(stored: Any) -> None:
    user, _ = compiled().execute(stored.pk)  # type: ignore[misc]
    user.first_name = "Augusta"
    user.save(update_fields=["first_name"])
    assert get_user_model().objects.get().first_name == "Augusta"


def test_nobody_is_nobody(stored: Any) -> None:
    assert compiled().execute(uuid.uuid4()) is None
    get_user_model().objects.update(is_active=False)
    assert compiled().execute(stored.pk) is None
    assert evaluate(stored.pk) is None


def test_it_is_the_querysets_own_text_and_parameters(stored: Any, database: str) -> None:
    with CaptureQueriesContext(connections[database]) as captured:
        compiled().execute(stored.pk)
        evaluate(stored.pk)
    first, second = (query["sql"] for query in captured.captured_queries)
    assert first == second


def test_a_request_is_one_query_that_is_counted(user: Any, database: str) -> None:
    access = generate_tokens(user).access
    with CaptureQueriesContext(connections[database]) as captured:
        assert get_user_from_token(access) == user
    assert len(captured) == 1


def test_whoever_wraps_execution_is_asked(stored: Any, database: str) -> None:
    seen: list[tuple[str, bool, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append((sql, many, context["connection"]))
        return execute(sql, params, many, context)

    def forbid(*arguments: object) -> None:
        raise RuntimeError("no query here")

    connection = connections[database]
    with connection.execute_wrapper(note):
        read(stored.pk)
    assert seen == [(compiled().sql, False, connection)]
    with connection.execute_wrapper(forbid), pytest.raises(RuntimeError, match="no query"):
        read(stored.pk)


def test_it_belongs_to_no_thread(stored: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(statement).result()
        pool.submit(connections.close_all).result()
    assert made is statement()
    assert shown(compiled().execute(stored.pk)) == shown(evaluate(stored.pk))


def test_each_database_has_its_own(user: Any, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = compiled()
    assert here.alias == database
    other = next(name for name in ("default", "postgresql") if name != database)
    with monkeypatch.context() as patch:
        patch.setattr("tests.databases.OneDatabase.current", other)
        assert compiled().alias == other
    assert compiled() is here


def hiding() -> models.Manager[Any]:
    class Hiding(UserManager):  # type: ignore[type-arg]
        def get_queryset(self) -> Any:
            return super().get_queryset().exclude(username="ada")

    return Hiding()


def querying() -> models.Manager[Any]:
    class Query(models.QuerySet):  # type: ignore[type-arg]
        def filter(self, *conditions: Any, **named: Any) -> Any:
            return super().filter(*conditions, **named).exclude(username="ada")

    return UserManager.from_queryset(Query)()


def using() -> models.Manager[Any]:
    class Using(UserManager):  # type: ignore[type-arg]
        def using(self, name: str | None) -> Any:
            return super().using(name).exclude(username="ada")

    return Using()


def replace_manager(monkeypatch: pytest.MonkeyPatch, manager: Any) -> None:
    """Give the user model another default manager."""
    manager.model = get_user_model()
    monkeypatch.setattr(get_user_model()._meta, "default_manager", manager)


@pytest.mark.parametrize(("make", "is_compiled"), [(hiding, True), (querying, False), (using, True)])
def test_whom_a_manager_of_the_projects_own_hides_is_hidden(
    stored: Any, make: Callable[[], Any], is_compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(stored.pk) is not None
    replace_manager(monkeypatch, make())
    assert (statement() is not None) == is_compiled
    assert read(stored.pk) is None
    get_user_model()._base_manager.update(username="grace")
    assert shown(read(stored.pk)) == shown(evaluate(stored.pk))


def test_a_manager_that_asks_otherwise_for_each_tenant_is_asked_each_time(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = ""

    class OfTenant(UserManager):  # type: ignore[type-arg]
        def get_queryset(self) -> Any:
            return super().get_queryset().filter(last_name=tenant)

    replace_manager(monkeypatch, OfTenant())
    for name in ["Lovelace", "Hopper", "Lovelace", "Hopper"]:
        tenant = name
        assert (read(stored.pk) is not None) == (name == "Lovelace")
    assert len(session_query._own) == 2


def managing(says: Callable[[], str]) -> models.Manager[Any]:
    """Return a manager whose condition is an expression that is equal each time and says something else."""

    class Said(models.Func):
        output_field = models.CharField()

        def as_sql(self, *arguments: Any, **more: Any) -> Any:
            return "%s", [says()]

    class Manager(UserManager):  # type: ignore[type-arg]
        def get_queryset(self) -> Any:
            return super().get_queryset().filter(last_name=Said())

    return Manager()


def test_an_expression_that_is_another_at_each_request_is_asked_each_time(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = ""
    replace_manager(monkeypatch, managing(lambda: tenant))
    for name in ["Lovelace", "Hopper", "Lovelace", "Hopper"]:
        tenant = name
        assert (read(stored.pk) is not None) == (name == "Lovelace")


def test_one_that_is_another_at_each_look_is_never_compiled(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_manager(monkeypatch, managing(map(str, itertools.count()).__next__))
    assert statement() is None
    assert not session_query._own


@pytest.mark.parametrize(
    "more",
    [
        lambda users: users.annotate(more=models.Value(1)),
        lambda users: users.annotate(more=models.FilteredRelation("groups", condition=models.Q(groups__name="a"))),
        lambda users: users.extra(select={"more": "1"}),
        lambda users: users.extra(tables=["ferrauth_refreshsession"], where=["ferrauth_refreshsession.network <> ''"]),
        lambda users: users.prefetch_related("groups"),
        lambda users: users.defer("first_name"),
        lambda users: users.union(users),
        lambda users: users.none(),
    ],
)
def test_what_a_text_does_not_tell_is_not_compiled(more: Any, monkeypatch: pytest.MonkeyPatch, stored: Any) -> None:
    class More(UserManager):  # type: ignore[type-arg]
        def get_queryset(self) -> Any:
            return more(super().get_queryset())

    replace_manager(monkeypatch, More())
    assert statement() is None


def test_a_manager_that_was_given_no_value_of_its_fields_finds_nobody(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OfTenant(UserManager):  # type: ignore[type-arg]
        def get_queryset(self) -> Any:
            return super().get_queryset().filter(pk="no key")

    replace_manager(monkeypatch, OfTenant())
    assert statement() is None
    assert read(stored.pk) is None


def test_to_look_at_a_query_leaves_no_trace_in_it(stored: Any) -> None:
    users = get_user_model()._default_manager.using(session_query.alias()).order_by()
    before = dict(vars(users.query))
    assert session_query._text_of(users) is not None
    assert vars(users.query) == before


def test_only_so_many_are_kept(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    names = itertools.count()

    class OfMany(UserManager):  # type: ignore[type-arg]
        def get_queryset(self) -> Any:
            return super().get_queryset().exclude(last_name=str(next(names)))

    replace_manager(monkeypatch, OfMany())
    for _ in range(2 * session_query.OWN_LIMIT):
        assert read(stored.pk) is not None
    assert 0 < len(session_query._own) <= session_query.OWN_LIMIT


def test_another_filter_is_another_statement(stored: Any, settings: Any) -> None:
    assert read(stored.pk) is not None
    settings.FERRAUTH = {"USER_FILTER": {"is_active": True, "is_staff": False, "first_name": "Ada"}}
    assert read(stored.pk) is None
    assert compiled().execute(stored.pk) is None
    settings.FERRAUTH = {"USER_FILTER": {"is_staff": True, "last_name": "Lovelace"}}
    assert shown(compiled().execute(stored.pk)) == shown(evaluate(stored.pk))
    settings.FERRAUTH = {"USER_FILTER": {}}
    assert shown(compiled().execute(stored.pk)) == shown(evaluate(stored.pk))


def test_a_filter_that_may_be_another_each_time_is_asked_each_time(stored: Any, settings: Any) -> None:
    names = iter(["Ada", "Grace"])
    settings.FERRAUTH = {"USER_FILTER": {"first_name": lazy(lambda: next(names), str)()}}
    assert statement() is None
    assert read(stored.pk) is not None
    assert read(stored.pk) is None


def test_a_value_that_no_field_can_have_is_nobodys(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(value: Any, *arguments: object) -> None:
        raise ValueError(value)

    monkeypatch.setattr(models.CharField, "from_db_value", refuse, raising=False)
    session_query._forget()
    assert evaluate(stored.pk) is None
    assert compiled().execute(stored.pk) is None
    session_query._forget()
