"""The connection to the database is lost while COMMIT is under way: nobody can tell what became of it, so trying again must be safe."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from asyncpg.transaction import Transaction

from mingxun.kit.database import fetch, fetch_value, transaction
from mingxun.kit.signing import Keys
from mingxun.places import load_location
from tests.checkins.scene import GATE, HOUR, add_location, add_shift, poster
from tests.conftest import TestClock
from tests.world import PASSWORD, Person, World, give_session

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]


@contextmanager
def lost_commit() -> Iterator[None]:
    """The next COMMIT of this process reaches the database, and its answer never comes back."""
    commit = Transaction.commit
    lost: list[Transaction] = []

    async def cut(self: Any) -> None:
        await commit(self)
        if not lost:
            lost.append(self)
            self._connection.terminate()
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    with mock.patch.object(Transaction, "commit", cut):
        yield
    assert lost, "something was committed"


@pytest.fixture
async def place(committed_database: str, world: World, clock: TestClock) -> tuple[str, str]:
    """A location's id, and tomorrow's shift there."""
    async with transaction():
        gate = await add_location(world.here, "东门", GATE, clock)
        shift = await add_shift(gate, clock.now() + 24 * HOUR, clock.now() + 25 * HOUR, by=world.here.coordinator)
    return str(gate.id), str(shift)


Write = tuple[str, str, dict[str, Any] | None, str | None]
"""Method, path, body, and the kind of fact that must be there once."""


async def _writes(world: World, clock: TestClock, keys: Keys, place: tuple[str, str]) -> list[Write]:
    """A write of each way to be retried: by key, by an id of the phone's, and by looking."""
    location, shift = place
    now = clock.now().isoformat()
    async with transaction():
        await give_session(world.here.volunteer.id, at=clock.now() - timedelta(days=1))
        other = await fetch_value("SELECT id FROM session WHERE person = $1 ORDER BY created_at LIMIT 1", world.here.volunteer.id)
        code = poster(await load_location(UUID(location)), keys)
    times = {"at": now, "sent_at": now, "device": "device-0001"}
    ticket = {"id": str(uuid4()), "category": "waste", "what": "垃圾满了", "seen_at": now}
    return [
        ("POST", f"/api/shifts/{shift}/sign-up", None, "signed_up"),
        ("POST", "/api/check-ins", {"id": str(uuid4()), "code": code, **times}, "checked_in"),
        ("POST", "/api/check-outs", {"id": str(uuid4()), **times}, "checked_out"),
        ("POST", f"/api/neighbourhoods/{world.here.id}/tickets", ticket, "ticket_opened"),
        ("PATCH", "/api/me", {"language": "en"}, "person_changed"),
        ("DELETE", f"/api/me/sessions/{other}", None, "session_ended"),
        ("PUT", "/api/me/password", {"current": PASSWORD, "new": "xin mi ma 9182"}, "password_changed"),
    ]


async def test_what_was_committed_without_an_answer_happens_once_however_often_it_is_tried(
    place: tuple[str, str], world: World, client_of: ClientOf, clock: TestClock, keys: Keys
) -> None:
    writes = await _writes(world, clock, keys, place)
    async with transaction():
        client = await client_of(world.here.volunteer)
    for method, path, body, kind in writes:
        headers = {"Idempotency-Key": str(uuid4())}
        with lost_commit():
            unsure = await client.request(method, path, json=body, headers=headers)
        assert (unsure.status_code, unsure.json()["type"]) == (503, "/problems/unavailable"), path
        assert unsure.headers["retry-after"]
        again = await client.request(method, path, json=body, headers=headers)
        assert again.status_code < 300, (path, again.text)
        async with transaction():
            rows = await fetch("SELECT id FROM fact WHERE kind = $1 AND actor = $2", kind, world.here.volunteer.id)
        assert len(rows) == 1, path
