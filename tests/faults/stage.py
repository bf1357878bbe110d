"""Where promises are put to the test: one installation with two server processes, its people signed in, a place to serve at.

The tests of this folder share it; each makes what it needs (`every_write`) and relies on nothing that another left behind. No worker
runs, so whatever changes in the database was changed by a request.
"""

import asyncio
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import asyncpg
import httpx

from mingxun.kit import database
from mingxun.kit.ids import new_id
from mingxun.people.access import Role
from mingxun.places.codes import code_url, mint_poster
from tests.installation import Installation
from tests.tickets.pictures import jpeg
from tests.world import Person, World, add_membership, add_person, give_session

LONG = os.environ.get("MINGXUN_LONG_FAULTS") == "1"
"""Take the long form of each test."""
CROWD, PLANNERS = 200, 10
REMEMBERS_REQUESTS = {"idempotency_key", "rate_limit", "session"}
"""Tables that say which requests there were, not what they did."""


@dataclass(frozen=True)
class Someone:
    """A person who is signed in."""

    id: UUID
    name: str
    phone: str
    """E.164."""
    token: str
    """Of a session."""


@dataclass(frozen=True)
class Place:
    """Somewhere to check in."""

    id: str
    name: str
    code: str
    """What its poster says."""
    number: str
    """What one types instead."""


class Stage:
    """`await Stage.of(installation)`; `await close()`."""

    def __init__(self, installation: Installation, world: World, database_: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.installation = installation
        self.world = world
        self.database = database_
        """A connection of the test's own, that looks at what is committed."""
        self.ports = (installation.port, installation.port + 1)
        self.area = f"/api/neighbourhoods/{world.here.id}"
        self._clients = [
            httpx.AsyncClient(
                base_url=f"http://localhost:{port}",
                headers={"Origin": installation.url},
                timeout=30,
                limits=httpx.Limits(max_connections=100),
            )
            for port in self.ports
        ]
        self._count = itertools.count(1)
        self._crowd: Iterator[Someone] = iter(())
        self._planners: Iterator[Someone] = iter(())
        self.coordinator: Someone
        self.leader: Someone
        self.handler: Someone
        self.second_handler: Someone
        """Of the property company, as the first."""
        self.place: Place

    @classmethod
    async def of(cls, installation: Installation) -> Self:
        """Start everything on a new installation."""
        installation.start_database()
        world = await installation.prepare()
        for name in ("server 0", "server 1"):
            installation.start_server(name, port=installation.port + int(name[-1]))
        stage = cls(installation, world, await asyncpg.connect(installation.postgres.dsn))
        for port in stage.ports:
            await installation.wait_until_ready(port=port)
        await installation.in_database(stage._people)
        stage.place = await stage.new_place()
        return stage

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
        await self.database.close()

    async def _people(self) -> None:
        here, now = self.world.here, datetime.now(UTC)

        async def signed_in(person: Person) -> Someone:
            return Someone(person.id, person.name, person.phone, await give_session(person.id, at=now))

        async with database.transaction():
            self.coordinator = await signed_in(here.coordinator)
            self.leader = await signed_in(here.building_leader)
            self.handler = await signed_in(here.handler)
            second = await add_person("金师傅二", "+8619811000001", neighbourhood=here.id)
            await add_membership(second, Role.HANDLER, here.area, here.property)
            self.second_handler = await signed_in(second)
            crowd, planners = [], []
            for number in range(CROWD):
                person = await add_person(f"志愿者{number:03d}", f"+861981200{number:04d}", neighbourhood=here.id)
                await add_membership(person, Role.VOLUNTEER, here.area)
                crowd.append(await signed_in(person))
            for number in range(PLANNERS):
                person = await add_person(f"统筹员{number:03d}", f"+861981300{number:04d}", neighbourhood=here.id)
                await add_membership(person, Role.COORDINATOR, here.area)
                planners.append(await signed_in(person))
        self._crowd, self._planners = iter(crowd), iter(planners)

    # People, requests, what there is

    def someone_new(self) -> Someone:
        """A volunteer whom no other test knows."""
        return next(self._crowd)

    def coordinator_new(self) -> Someone:
        """A coordinator whom no other test knows."""
        return next(self._planners)

    def word(self) -> str:
        """A name that nothing has yet."""
        return f"第{next(self._count)}个"

    async def send(
        self,
        who: Someone | str | None,
        method: str,
        path: str,
        *,
        process: int = 0,
        headers: dict[str, str] | None = None,
        **how: Any,
    ) -> httpx.Response:
        """One request to one of the two processes, with nothing but what is said here."""
        token = who.token if isinstance(who, Someone) else who
        cookie = {"Cookie": f"mingxun={token}"} if token else {}
        client = self._clients[process]
        client.cookies.clear()
        return await client.request(method, path, headers={**cookie, **(headers or {})}, **how)

    def request(self, who: Someone, method: str, path: str, *, key: str | None = None, **how: Any) -> bytes:
        """The very bytes of a request, for tests that handle the connection themselves."""
        headers = {
            "Connection": "close",
            "Cookie": f"mingxun={who.token}",
            **({"Idempotency-Key": key} if key else {}),
            **how.pop("headers", {}),
        }
        built = self._clients[0].build_request(method, path, headers=headers, **how)
        lines = [
            f"{method} {built.url.raw_path.decode()} HTTP/1.1",
            *(f"{name}: {value}" for name, value in built.headers.items()),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + built.read()

    async def raw(self, request: bytes, *, process: int = 0) -> bytes:
        """The whole answer to these very bytes; the request must ask for the connection to be closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[process])
        try:
            writer.write(request)
            await writer.drain()
            return await asyncio.wait_for(reader.read(-1), 10)
        finally:
            writer.transport.abort()

    async def made(self, who: Someone, method: str, path: str, **how: Any) -> Any:
        """Like `send`, for what must go well."""
        reply = await self.send(who, method, path, **how)
        assert reply.is_success, (method, path, reply.text)
        return reply.json() if reply.content else None

    async def state(self) -> dict[str, str]:
        """A fingerprint of every table, queued jobs included, but for those that remember requests."""
        tables = [row[0] for row in await self.database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        kept = sorted(set(tables) - REMEMBERS_REQUESTS)
        each = " UNION ALL ".join(
            f"SELECT '{name}', count(*) || ' ' || coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') FROM \"{name}\" r"
            for name in kept
        )
        return {row[0]: row[1] for row in await self.database.fetch(each)}

    async def count(self, sql: str, *values: Any) -> int:
        return int(await self.database.fetchval(f"SELECT count(*) FROM {sql}", *values))

    # Things to do something with

    async def new_place(self, name: str | None = None) -> Place:
        called = name or f"{self.word()}岗亭"
        body = {"area": str(self.world.here.id), "name": called}
        made = await self.made(self.coordinator, "POST", f"{self.area}/locations", json=body)
        code = code_url(self.installation.url, mint_poster(UUID(made["id"]), 1, self.installation.keys))
        return Place(made["id"], called, code, made["number"])

    async def new_shift(self, *, begins_in: timedelta = timedelta(days=2), places: int = 5) -> str:
        """The id of a shift at the place."""
        return str(
            (await self.made(self.coordinator, "POST", f"{self.area}/shifts", json=self.shift_body(begins_in, places)))["id"]
        )

    def shift_body(self, begins_in: timedelta = timedelta(days=2), places: int = 5) -> dict[str, Any]:
        begins = datetime.now(UTC) + begins_in
        return {
            "kind": "patrol",
            "title": f"{self.word()}巡逻",
            "location": self.place.id,
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(hours=2)).isoformat(),
            "needs": [{"minimum": 1, "desired": places, "maximum": places}],
        }

    async def assign(self, shift: str, who: Someone) -> None:
        await self.made(self.coordinator, "POST", f"/api/shifts/{shift}/assignments", json={"person": str(who.id)})

    def scan_body(self, *, at: datetime | None = None, place: Place | None = None) -> dict[str, Any]:
        """A check-in or check-out of just now, by the place's code."""
        now = datetime.now(UTC)
        times = {"at": (at or now).isoformat(), "sent_at": now.isoformat()}
        return {"id": str(new_id()), "code": (place or self.place).code, "device": "device-of-a-test", **times}

    async def check_in(self, who: Someone) -> str:
        """The stay's id."""
        return str((await self.made(who, "POST", "/api/check-ins", json=self.scan_body()))["id"])

    def ticket_body(self, **more: Any) -> dict[str, Any]:
        """Of something for the property company."""
        seen = datetime.now(UTC).isoformat()
        return {"id": str(new_id()), "category": "waste", "what": f"{self.word()}桶满了", "seen_at": seen, **more}

    async def new_ticket(self, who: Someone | None = None) -> str:
        return str((await self.made(who or self.leader, "POST", f"{self.area}/tickets", json=self.ticket_body()))["id"])

    async def claimed_ticket(self) -> str:
        ticket = await self.new_ticket()
        await self.made(self.handler, "POST", f"/api/tickets/{ticket}/claim")
        return ticket

    async def resolved_ticket(self) -> str:
        ticket = await self.claimed_ticket()
        await self.made(
            self.handler, "POST", f"/api/tickets/{ticket}/resolution", json={"photos": [await self.new_photo(self.handler)]}
        )
        return ticket

    async def new_photo(self, who: Someone) -> str:
        """The id of one that has arrived."""
        photo = str(new_id())
        await self.made(who, "PUT", f"/api/photos/{photo}", content=self.picture(), headers={"Content-Type": "image/jpeg"})
        return photo

    def picture(self) -> bytes:
        """A photo whose bytes no other has."""
        return jpeg(seed=next(self._count))
