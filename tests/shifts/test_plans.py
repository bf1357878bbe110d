"""What the lists cost when there is a hundred times as much: read from PostgreSQL's own plans."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from mingxun.kit.database import execute, fetch_value
from mingxun.kit.paging import Cursor
from mingxun.shifts.reading import MY_SHIFTS, shift_list_query
from tests.conftest import TestClock
from tests.shifts.given import a_location
from tests.world import World

SHIFTS, NEIGHBOURHOODS = 20_000, 50


@pytest.fixture
async def many(world: World, clock: TestClock, db: None) -> UUID:
    """20,000 shifts in 50 neighbourhoods over a year, one need and one person each; the id of one in the middle of ours."""
    gate = await a_location(world.here, clock)
    await execute("SET LOCAL session_replication_role = replica")  # no triggers: 100,000 keys and counts need no looking up
    await execute(
        """INSERT INTO area (id, parent, kind, name, path, neighbourhood, made_at)
           SELECT id, $1, 'neighbourhood', id::text, ARRAY[$1::uuid, id], id, $2
           FROM (SELECT gen_random_uuid() AS id FROM generate_series(2, $3::integer)) made""",
        world.subdistrict.id,
        clock.now(),
        NEIGHBOURHOODS,
    )
    await execute(
        """INSERT INTO location (id, neighbourhood, area, plate, name, address, fence_radius, key_version, made_at)
           SELECT gen_random_uuid(), id, id, '77', '门', '', 80, 1, made_at FROM area
           WHERE kind = 'neighbourhood' AND id <> $1""",
        world.here.id,
    )
    await execute(
        """INSERT INTO shift
               (id, neighbourhood, kind, title, location, starts_at, ends_at, note, supports_property, state, made_by, version)
           SELECT gen_random_uuid(), l.neighbourhood, 'patrol', '巡逻', l.id, at, at + interval '2 h', '', false, 'open', $1, 1
           FROM location l, generate_series(0, $2::integer - 1) i,
                LATERAL (SELECT $3::timestamptz + i * interval '22 hours' AS at) t
           WHERE l.plate = '77' OR l.id = $4""",
        world.here.coordinator.id,
        SHIFTS // NEIGHBOURHOODS,
        clock.now() - timedelta(days=180),
        gate,
    )
    await execute(
        """INSERT INTO need (id, neighbourhood, shift, position, role, minimum, desired, maximum, taken)
           SELECT gen_random_uuid(), neighbourhood, id, 0, 'anyone', 1, 2, 4, 1 FROM shift""",
    )
    await execute(
        """INSERT INTO person (id, neighbourhood, name, made_at)
           SELECT gen_random_uuid(), id, '志愿者', made_at FROM area WHERE kind = 'neighbourhood' AND id <> $1""",
        world.here.id,
    )
    await execute(
        """INSERT INTO assignment (id, neighbourhood, shift, need, person, starts_at, ends_at, state, assigned, made_by, made_at)
           SELECT gen_random_uuid(), s.neighbourhood, s.id, n.id, p.id, s.starts_at, s.ends_at, 'active', false, p.id, s.starts_at
           FROM shift s JOIN need n ON n.shift = s.id
           JOIN person p ON p.neighbourhood = s.neighbourhood AND (p.name = '志愿者' OR p.id = $1)""",
        world.here.volunteer.id,
    )
    await execute("SET LOCAL session_replication_role = origin")
    for table in ("area", "location", "person", "shift", "need", "assignment"):
        await execute(f"ANALYZE {table}")
    found: UUID = await fetch_value(
        "SELECT id FROM shift WHERE neighbourhood = $1 ORDER BY starts_at OFFSET 200 LIMIT 1", world.here.id
    )
    return found


async def plan_of(sql: str, *args: Any) -> tuple[set[str], set[str], float]:
    """The indexes that a statement uses, the tables that it reads from end to end, and the rows that it looked at."""
    text = await fetch_value(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *args)
    indexes, whole, looked_at = set(), set(), 0.0

    def walk(node: dict[str, Any]) -> None:
        nonlocal looked_at
        if "Index Name" in node:
            indexes.add(node["Index Name"])
        if node["Node Type"] == "Seq Scan":
            whole.add(node["Relation Name"])
        if "Scan" in node["Node Type"]:
            looked_at += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for child in node.get("Plans", ()):
            walk(child)

    walk(json.loads(text)[0]["Plan"])
    return indexes, whole, looked_at


@pytest.mark.parametrize(("page", "most"), [("first", 400), ("far", 400), ("by location", 900)])
async def test_a_page_of_a_neighbourhoods_shifts_is_read_through_its_index(
    page: str, most: int, many: UUID, world: World, clock: TestClock
) -> None:
    here = await fetch_value("SELECT location FROM shift WHERE id = $1", many)
    starts_at = await fetch_value("SELECT starts_at FROM shift WHERE id = $1", many)
    sql, args = shift_list_query(
        world.here.id,
        reader=world.here.volunteer.id,
        since=clock.now() - timedelta(days=90),
        until=clock.now() + timedelta(days=180),
        kind=None,
        location=here if page == "by location" else None,
        state=None,
        cursor=Cursor.encode(starts_at, many) if page == "far" else None,
        limit=50,
    )
    indexes, whole, looked_at = await plan_of(sql, *args)
    assert indexes & {"shift_neighbourhood", "shift_location_starts_at"}
    assert not whole & {"shift", "need", "assignment"}
    assert looked_at < most


async def test_a_page_of_ones_own_shifts_is_read_through_its_index(many: UUID, world: World, clock: TestClock) -> None:
    indexes, whole, looked_at = await plan_of(
        MY_SHIFTS, world.here.volunteer.id, clock.now() - timedelta(days=30), None, None, None, 51
    )
    assert "assignment_person" in indexes
    assert not whole & {"shift", "need", "assignment"}
    assert looked_at < 400
