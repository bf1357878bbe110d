"""Doing with tickets what people do with them, over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.conftest import TestClock
from tests.tickets.pictures import jpeg
from tests.world import Neighbourhood, Person, World

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]
Answer = dict[str, Any]


@dataclass
class Desk:
    """Whom a test asks to do something."""

    client_of: ClientOf
    world: World
    clock: TestClock

    @property
    def here(self) -> Neighbourhood:
        return self.world.here

    async def open(self, by: Person | None = None, *, at: Neighbourhood | None = None, **fields: Any) -> Answer:
        """Open a ticket; the answer must be good."""
        reply = await self.ask_open(by, at=at, **fields)
        assert reply.status_code == 201, reply.text
        found: Answer = reply.json()
        return found

    async def ask_open(self, by: Person | None = None, *, at: Neighbourhood | None = None, **fields: Any) -> httpx.Response:
        where = at or self.here
        client = await self.client_of(by or where.volunteer)
        body = {
            "id": str(uuid4()),
            "category": "waste",
            "what": "垃圾满出来，味道很大",
            "seen_at": "2026-09-16T09:48:00+08:00",
        } | fields
        return await client.post(f"/api/neighbourhoods/{where.id}/tickets", json=body)

    async def act(
        self, by: Person, ticket: Answer | str, act: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        """`act` is the last part of the path."""
        client = await self.client_of(by)
        identity = ticket if isinstance(ticket, str) else ticket["id"]
        path = f"/api/tickets/{identity}/{act}"
        if act == "claim":
            return await client.post(path, headers=headers)
        return await client.post(path, json=body, headers=headers)

    async def done(self, by: Person, ticket: Answer | str, act: str, **body: Any) -> Answer:
        """The same, and the answer must be good."""
        reply = await self.act(by, ticket, act, **body)
        assert reply.status_code == 200, reply.text
        found: Answer = reply.json()
        return found

    async def photo(self, by: Person, identity: UUID | None = None, *, seed: int = 0) -> str:
        """Upload a photo; its id."""
        client, photo = await self.client_of(by), identity or uuid4()
        reply = await client.put(f"/api/photos/{photo}", content=jpeg(seed=seed), headers={"Content-Type": "image/jpeg"})
        assert reply.status_code == 200, reply.text
        return str(photo)

    async def claimed(self) -> Answer:
        return await self.done(self.here.handler, await self.open(), "claim")

    async def resolved(self) -> Answer:
        photo = await self.photo(self.here.handler)
        return await self.done(self.here.handler, await self.claimed(), "resolution", photos=[photo], note="清运了")

    async def get(self, by: Person, ticket: Answer | str) -> httpx.Response:
        client = await self.client_of(by)
        return await client.get(f"/api/tickets/{ticket if isinstance(ticket, str) else ticket['id']}")

    async def list(self, by: Person, *, at: Neighbourhood | None = None, **query: Any) -> list[Answer]:
        client = await self.client_of(by)
        reply = await client.get(f"/api/neighbourhoods/{(at or self.here).id}/tickets", params=query)
        assert reply.status_code == 200, reply.text
        items: list[Answer] = reply.json()["items"]
        return items


@pytest.fixture
def desk(client_of: ClientOf, world: World, clock: TestClock) -> Desk:
    return Desk(client_of, world, clock)
