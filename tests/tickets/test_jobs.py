"""What happens to tickets by the clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import aiohttp
import httpx

from mingxun.kit import database
from mingxun.kit.database import fetch
from mingxun.kit.jobs import JobContext
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.tickets import jobs
from tests.conftest import TestClock
from tests.tickets.conftest import ClientOf, Desk
from tests.world import World


async def overdue(ticket: str) -> list[str]:
    rows = await fetch(
        "SELECT data->>'deadline' AS d FROM fact WHERE kind = 'ticket_overdue' AND subject = $1::uuid ORDER BY seq", ticket
    )
    return [row["d"] for row in rows]


def context(desk_clock: TestClock, settings: Settings, keys: Keys) -> JobContext:
    return JobContext(settings=settings, keys=keys, clock=desk_clock, http=cast(aiohttp.ClientSession, None))


async def test_each_deadline_that_passes_is_said_once(desk: Desk, settings: Settings, keys: Keys) -> None:
    desk.clock.at = datetime(2026, 9, 16, 2, tzinfo=UTC)
    opened = await desk.open(urgency="urgent")
    run = context(desk.clock, settings, keys)
    await jobs.ticket_deadlines(b"", run)
    assert await overdue(opened["id"]) == []
    desk.clock.forward(timedelta(hours=1, seconds=1))
    await jobs.ticket_deadlines(b"", run)
    await jobs.ticket_deadlines(b"", run)
    assert await overdue(opened["id"]) == ["claim"]
    desk.clock.forward(timedelta(hours=5))
    await jobs.ticket_deadlines(b"", run)
    await jobs.ticket_deadlines(b"", run)
    assert await overdue(opened["id"]) == ["claim", "resolve"]


async def test_what_was_claimed_and_resolved_in_time_is_not_overdue(desk: Desk, settings: Settings, keys: Keys) -> None:
    desk.clock.at = datetime(2026, 9, 16, 2, tzinfo=UTC)
    resolved = await desk.resolved()
    desk.clock.forward(timedelta(days=9))
    await jobs.ticket_deadlines(b"", context(desk.clock, settings, keys))
    assert await overdue(resolved["id"]) == []


async def test_after_a_hand_over_and_a_reopening_the_clock_and_its_alarm_start_anew(
    desk: Desk, settings: Settings, keys: Keys
) -> None:
    here, run = desk.here, context(desk.clock, settings, keys)
    desk.clock.at = datetime(2026, 9, 16, 2, tzinfo=UTC)
    opened = await desk.open(urgency="urgent")
    desk.clock.forward(timedelta(hours=2))
    await jobs.ticket_deadlines(b"", run)
    await desk.done(here.coordinator, opened, "hand-over", party=str(here.owners.id), note="x")
    await jobs.ticket_deadlines(b"", run)
    assert await overdue(opened["id"]) == ["claim"]
    desk.clock.forward(timedelta(hours=2))
    await jobs.ticket_deadlines(b"", run)
    assert await overdue(opened["id"]) == ["claim", "claim"]


async def test_more_than_a_batch_is_all_said(desk: Desk, settings: Settings, keys: Keys) -> None:
    first = await desk.open(urgency="urgent")
    await database.execute(
        """INSERT INTO ticket (id, neighbourhood, number, category, urgency, what, details, whereabouts, party, parties, state,
               opened_by, opened_at, seen_at, claim_by, resolve_by, fingerprint, version)
           SELECT gen_random_uuid(), neighbourhood, number || i, category, urgency, what, details, whereabouts, party, parties,
               state,
               opened_by, opened_at, seen_at, claim_by, resolve_by, fingerprint, version
           FROM ticket, generate_series(1, 450) i WHERE id = $1::uuid""",
        first["id"],
    )
    desk.clock.forward(timedelta(days=30))
    await jobs.ticket_deadlines(b"", context(desk.clock, settings, keys))
    rows = await fetch(
        "SELECT data->>'deadline' AS d, count(*) AS n FROM fact WHERE kind = 'ticket_overdue' GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [("claim", 451), ("resolve", 451)]


async def test_two_workers_at_once_say_it_once(
    committed_database: str, client_of: ClientOf, world: World, clock: TestClock, settings: Settings, keys: Keys
) -> None:
    async with database.transaction():
        client = await client_of(world.here.volunteer)
    desk = Desk(lambda _: _ready(client), world, clock)
    tickets = [await desk.open(urgency="urgent") for _ in range(5)]
    clock.forward(timedelta(hours=2))
    run = context(clock, settings, keys)
    await asyncio.gather(*(jobs.ticket_deadlines(b"", run) for _ in range(4)))
    async with database.transaction():
        assert [await overdue(ticket["id"]) for ticket in tickets] == [["claim"]] * 5


async def test_the_sweep_runs(desk: Desk, settings: Settings, keys: Keys) -> None:
    await jobs.photo_sweep(b"", context(desk.clock, settings, keys))


async def _ready(client: httpx.AsyncClient) -> httpx.AsyncClient:
    return client
