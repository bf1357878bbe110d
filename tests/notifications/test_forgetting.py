"""What is thrown away, and what is not."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from mingxun.kit.database import execute, fetch, fetch_value
from mingxun.kit.ids import ids_since, new_id
from mingxun.kit.jobs import JobContext
from mingxun.notifications import forgetting, jobs
from tests.conftest import TestClock
from tests.notifications.conftest import subscribe
from tests.push_service import PushService
from tests.world import World


async def give(person: UUID, phone: UUID | None, now: datetime, *, read: bool = True, state: str = "accepted") -> UUID:
    """A message, and its delivery to that phone."""
    message = new_id()
    await execute(
        """INSERT INTO message (id, person, kind, language, title, body, path, at, read_at, push)
           VALUES ($1, $2, 'assigned', 'zh', '题', '文', '/', $3, $4, 'accepted')""",
        message,
        person,
        now,
        now if read else None,
    )
    if phone is not None:
        await execute(
            "INSERT INTO delivery (id, message, subscription, state, attempts, at) VALUES ($1, $2, $3, $4, 1, $5)",
            new_id(),
            message,
            phone,
            state,
            now,
        )
    return message


async def left(table: str) -> set[UUID]:
    return {row["id"] for row in await fetch(f"SELECT id FROM {table}")}


async def test_how_messages_travelled_is_kept_for_ninety_days_after_it_was_settled(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    person = world.here.volunteer.id
    phone = await subscribe(person, service.browser(), clock.now())
    messages = [await give(person, phone, clock.now(), state=state) for state in ("accepted", "shown", "failed", "waiting")]
    clock.forward(timedelta(days=89))
    assert await forgetting.forget_deliveries(now=clock.now()) == 0
    await execute("UPDATE delivery SET at = $2 WHERE message = $1", messages[0], clock.now())
    clock.forward(timedelta(days=2))
    assert await forgetting.forget_deliveries(now=clock.now()) == 2
    assert {row["message"] for row in await fetch("SELECT message FROM delivery")} == {messages[0], messages[3]}
    assert await left("message") == set(messages)


async def test_messages_that_were_read_are_kept_for_a_year(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    person = world.here.volunteer.id
    phone = await subscribe(person, service.browser(), clock.now())
    old, unread, travels = (
        await give(person, None, clock.now()),
        await give(person, None, clock.now(), read=False),
        await give(person, phone, clock.now(), state="waiting"),
    )
    clock.forward(timedelta(days=364))
    assert await forgetting.forget_messages(now=clock.now()) == 0
    clock.forward(timedelta(days=2))
    assert await forgetting.forget_messages(now=clock.now()) == 1
    assert await left("message") == {unread, travels}
    assert old not in {unread, travels}


async def test_phones_that_are_gone_are_forgotten_once_nothing_names_them(
    world: World, clock: TestClock, service: PushService
) -> None:
    person = world.here.volunteer.id
    kept, gone, named, orphan = [await subscribe(person, service.browser(), clock.now()) for _ in range(4)]
    await execute(
        "UPDATE push_subscription SET retired_at = $2, retired_reason = 'gone' WHERE id = ANY($1)", [gone, named], clock.now()
    )
    await execute("UPDATE push_subscription SET session = NULL WHERE id = $1", orphan)
    await give(person, named, clock.now())
    clock.forward(timedelta(days=91))
    assert await forgetting.forget_phones(now=clock.now()) == 2
    assert await left("push_subscription") == {kept, named}


async def test_it_goes_in_batches_a_job_each_until_nothing_is_left(
    world: World, context: JobContext, clock: TestClock, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (forgetting, jobs):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    phone = await subscribe(world.here.volunteer.id, service.browser(), clock.now())
    for _ in range(5):
        await give(world.here.volunteer.id, phone, clock.now())
    clock.forward(timedelta(days=366))
    counts = []
    for _ in range(10):
        await execute("DELETE FROM pgqueuer")
        await jobs.forget(b"", context)
        counts.append((len(await left("delivery")), len(await left("message"))))
        if not await fetch_value("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'forget_messages'"):
            break
    assert counts == [(3, 3), (1, 1), (0, 0)]


async def test_the_age_of_a_row_is_found_by_its_id(db: None, clock: TestClock) -> None:
    """Through the primary key: no index has to be written with each step of a delivery."""
    assert ids_since(clock.now() - timedelta(seconds=1)) < new_id() < ids_since(clock.now() + timedelta(minutes=1))
    for other in ("seqscan", "bitmapscan"):  # in tables as empty as these, anything is as good
        await execute(f"SET LOCAL enable_{other} = off")
    for table in ("delivery", "message"):
        plan = await fetch(f"EXPLAIN SELECT id FROM {table} WHERE id < $1 ORDER BY id LIMIT 100", ids_since(clock.now()))
        assert f"using {table}_pkey" in plan[1][0], plan
