"""People, browsers and facts for the tests of notifications."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import aiohttp
import pytest

from mingxun.kit.database import execute, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.jobs import JobContext
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.ledger import FactId, record
from mingxun.notifications.endpoints import outgoing_session
from mingxun.shifts.facts import Assigned, Duty, ShiftCancelled
from mingxun.shifts.schemas import ShiftKind
from tests.conftest import TestClock
from tests.installation import Installation
from tests.push_service import Browser, PushService, push_service
from tests.world import Neighbourhood, Person, give_session


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with outgoing_session(allow_private=True) as session:
        yield session


@pytest.fixture
def context(settings: Settings, keys: Keys, clock: TestClock, http: aiohttp.ClientSession) -> JobContext:
    return JobContext(settings=settings, keys=keys, clock=clock, http=http)


async def a_shift(here: Neighbourhood, duty: Duty, *, cancelled: str | None = None) -> UUID:
    """The shift whose duty it is, with the title and the reason that facts don't have."""
    shift = new_id()
    await execute(
        """INSERT INTO location (id, neighbourhood, area, plate, name, address, fence_radius, key_version, made_at)
           VALUES ($1, $2, $2, '0Z', '岗亭', '', 80, 1, $3) ON CONFLICT DO NOTHING""",
        duty.location,
        here.id,
        duty.starts_at,
    )
    await execute(
        """INSERT INTO shift (id, neighbourhood, kind, title, location, starts_at, ends_at, note, supports_property, state,
                              cancel_reason, made_by, version)
           VALUES ($1, $2, 'patrol', '晚间巡逻', $3, $4, $5, '', false, $6, $7, $8, 1)""",
        shift,
        here.id,
        duty.location,
        duty.starts_at,
        duty.ends_at,
        "cancelled" if cancelled else "open",
        cancelled,
        duty.made_by,
    )
    return shift


def a_duty(here: Neighbourhood, now: datetime, *, hours: float = 48) -> Duty:
    return Duty(
        kind=ShiftKind.PATROL,
        location=uuid5(here.id, "gate"),
        starts_at=now + timedelta(hours=hours),
        ends_at=now + timedelta(hours=hours + 2),
        made_by=here.coordinator.id,
    )


async def record_assigned(here: Neighbourhood, person: Person, now: datetime) -> FactId:
    """A coordinator gives the person a place."""
    duty = a_duty(here, now)
    shift = await a_shift(here, duty)
    fact = Assigned(neighbourhood=here.id, subject=shift, person=person.id, need=new_id(), assignment=new_id(), duty=duty)
    return await record(fact, actor=here.coordinator.id, at=now)


async def record_cancelled(here: Neighbourhood, people: list[UUID], now: datetime) -> FactId:
    duty = a_duty(here, now)
    shift = await a_shift(here, duty, cancelled="台风")
    fact = ShiftCancelled(neighbourhood=here.id, subject=shift, duty=duty, persons=people)
    return await record(fact, actor=here.coordinator.id, at=now)


@contextlib.contextmanager
def installation_of_its_own() -> Iterator[Installation]:
    """An installation whose database runs. Not below pytest's directory, which each run by root shuts to PostgreSQL's user."""
    with tempfile.TemporaryDirectory(prefix="mx-") as folder:
        installation = Installation(Path(folder), durable=False)
        installation.start_database()
        try:
            yield installation
        finally:
            installation.stop()


async def subscribe(person: UUID, browser: Browser, now: datetime) -> UUID:
    """Sign the person in on that browser and turn notifications on; the subscription's id."""
    await give_session(person, at=now)
    session = await fetch_value("SELECT id FROM session WHERE person = $1 ORDER BY created_at DESC, id DESC LIMIT 1", person)
    subscription = new_id()
    await execute(
        """INSERT INTO push_subscription (id, person, session, endpoint, p256dh, auth, made_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        subscription,
        person,
        session,
        browser.endpoint,
        browser.keys["p256dh"],
        browser.keys["auth"],
        now,
    )
    return subscription
