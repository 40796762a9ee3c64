"""Adding ferrauth to a project with a million users, beside writers of its user table, blocks none of them."""

from __future__ import annotations

import multiprocessing
import threading
import time
from typing import Any

import psycopg

from tests import services
from tests.faults import project

LOCK_TIMEOUT = "2s"
"""How long the migration may wait for any lock; the writer holds its own for longer."""
DATABASE = "ferrauth_million"
CONTEXT = multiprocessing.get_context("spawn")


def main(users: int) -> bool:
    """Migrate, print, and tell whether all is as it must be."""
    with psycopg.connect(services.dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")  # type: ignore[call-overload]
        connection.execute(f"CREATE DATABASE {DATABASE}")  # type: ignore[call-overload]
    database = {**services.postgres().django(), "NAME": DATABASE}
    queue: Any = CONTEXT.Queue()
    process = CONTEXT.Process(target=_migrate, args=(database, users, queue))
    process.start()
    process.join()
    if queue.empty():
        print("the migration failed")
        return False
    seconds, rewritten, waited = queue.get()
    print(f"{users:,} users: {seconds:.2f} s, user table rewritten: {rewritten}, writers waited {waited:.3f} s at most")
    return not rewritten and waited < 1


def _migrate(database: dict[str, object], users: int, queue: Any) -> None:
    project.configure(database)
    from django.core.management import call_command
    from django.db import connection, connections

    call_command("migrate", "auth", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff,"
            " is_active, date_joined)"
            " SELECT 'user' || n, '!', false, '', '', '', false, true, now() FROM generate_series(1, %s) n",
            [users],
        )
        before = _file(cursor)
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    stop, waits = threading.Event(), [0.0]

    def write() -> None:
        with connections["default"].cursor() as cursor:
            while not stop.is_set():
                started = time.monotonic()
                cursor.execute("UPDATE auth_user SET last_login = now() WHERE id = 1")
                waits.append(time.monotonic() - started)
        connections["default"].close()

    with psycopg.connect(**_arguments(database)) as holder:
        # An old writer, whose transaction is open all the time: a migration that needs the table would wait for it.
        holder.execute("UPDATE auth_user SET first_name = 'x' WHERE id = 2")
        writer = threading.Thread(target=write)
        writer.start()
        started = time.monotonic()
        call_command("migrate", verbosity=0)
        seconds = time.monotonic() - started
        stop.set()
        writer.join()
        holder.rollback()
    with connection.cursor() as cursor:
        queue.put((seconds, _file(cursor) != before, max(waits)))
    connection.close()


def _arguments(database: dict[str, object]) -> dict[str, Any]:
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    return {libpq: database[django] for django, libpq in names.items()}


def _file(cursor: Any) -> Any:
    """Return the file that holds the user table: a rewrite makes another."""
    cursor.execute("SELECT pg_relation_filenode('auth_user')")
    return cursor.fetchone()[0]
