"""The worker as a process of its own: facts become pushes that a browser can read, also when workers are killed."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from mingxun.kit.database import fetch, fetch_value, transaction
from mingxun.people.access import Role
from tests.installation import Installation
from tests.notifications.conftest import installation_of_its_own, record_assigned, record_cancelled, subscribe
from tests.push_service import Browser, PushService
from tests.world import Person, World, add_membership, add_person

PEOPLE = 60
FACTS = 240


@pytest.fixture
async def running() -> AsyncIterator[tuple[Installation, World]]:
    with installation_of_its_own() as installation:
        yield installation, await installation.prepare()


async def volunteers(world: World, service: PushService, key: str) -> dict[UUID, tuple[Person, Browser]]:
    """People with a phone each."""
    made: dict[UUID, tuple[Person, Browser]] = {}
    now = datetime.now(UTC)
    async with transaction():
        for number in range(PEOPLE):
            person = await add_person(f"志愿者{number}", f"+86197{number:08d}", neighbourhood=world.here.id)
            await add_membership(person, Role.VOLUNTEER, world.here.area)
            browser = service.browser(vapid_key=key)
            await subscribe(person.id, browser, now)
            made[person.id] = (person, browser)
    return made


async def settled(seconds: float) -> None:
    """Wait until no announcement and no push is left."""
    begun = time.monotonic()
    left = -1
    while time.monotonic() - begun < seconds:
        async with transaction():
            left = await fetch_value("SELECT count(*) FROM pgqueuer WHERE entrypoint IN ('announce', 'push')")
        if left == 0:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{left} jobs are left after {seconds} s")


async def test_a_fact_is_pushed_to_a_browser_that_reads_it(running: tuple[Installation, World], service: PushService) -> None:
    installation, world = running

    async def work() -> None:
        people = await volunteers(world, service, installation.keys.vapid_public)
        installation.start_worker()
        person, browser = next(iter(people.values()))
        async with transaction():
            await record_assigned(world.here, person, datetime.now(UTC))
        begun = time.monotonic()
        while not browser.received and time.monotonic() - begun < 20:
            await asyncio.sleep(0.05)
        (got,) = browser.received
        async with transaction():
            message = await fetch("SELECT id, title FROM message WHERE person = $1", person.id)
        assert (got.message["message"], got.message["title"]) == (str(message[0]["id"]), message[0]["title"])
        assert not service.complaints

    await installation.in_database(work)


async def test_every_fact_has_its_message_and_no_second_one_though_workers_are_killed(
    running: tuple[Installation, World], service: PushService
) -> None:
    installation, world = running

    async def work() -> None:
        people = await volunteers(world, service, installation.keys.vapid_public)
        everybody = [person for person, _ in people.values()]
        installation.start_worker("worker 0")
        installation.start_worker("worker 1")
        facts = []

        async def record(count: int) -> None:
            for number in range(count):
                async with transaction():
                    facts.append(await record_assigned(world.here, everybody[number % PEOPLE], datetime.now(UTC)))

        async def told() -> int:
            async with transaction():
                return int(await fetch_value("SELECT count(*) FROM message"))

        for round_ in range(4):
            before = await told()
            await record(FACTS // 4)
            while await told() < before + 5:  # a worker is in the middle of it
                await asyncio.sleep(0.01)
            installation.kill(f"worker {round_ % 2}")
            installation.start_worker(f"worker {round_ % 2}")
        async with transaction():
            facts.append(await record_cancelled(world.here, [person.id for person in everybody], datetime.now(UTC)))
        while not await told() > FACTS:
            await asyncio.sleep(0.002)
        for name in ("worker 0", "worker 1"):
            installation.kill(name)
        installation.start_worker("worker 2")
        killed = time.monotonic()
        await settled(60)
        print(f"settled {time.monotonic() - killed:.1f} s after the last kill")

        async with transaction():
            rows = await fetch("SELECT fact, count(*) AS messages FROM message GROUP BY fact")
            states = await fetch("SELECT push, count(*) AS n FROM message GROUP BY push")
            failed = await fetch_value("SELECT count(*) FROM pgqueuer WHERE status = 'failed'")
        counted = {row["fact"]: row["messages"] for row in rows}
        assert counted == dict.fromkeys(facts[:-1], 1) | {facts[-1]: PEOPLE}
        assert {row["push"]: row["n"] for row in states} == {"accepted": FACTS + PEOPLE}
        assert failed == 0
        arrived = Counter(got.message["message"] for _, browser in people.values() for got in browser.received)
        assert len(arrived) == FACTS + PEOPLE, "every message arrived"
        print(f"{sum(arrived.values()) - len(arrived)} pushes of {len(arrived)} were repeated by kills")
        assert not service.complaints

    await installation.in_database(work)
