"""The query of every request that has a token, for a session and its user: compiled once, and not each time.

The queryset is what says what is asked. Django builds and compiles it in several times as long as the database needs to
answer it, and comes to the same text at every request, so :class:`Statement` keeps what the compiler made of it: the
text, the parameters but for the session's key, and which column is whose. It is executed on Django's own cursor, so
that query logs, ``execute_wrapper`` and transactions know of it; a user is made by its model's ``from_db``, of values
that the same converters have read.

It is kept only where it cannot be another one the next time. What a manager of the project's own asks is asked each
time, and compiled; where it comes to a text and parameters that have been seen, so does the rest. Else the queryset is
evaluated as it is, which is also what the tests hold the statement against.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet, FullResultSet, ValidationError
from django.core.signals import setting_changed
from django.db import connections
from django.db.models import F, Manager, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql import Query

from ferrauth.django.conf import get_settings
from ferrauth.django.models import RefreshSession
from ferrauth.django.transactions import alias
from ferrauth.django.users import all_users, first, user_filter

if TYPE_CHECKING:
    from collections.abc import Hashable

    from django.contrib.auth.base_user import AbstractBaseUser

    Found = tuple[AbstractBaseUser, dict[str, Any]]

__all__ = ["COLUMNS", "evaluate", "read", "statement"]

COLUMNS = tuple(field.name for field in RefreshSession._meta.concrete_fields if field.name != "user")
"""Of a session, by the names of their fields."""

_PREFIX = "ferrauth_session_"
"""Of the names under which a session's columns come beside a user's."""

_KEY: Any = RefreshSession._meta.pk

_NO_VALUE = (ValueError, ValidationError, OverflowError)
"""What fields raise where a value cannot be one of theirs: such a row is nobody's, as ``users.first`` has it."""

_CONSTANTS = (bool, int, str, type(None))
"""Types of values of ``USER_FILTER`` that mean the same at every request; a lazy one may not."""


OWN_LIMIT = 64
"""Statements of managers of the project's own that are kept: one that asks otherwise for each tenant has as many."""

_own: dict[Hashable, Statement | None] = {}

_UNSEEN: Any = object()
"""Of :data:`_own`, where ``None`` is a query that cannot be kept."""

_COMPARED = (bool, int, str, type(None), uuid.UUID)
"""Types of parameters whose text says all of them."""


def read(session_id: uuid.UUID) -> Found | None:
    """Return a session's user, and the session's columns by their names, in one query.

    The user comes from the users' default manager, so that what it hides is hidden.
    """
    found = statement()
    return evaluate(session_id) if found is None else found.execute(session_id)


def evaluate(session_id: uuid.UUID) -> Found | None:
    """As :func:`read`, by the queryset."""
    user = first(lambda: _queryset(all_users(), session_id))
    return None if user is None else (user, {name: user.__dict__.pop(_PREFIX + name) for name in COLUMNS})


def statement() -> Statement | None:
    """Return what the queryset comes to at this request, or ``None`` where only evaluating it can tell.

    A manager of the project's own may look at anything, such as the tenant that this request is for: what it asked once
    would show the next request another tenant's users. So it is called at every request.
    """
    model = get_user_model()
    manager: Any = model._default_manager
    kind: Any = type(manager)
    is_plain = (
        kind.get_queryset is Manager.get_queryset
        and kind.using is Manager.using
        and manager._queryset_class is QuerySet
    )
    if is_plain:
        return _compiled(model, alias())
    try:
        return _compiled_of(all_users())
    except _NO_VALUE:
        return None


@dataclass(frozen=True, eq=False)
class Statement:
    """The compiled query on one database."""

    alias: str
    model: Any
    sql: str
    before: tuple[Any, ...]
    """Parameters before the session's key."""
    after: tuple[Any, ...]
    converted: tuple[tuple[int, Any], ...]
    """Columns whose values are not as the database gives them, by their positions."""
    fields: tuple[str, ...]
    """Of the user, from the position ``start`` on."""
    start: int
    columns: tuple[tuple[str, int], ...]
    """Of the session."""

    def execute(self, session_id: uuid.UUID) -> Found | None:
        """Return what :func:`evaluate` does."""
        connection = connections[self.alias]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, (*self.before, _KEY.get_db_prep_value(session_id, connection), *self.after))
            row = cursor.fetchone()
        if row is None:
            return None
        try:
            return self._convert(list(row), connection)
        except _NO_VALUE:
            return None

    def _convert(self, row: list[Any], connection: Any) -> Found:
        for position, column in self.converted:
            # Those of the database are methods of a connection, and so of a thread: they are not kept.
            for convert in _converters(column, connection):
                row[position] = convert(row[position], column, connection)
        user = self.model.from_db(self.alias, [*self.fields], row[self.start : self.start + len(self.fields)])
        return user, {name: row[position] for name, position in self.columns}


@cache
def _compiled(model: Any, using: str) -> Statement | None:
    """Compile the query of a plain manager, which is the same at every request."""
    return _compile(model, using, all_users())


def _compiled_of(users: QuerySet[Any]) -> Statement | None:
    """Compile the query of these users, once for each text and parameters that they come to."""
    if not _is_told_by_its_text(users):
        return None
    key = _text_of(users)
    found = None if key is None else _own.get(key, _UNSEEN)
    if found is not _UNSEEN:
        return found
    found = _compile(users.model, users.db, users)
    if _text_of(users) != key:
        return None  # It is another one each time it is asked.
    if len(_own) >= OWN_LIMIT:
        _own.clear()
    _own[key] = found
    return found


def _is_told_by_its_text(users: QuerySet[Any]) -> bool:
    """Tell whether SQL and parameters are all that there is to a queryset, and the same methods refine it."""
    asked: Any = users
    query = asked.query
    return (
        type(users) is QuerySet
        and type(asked.query) is Query
        and asked._iterable_class is ModelIterable
        and asked._db is not None
        and asked._result_cache is None
        and getattr(asked, "_fetch_mode", None) is getattr(QuerySet(users.model), "_fetch_mode", None)
        and not (asked._prefetch_related_lookups or asked._known_related_objects or asked._fields)
        and not (query.annotations or query._filtered_relations or query.extra or query.extra_tables)
        and not (query.select_related or query.combinator)
        and query.deferred_loading == (frozenset(), True)
    )


def _text_of(users: QuerySet[Any]) -> Hashable | None:
    """Return what a queryset comes to now, or ``None`` where it has a value of a type that may compare as it likes."""
    try:
        # Of a copy: to be compiled leaves traces in a query.
        sql, params = users.all().query.get_compiler(users.db).as_sql()
    except (EmptyResultSet, FullResultSet):
        return None
    if not all(type(value) in _COMPARED for value in params):
        return None
    return (users.model, users.db, sql, tuple((type(value), str(value)) for value in params))


def _compile(model: Any, using: str, users: QuerySet[Any]) -> Statement | None:
    """Compile the query as :meth:`QuerySet.__iter__` would, for any session's key."""
    if not all(type(value) in _CONSTANTS for value in get_settings().user_filter.values()):
        return None
    any_key, connection = uuid.uuid4(), connections[using]
    try:
        compiler: Any = _queryset(users, any_key)[:1].query.get_compiler(using)
        sql, params = compiler.as_sql()
    except (EmptyResultSet, FullResultSet, *_NO_VALUE):
        return None
    places = [place for place, value in enumerate(params) if value == _KEY.get_db_prep_value(any_key, connection)]
    if len(places) != 1:
        return None
    selected = [column for column, _, _ in compiler.select]
    own = compiler.klass_info["select_fields"]
    start, end = own[0], own[-1] + 1
    return Statement(
        alias=using,
        model=model,
        sql=sql,
        before=tuple(params[: places[0]]),
        after=tuple(params[places[0] + 1 :]),
        converted=tuple((place, column) for place, column in enumerate(selected) if _converters(column, connection)),
        fields=tuple(column.target.attname for column in selected[start:end]),
        start=start,
        columns=tuple((name, compiler.annotation_col_map[_PREFIX + name]) for name in COLUMNS),
    )


def _converters(column: Any, connection: Any) -> list[Any]:
    """Return what makes Python values of a column's, as :meth:`SQLCompiler.get_converters` does."""
    found: list[Any] = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    return found


def _queryset(users: QuerySet[Any], session_id: uuid.UUID) -> QuerySet[AbstractBaseUser]:
    # One call of filter(), so that both conditions are about the same joined row.
    conditions = {**user_filter(), "ferrauth_session__id": session_id}
    refined: QuerySet[AbstractBaseUser] = users.filter(**conditions)
    return refined.annotate(**{_PREFIX + name: F(f"ferrauth_session__{name}") for name in COLUMNS})


def _forget(**kwargs: object) -> None:  # noqa: ARG001
    """Compile anew: what a statement is made of are settings, whichever has changed."""
    _compiled.cache_clear()
    _own.clear()


setting_changed.connect(_forget, dispatch_uid="ferrauth.session_query")
