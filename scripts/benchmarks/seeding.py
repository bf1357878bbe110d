"""Rows in bulk, straight into the tables: measuring needs many, quickly."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mingxun.kit.database import execute, fetch, fetch_value
from tests.world import World


@dataclass(frozen=True, slots=True)
class Seeded:
    """A shift with one need, and what of it stands in statements."""

    shift: UUID
    need: UUID
    starts_at: datetime
    ends_at: datetime


def token(number: int) -> str:
    """The session token of the numbered volunteer."""
    return f"bench-{number}"


def token_hash(number: int) -> bytes:
    """As the database keeps it."""
    return hashlib.sha256(token(number).encode()).digest()


async def volunteers(world: World, count: int) -> list[UUID]:
    """So many signed-in volunteers, in the order of their numbers."""
    await execute(
        """INSERT INTO person (id, neighbourhood, name, phone, made_at)
           SELECT gen_random_uuid(), $1, '志愿者' || n, '+86' || (13000000000 + n), now() FROM generate_series(0, $2 - 1) n""",
        world.here.id,
        count,
    )
    await execute(
        """INSERT INTO account (person, phone, password_hash, made_at)
           SELECT id, phone, '!', now() FROM person WHERE neighbourhood = $1 AND name LIKE '志愿者%'""",
        world.here.id,
    )
    await execute(
        """INSERT INTO membership (id, neighbourhood, person, role, area, from_at)
           SELECT gen_random_uuid(), $1, id, 'volunteer', $1, now() - interval '1 day' FROM person WHERE neighbourhood = $1 AND name LIKE '志愿者%'""",
        world.here.id,
    )
    await execute(
        """INSERT INTO session (id, token_hash, person, device, created_at, last_seen_at, expires_at)
           SELECT gen_random_uuid(), sha256(convert_to('bench-' || substring(name FROM 4), 'UTF8')), id, 'bench', now(), now() + interval '1 day',
                  now() + interval '30 days'
           FROM person WHERE neighbourhood = $1 AND name LIKE '志愿者%'""",
        world.here.id,
    )
    rows = await fetch(
        "SELECT id FROM person WHERE neighbourhood = $1 AND name LIKE '志愿者%' ORDER BY substring(name FROM 4)::int",
        world.here.id,
    )
    return [row["id"] for row in rows]


async def location(world: World, name: str = "东门岗亭") -> UUID:
    """A location of the first neighbourhood, with a position and an active key."""
    made: UUID = await fetch_value(
        """INSERT INTO location (id, neighbourhood, area, plate, name, address, latitude, longitude, source_datum, fence_radius, key_version, made_at)
           VALUES (gen_random_uuid(), $1, $1, '01', $2, '', 31.14, 121.51, 'wgs84', 80, 1, now()) RETURNING id""",
        world.here.id,
        name,
    )
    await execute(
        "INSERT INTO location_key (location, neighbourhood, version, number, made_at) VALUES ($1, $2, 1, '408215', now())",
        made,
        world.here.id,
    )
    return made


async def shifts(world: World, place: UUID, count: int, *, maximum: int = 10) -> list[Seeded]:
    """So many coming shifts, one after another, ten minutes each, in their order."""
    await execute(
        """INSERT INTO shift (id, neighbourhood, kind, title, location, starts_at, ends_at, note, supports_property, state, made_by, version)
           SELECT gen_random_uuid(), $1, 'patrol', '小区巡逻 ' || n, $2, date_trunc('hour', now()) + interval '1 day' + n * interval '10 minutes',
                  date_trunc('hour', now()) + interval '1 day' + (n + 1) * interval '10 minutes', '', false, 'open', $3, 1
           FROM generate_series(0, $4 - 1) n""",
        world.here.id,
        place,
        world.here.coordinator.id,
        count,
    )
    await execute(
        """INSERT INTO need (id, neighbourhood, shift, position, role, minimum, desired, maximum)
           SELECT gen_random_uuid(), neighbourhood, id, 0, 'anyone', 1, least(4, $2), $2 FROM shift WHERE neighbourhood = $1""",
        world.here.id,
        maximum,
    )
    await execute("ANALYZE")
    rows = await fetch(
        "SELECT s.id AS shift, n.id AS need, s.starts_at, s.ends_at FROM need n JOIN shift s ON s.id = n.shift WHERE s.neighbourhood = $1 ORDER BY s.starts_at",
        world.here.id,
    )
    return [Seeded(**row) for row in rows]
