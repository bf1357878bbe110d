"""The database: one pool a process, and one transaction at the boundary of a request or job.

Piccolo's tables use `ENGINE`. Hot reads and whatever an ORM can't say use `fetch` and its kin: plain SQL with `$1` placeholders on
the very same connection.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any, cast

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from mingxun.kit.problems import Problem

if TYPE_CHECKING:
    from asyncpg import Connection, Record

# Piccolo's migrations look their engine up in a module of this name.
os.environ.setdefault("PICCOLO_CONF", "mingxun.kit.piccolo_conf")


class DatabaseAway(ConnectionError):
    """No connection to the database can be had. Says so where it is known: further up, an OSError might be any file's."""


class _Transaction(PostgresTransaction):
    """Piccolo's transaction, but its connection goes back to the pool whatever happens (its own keeps it when COMMIT fails)."""

    async def __aenter__(self) -> "_Transaction":
        if self.engine.pool is None:
            raise asyncpg.InterfaceError("the database is not open")
        self._pool = self.engine.pool
        try:
            self.connection = await self._pool.acquire(timeout=_PATIENCE)
        except OSError as error:  # a time-out is one, too
            raise DatabaseAway(str(error) or type(error).__name__) from error
        try:
            self.transaction = self.connection.transaction()
            await self.transaction.start()
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, kind: object, error: object, traceback: object) -> bool:
        self.engine.current_transaction.reset(self.context)
        try:
            if kind is None:
                await self.transaction.commit()
            elif not self.connection.is_closed():
                await self.transaction.rollback()
        finally:
            await self._give_back()
        return False

    async def _give_back(self) -> None:
        # The pool it came from: `engine.pool` may be another one, or none, while the service closes.
        await self._pool.release(self.connection)


class _Engine(PostgresEngine):
    """Piccolo's engine; its address comes when the installation is known, so nothing may connect at import."""

    async def check_version(self) -> None:
        """Looked at by `mingxun doctor` and at start instead."""


ENGINE = _Engine(config={}, extensions=())

_SIDE_SIZE = 2
_PATIENCE = 10.0
"""Seconds that a request waits for a connection; then it is told to come again, instead of waiting without end."""
_side: "asyncpg.Pool[Record] | None" = None
_CONSTRAINTS: dict[str, type[Problem]] = {}


def constraint(name: str, problem: type[Problem]) -> None:
    """Say which problem a violation of the database's constraint or unique index `name` means to a client."""
    _CONSTRAINTS[name] = problem


def discreet(error: BaseException) -> BaseException:
    """`error` without what the database quotes of the row: it is on its way into a log, where nothing personal may stand."""
    one: BaseException | None = error
    for _ in range(20):
        if one is None:
            break
        if isinstance(one, asyncpg.PostgresError):
            one.detail = None
        if isinstance(one, asyncpg.DataError):
            one.args = ("a value that the database can't take",)
        one = one.__cause__ or one.__context__
    return error


def problem_of(error: asyncpg.PostgresError) -> Problem | None:
    """The problem that a violated constraint was registered for, if it was."""
    name = getattr(error, "constraint_name", None)
    kind = _CONSTRAINTS.get(name) if name else None
    return kind() if kind else None


async def open_pool(dsn: str, *, size: int = 10, at_once: bool = True) -> None:
    """Connect this process to the database. Raises what asyncpg raises when it can't be reached.

    With `at_once` False nothing connects until the first transaction, so that a process may come up before its database does:
    until then its requests are told to come again.
    """
    global _side
    ENGINE.config = {"dsn": dsn}
    how: dict[str, Any] = {
        "command_timeout": 30,
        "timeout": 10,
        "server_settings": {"application_name": "mingxun", "timezone": "UTC", "jit": "off"},
    }
    _side = await asyncpg.create_pool(dsn, min_size=0, max_size=_SIDE_SIZE, **how)
    await ENGINE.start_connection_pool(min_size=min(2, size) if at_once else 0, max_size=size, **how)


async def close_pool() -> None:
    """Give all connections back; those still busy are cut after 5 seconds."""
    global _side
    pools = [pool for pool in (ENGINE.pool, _side) if pool is not None]
    ENGINE.pool = _side = None
    for pool in pools:
        try:
            async with asyncio.timeout(5):
                await pool.close()
        except TimeoutError:
            pool.terminate()


@contextlib.asynccontextmanager
async def apart() -> "AsyncIterator[Connection[Record]]":
    """A connection outside the request's transaction, for what must stay although the request is refused.

    It comes from a small pool of its own: were it the same one, requests that hold a connection and wait for a second could wait for ever.
    """
    if _side is None:
        raise RuntimeError("the database is not open")
    pool = _side
    try:
        own = await pool.acquire(timeout=_PATIENCE)
    except OSError as error:
        raise DatabaseAway(str(error) or type(error).__name__) from error
    try:
        yield cast("Connection[Record]", own)
    finally:
        await pool.release(own)


@contextlib.asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """One transaction, or a savepoint inside one that is open: an exception undoes just what was done within."""
    current = ENGINE.current_transaction.get()
    if current is None:
        async with _Transaction(ENGINE):
            yield
    else:
        async with current.connection.transaction():
            yield


def connection() -> "Connection[Record]":
    """The connection of the open transaction. Raises RuntimeError when there is none: a service never opens its own."""
    current = ENGINE.current_transaction.get()
    if current is None:
        raise RuntimeError("no transaction is open; the boundary of a request or job opens it")
    return cast("Connection[Record]", current.connection)


async def fetch(sql: str, *args: Any) -> "list[Record]":
    """All rows, in the open transaction."""
    return await connection().fetch(sql, *args)


async def fetch_row(sql: str, *args: Any) -> "Record | None":
    """The first row or None, in the open transaction."""
    return await connection().fetchrow(sql, *args)


async def fetch_value(sql: str, *args: Any) -> Any:
    """The first column of the first row or None, in the open transaction."""
    return await connection().fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> int:
    """Run a statement in the open transaction; how many rows it touched (0 where that has no meaning)."""
    status = await connection().execute(sql, *args)
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def execute_many(sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a statement for each row, pipelined, in the open transaction."""
    await connection().executemany(sql, rows)
