"""The ceiling: the product's own statements, recorded once and run again by a bare handler.

What differs from request to request (ids, times, the session) is found in the recorded arguments and replaced.
"""

import datetime
import os
import pickle
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from litestar import Litestar, Request, Response, route

from mingxun.kit.ids import new_id


@dataclass(frozen=True)
class Statement:
    """One statement as the product ran it."""

    method: str
    sql: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Recording:
    """What one request ran, what it was given (values to be found in the arguments, by name), and what it answered."""

    statements: Sequence[Statement]
    inputs: dict[str, Any]
    reply: bytes


METHODS = ("execute", "fetch", "fetchrow", "fetchval", "fetchmany")


@contextmanager
def recorded() -> Any:
    """Every statement that this process runs with asyncpg meanwhile, in order."""
    statements: list[Statement] = []
    originals = {name: getattr(asyncpg.Connection, name) for name in METHODS}

    def watch(name: str) -> Callable[..., Any]:
        async def method(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
            statements.append(Statement(name, sql, arguments))
            return await originals[name](self, sql, *arguments, **options)

        return method

    for name in METHODS:
        setattr(asyncpg.Connection, name, watch(name))
    try:
        yield statements
    finally:
        for name, original in originals.items():
            setattr(asyncpg.Connection, name, original)


Make = Callable[[dict[str, Any], dict[UUID, UUID]], Any]


def _maker(value: Any, inputs: dict[str, Any]) -> Make:
    """How an argument is made for another request."""
    for name, given in inputs.items():
        if _kind(value) is _kind(given) and value == given:
            return lambda request, made, name=name: request[name]  # type: ignore[misc]
        if isinstance(value, bytes) and isinstance(given, UUID) and value == given.bytes:
            return lambda request, made, name=name: request[name].bytes  # type: ignore[misc]
        if isinstance(value, str) and isinstance(given, UUID) and value == str(given):  # a lock's key, for one
            return lambda request, made, name=name: str(request[name])  # type: ignore[misc]
    if isinstance(value, UUID):
        if value.version == 7 and _is_fresh(value):
            return lambda request, made: made.setdefault(value, new_id())
        return lambda request, made: value
    if isinstance(value, bytes) and len(value) == 16 and _is_fresh(UUID(bytes=value)):
        own = UUID(bytes=value)
        return lambda request, made: made.setdefault(own, new_id()).bytes
    if isinstance(value, list) and any(isinstance(item, bytes | UUID) for item in value):
        makers = [_maker(item, inputs) for item in value]
        return lambda request, made: [make(request, made) for make in makers]
    if isinstance(value, str) and '"' in value:
        parts = {str(given): name for name, given in inputs.items() if isinstance(given, UUID) and str(given) in value}
        if parts:

            def text(request: dict[str, Any], made: dict[UUID, UUID]) -> str:
                changed = value
                for found, name in parts.items():
                    changed = changed.replace(found, str(request[name]))
                return changed

            return text
    return lambda request, made: value


def _kind(value: Any) -> type:
    """The driver has a UUID type of its own, which equals the standard one."""
    return UUID if isinstance(value, UUID) else type(value)


_STARTED = datetime.datetime.now(datetime.UTC).timestamp()


def _is_fresh(value: UUID) -> bool:
    """Made during the recording, not before it."""
    return value.version == 7 and value.int >> 80 >= int(float(os.environ.get("BENCH_RECORDED_AT", _STARTED)) * 1000)


def create_ceiling() -> Litestar:
    """For granian: the handler that replays the recording in $BENCH_RECORDING on $BENCH_DSN."""
    recording: Recording = pickle.loads(Path(os.environ["BENCH_RECORDING"]).read_bytes())  # noqa: S301 - our own file
    statements = [(s.method, s.sql, [_maker(value, recording.inputs) for value in s.arguments]) for s in recording.statements]
    kinds = {name: type(value) for name, value in recording.inputs.items()}
    reply = recording.reply

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=2, max_size=10) as pool:
            app.state.pool = pool
            yield

    @route("/", http_method=["GET", "POST"])
    async def replay(request: Request[Any, Any, Any]) -> Response[bytes]:
        body = await request.body()
        values = {name: _as(kinds[name], text) for name, text in msgspec.json.decode(body).items()} if body else {}
        made: dict[UUID, UUID] = {}
        async with request.app.state.pool.acquire() as connection:
            for method, sql, makers in statements:
                await getattr(connection, method)(sql, *[make(values, made) for make in makers])
        return Response(reply, media_type="application/json")

    return Litestar([replay], lifespan=[lifespan], logging_config=None, openapi_config=None)


def _as(kind: type, text: str) -> Any:
    if issubclass(kind, UUID):
        return UUID(text)
    if issubclass(kind, datetime.datetime):
        return datetime.datetime.fromisoformat(text)
    return bytes.fromhex(text) if kind is bytes else text
