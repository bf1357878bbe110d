"""Places, shifts and phones for the tests of presence."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.signing import Keys
from mingxun.places import Location
from mingxun.places.codes import code_url, mint_poster, mint_rotating, step_at
from mingxun.places.schemas import CreateLocation, Position
from mingxun.places.service import create_location
from tests.world import Neighbourhood, Person

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GATE = (31.1400, 121.5100)
"""WGS-84, near Dongming Road."""
GARDEN = (31.1500, 121.5100)
"""1.1 km north of it."""

_counter = itertools.count(1)


async def add_location(place: Neighbourhood, name: str, position: tuple[float, float] | None, clock: Clock) -> Location:
    wanted = CreateLocation(
        area=place.id, name=name, position=None if position is None else Position(latitude=position[0], longitude=position[1])
    )
    return await create_location(place.id, wanted, actor=place.coordinator.id, clock=clock)


async def add_shift(
    location: Location,
    starts_at: datetime,
    ends_at: datetime,
    people: Iterable[Person] = (),
    *,
    maximum: int = 3,
    minimum: int = 1,
    title: str = "夜间巡逻",
    by: Person,
) -> UUID:
    shift, need = new_id(), new_id()
    people = list(people)
    await execute(
        """INSERT INTO shift (
               id, neighbourhood, kind, title, location, starts_at, ends_at, note, supports_property, state, made_by, version)
           VALUES ($1, $2, 'patrol', $3, $4, $5, $6, '', false, 'open', $7, 1)""",
        shift,
        location.neighbourhood,
        title,
        location.id,
        starts_at,
        ends_at,
        by.id,
    )
    await execute(
        """INSERT INTO need (id, neighbourhood, shift, position, role, minimum, desired, maximum)
           VALUES ($1, $2, $3, 0, 'anyone', $4, $4, $5)""",
        need,
        location.neighbourhood,
        shift,
        minimum,
        maximum,
    )
    for person in people:
        await execute(
            """INSERT INTO assignment (
                   id, neighbourhood, shift, need, person, starts_at, ends_at, state, assigned, made_by, made_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', true, $8, $6)""",
            new_id(),
            location.neighbourhood,
            shift,
            need,
            person.id,
            starts_at,
            ends_at,
            by.id,
        )
    return shift


@dataclass
class Phone:
    """A phone in somebody's hand, with a clock that may be `off`, and perhaps without network."""

    client: httpx.AsyncClient
    clock: Clock
    off: timedelta = timedelta(0)
    device: str = field(default_factory=lambda: f"device-{next(_counter):08d}")

    def body(self, code: str | None, *, ago: timedelta = timedelta(0), **more: Any) -> dict[str, Any]:
        """What this phone sends now of a scan made `ago`."""
        now = self.clock.now()
        body = {
            "id": str(new_id()),
            "code": code,
            "at": (now - ago + self.off).isoformat(),
            "sent_at": (now + self.off).isoformat(),
            "device": self.device,
        }
        return {key: value for key, value in (body | more).items() if value is not None}

    async def check_in(self, code: str, **more: Any) -> httpx.Response:
        return await self.client.post("/api/check-ins", json=self.body(code, **more))

    async def check_out(self, code: str | None = None, **more: Any) -> httpx.Response:
        return await self.client.post("/api/check-outs", json=self.body(code, **more))


def poster(location: Location, keys: Keys) -> str:
    return code_url("http://mingxun.test", mint_poster(location.id, location.key_version, keys))


def tablet(location: Location, keys: Keys, at: datetime) -> str:
    return code_url("http://mingxun.test", mint_rotating(location.id, location.key_version, step_at(at), keys))


def position(where: tuple[float, float], accuracy: float = 10.0) -> dict[str, float]:
    return {"latitude": where[0], "longitude": where[1], "accuracy": accuracy}


async def evidence(attendance: str | UUID) -> list[dict[str, Any]]:
    rows = await fetch("SELECT * FROM evidence WHERE attendance = $1 ORDER BY received_at, at, id", UUID(str(attendance)))
    return [dict(row) for row in rows]


async def facts(subject: str | UUID) -> list[str]:
    return [row["kind"] for row in await fetch("SELECT kind FROM fact WHERE subject = $1 ORDER BY seq", UUID(str(subject)))]


async def rows_of(table: str) -> int:
    count: int = await fetch_value(f"SELECT count(*)::integer FROM {table}")
    return count


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def slug(answer: httpx.Response) -> str:
    kind: str = answer.json()["type"]
    return kind.removeprefix("/problems/")
