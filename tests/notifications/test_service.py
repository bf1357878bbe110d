"""From a fact to a message, and from a message to a phone."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from mingxun.kit.database import execute, fetch, fetch_row, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.jobs import JobContext
from mingxun.ledger import FactId, record
from mingxun.notifications import announcing, push_health
from mingxun.notifications.announcing import announce
from mingxun.notifications.delivering import deliver
from mingxun.notifications.outcomes import PAUSES, Outcome
from mingxun.notifications.push import send
from mingxun.notifications.schemas import SubscribePush
from mingxun.notifications.service import subscribe as subscribe_to_push
from mingxun.people.memberships import end_membership
from mingxun.people.sessions import load_actor
from mingxun.shifts.facts import SignedUp
from mingxun.tickets import TicketDeclined, TicketOpened, TicketOverdue
from mingxun.tickets.schemas import Category, Urgency
from tests.conftest import TestClock
from tests.notifications.conftest import a_duty, a_shift, record_assigned, record_cancelled, subscribe
from tests.push_service import Browser, PushService, push_service
from tests.world import Neighbourhood, Person, World, give_session


async def tell(fact: FactId, context: JobContext) -> int:
    return await announce(fact, now=context.clock.now(), zone=context.settings.timezone)


async def waiting_jobs() -> list[tuple[list[UUID], float]]:
    """The deliveries of each push job in the queue, and in how many seconds it is due; the jobs are taken out."""
    rows = await fetch(
        """SELECT payload, extract(epoch FROM execute_after - now())::float AS due FROM pgqueuer
           WHERE entrypoint = 'push' ORDER BY id"""
    )
    await execute("DELETE FROM pgqueuer")
    return [([UUID(bytes=row["payload"][i : i + 16]) for i in range(0, len(row["payload"]), 16)], row["due"]) for row in rows]


async def run_jobs(context: JobContext) -> None:
    for ids, _ in await waiting_jobs():
        await deliver(ids, context)


async def the_message(person: UUID) -> dict[str, Any]:
    (row,) = await fetch("SELECT * FROM message WHERE person = $1", person)
    return dict(row)


async def state_of(person: UUID) -> str:
    return str((await the_message(person))["push"])


async def the_subscription(subscription: UUID) -> dict[str, Any]:
    return dict(await fetch_row("SELECT * FROM push_subscription WHERE id = $1", subscription) or {})


def a_ticket(here: Neighbourhood, *, party: UUID | None) -> dict[str, Any]:
    return {
        "neighbourhood": here.id,
        "subject": new_id(),
        "number": "1125-01",
        "category": Category.LIGHTING,
        "urgency": Urgency.NORMAL,
        "opened_by": here.volunteer.id,
        "party": party,
    }


async def subscribe_again(person: Person, browser: Browser, clock: TestClock) -> UUID:
    """They sign in on that browser, and it subscribes."""
    actor = await load_actor(await give_session(person.id, at=clock.now()), now=clock.now())
    assert actor is not None
    wanted = SubscribePush(**browser.subscription)
    return (await subscribe_to_push(actor, wanted, allow_private=True, now=clock.now())).id


async def test_a_fact_becomes_a_message_in_the_persons_language(world: World, context: JobContext, clock: TestClock) -> None:
    await execute("UPDATE person SET language = 'en' WHERE id = $1", world.here.volunteer.id)
    fact = await record_assigned(world.here, world.here.volunteer, clock.now())
    assert await tell(fact, context) == 1
    message = await the_message(world.here.volunteer.id)
    assert message["title"] == "You have a shift: 晚间巡逻"
    assert message["path"].startswith("/shifts/")
    assert message["push"] == "no_channel"
    assert message["read_at"] is None


async def test_a_fact_that_is_announced_again_tells_nobody_again(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    await subscribe(world.here.volunteer.id, service.browser(), clock.now())
    fact = await record_assigned(world.here, world.here.volunteer, clock.now())
    await execute("DELETE FROM pgqueuer")
    assert await tell(fact, context) == 1
    assert await tell(fact, context) == 0
    assert len(await waiting_jobs()) == 1
    assert await fetch_value("SELECT count(*) FROM delivery") == 1


async def test_a_push_reaches_every_phone_of_the_person_and_nobody_elses(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    mine, tablet, theirs = (service.browser(vapid_key=context.keys.vapid_public) for _ in range(3))
    for browser in (mine, tablet):
        await subscribe(world.here.volunteer.id, browser, clock.now())
    await subscribe(world.there.volunteer.id, theirs, clock.now())
    fact = await record_assigned(world.here, world.here.volunteer, clock.now())
    await tell(fact, context)
    assert await state_of(world.here.volunteer.id) == "waiting"
    await run_jobs(context)
    assert await state_of(world.here.volunteer.id) == "accepted"
    message = await the_message(world.here.volunteer.id)
    for browser in (mine, tablet):
        (got,) = browser.received
        assert got.message["message"] == str(message["id"])
        assert got.message["title"] == message["title"]
        assert got.message["lang"] == "zh"
        assert got.ttl <= 86400
    assert theirs.tries == 0
    assert not service.complaints


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_retired(
    world: World, context: JobContext, clock: TestClock, service: PushService, status: int
) -> None:
    subscription = await subscribe(world.here.volunteer.id, service.browser(answers=[status]), clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    await run_jobs(context)
    assert await state_of(world.here.volunteer.id) == "failed"
    assert (await the_subscription(subscription))["retired_reason"] == "gone"
    assert await waiting_jobs() == []
    await execute("DELETE FROM pgqueuer")
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    assert await waiting_jobs() == []


@pytest.mark.parametrize("answer", [500, 503, 429, "hang"])
async def test_what_can_pass_is_tried_again_after_a_pause(
    world: World, context: JobContext, clock: TestClock, service: PushService, answer: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mingxun.notifications.push.TIMEOUT", 0.2)
    browser = service.browser(answers=[answer])
    subscription = await subscribe(world.here.volunteer.id, browser, clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    await run_jobs(context)
    assert await state_of(world.here.volunteer.id) == "waiting"
    assert (await the_subscription(subscription))["failures"] == 1
    ((ids, due),) = await waiting_jobs()
    assert PAUSES[0].total_seconds() <= due <= 1.25 * PAUSES[0].total_seconds() + 1
    clock.forward(PAUSES[0])
    await deliver(ids, context)
    assert await state_of(world.here.volunteer.id) == "accepted"
    after = await the_subscription(subscription)
    assert after["failures"] == 0
    assert after["last_delivered_at"] == clock.now()
    assert len(browser.received) == 1


async def test_a_push_service_is_left_alone_for_as_long_as_it_asks(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    browser = service.browser(answers=[429])
    browser.retry_after = "3600"
    await subscribe(world.here.volunteer.id, browser, clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    await run_jobs(context)
    ((_, due),) = await waiting_jobs()
    assert 3590 <= due <= 4510


async def test_a_phone_that_is_never_reached_is_given_up_and_shown_as_failing(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    browser = service.browser(answers=[500] * 20)
    subscription = await subscribe(world.here.volunteer.id, browser, clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    rounds = 0
    while jobs := await waiting_jobs():
        for ids, due in jobs:
            clock.forward(timedelta(seconds=max(0.0, due)))
            await deliver(ids, context)
        rounds += 1
    assert rounds == browser.tries == len(PAUSES) + 1
    assert await state_of(world.here.volunteer.id) == "failed"
    assert (await the_subscription(subscription))["retired_at"] is None
    assert (await the_subscription(subscription))["failures"] == rounds


async def test_a_key_that_is_refused_is_not_tried_again_and_shown_by_doctor(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    subscription = await subscribe(world.here.volunteer.id, service.browser(vapid_key="another"), clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    await run_jobs(context)
    assert await waiting_jobs() == []
    assert (await the_subscription(subscription))["retired_at"] is None
    health = await push_health(now=clock.now())
    assert (health.key_refused, health.failed, health.subscriptions) == (1, 1, 1)


async def test_signing_out_silences_the_phone_at_once(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    browser = service.browser()
    subscription = await subscribe(world.here.volunteer.id, browser, clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    await execute("UPDATE session SET ended_at = $2 WHERE person = $1", world.here.volunteer.id, clock.now())
    await run_jobs(context)
    assert browser.tries == 0
    assert await state_of(world.here.volunteer.id) == "failed"
    assert (await the_subscription(subscription))["retired_reason"] == "signed_out"


async def test_nobody_gets_what_was_meant_for_whoever_had_the_phone_before(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    """A's message waits to be tried again; meanwhile A's session ends and B subscribes the same browser."""
    a, b = world.here.volunteer, world.here.second_volunteer
    browser = service.browser(answers=[503])
    subscription = await subscribe(a.id, browser, clock.now())
    await tell(await record_assigned(world.here, a, clock.now()), context)
    await run_jobs(context)
    ((ids, _),) = await waiting_jobs()
    await execute("UPDATE session SET ended_at = $2 WHERE person = $1", a.id, clock.now())
    assert await subscribe_again(b, browser, clock) == subscription
    await deliver(ids, context)
    assert browser.received == []
    assert (await state_of(a.id), await fetch_value("SELECT reason FROM delivery")) == ("failed", "taken_over")
    theirs = await the_subscription(subscription)
    assert (theirs["person"], theirs["failures"], theirs["retired_at"]) == (b.id, 1, None)
    await tell(await record_assigned(world.here, b, clock.now()), context)
    await run_jobs(context)
    assert [got.message["message"] for got in browser.received] == [str((await the_message(b.id))["id"])]


@pytest.mark.parametrize("who", ["the same person", "somebody else"])
async def test_what_came_of_a_push_does_not_touch_a_phone_that_was_renewed_meanwhile(
    world: World, context: JobContext, clock: TestClock, service: PushService, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    a, b = world.here.volunteer, world.here.second_volunteer
    browser = service.browser(answers=[410])
    subscription = await subscribe(a.id, browser, clock.now())
    await tell(await record_assigned(world.here, a, clock.now()), context)

    async def renewed_while_it_travels(*args: Any, **how: Any) -> Outcome:
        outcome = await send(*args, **how)
        await subscribe_again(a if who == "the same person" else b, browser, clock)
        return outcome

    monkeypatch.setattr("mingxun.notifications.delivering.send", renewed_while_it_travels)
    await run_jobs(context)
    assert browser.tries == 1
    assert await state_of(a.id) == "failed"
    after = await the_subscription(subscription)
    assert (after["retired_at"], after["failures"]) == (None, 0)


async def test_a_fact_of_a_newer_version_waits_for_a_worker_that_knows_it(
    world: World, context: JobContext, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fact = await record_assigned(world.here, world.here.volunteer, clock.now())
    monkeypatch.setattr(announcing, "fact_kinds", dict)
    with pytest.raises(announcing.UnknownFact, match="assigned"):
        await tell(fact, context)
    monkeypatch.undo()
    assert await tell(fact, context) == 1


async def test_in_a_neighbourhood_where_nobody_plans_the_subdistrict_is_told(
    world: World, context: JobContext, clock: TestClock
) -> None:
    await execute(
        "UPDATE membership SET ended_at = now() WHERE neighbourhood = $1 AND role IN ('coordinator', 'secretary')", world.here.id
    )
    for fact in (
        TicketOpened(**a_ticket(world.here, party=None), location=None, area=None),
        TicketDeclined(**a_ticket(world.here, party=world.here.property.id)),
        TicketOverdue(**a_ticket(world.here, party=world.here.owners.id), deadline="claim"),
    ):
        await tell(await record(fact, actor=world.here.volunteer.id, at=clock.now()), context)
    told = {(row["person"], row["kind"]) for row in await fetch("SELECT person, kind FROM message")}
    kinds = ("ticket_unassigned", "ticket_declined", "ticket_overdue_claim")
    assert told == {(world.subdistrict_admin.id, kind) for kind in kinds}


async def test_who_is_accepted_and_who_lost_a_role_is_announced(world: World, context: JobContext, clock: TestClock) -> None:
    """By what people record, not by facts of this test's making."""
    membership = await fetch_value("SELECT id FROM membership WHERE person = $1", world.here.volunteer.id)
    await end_membership(membership, actor=world.here.coordinator.id, clock=clock)
    (job,) = await fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'announce'")
    await tell(FactId(UUID(bytes=job["payload"])), context)
    message = await the_message(world.here.volunteer.id)
    assert (message["title"], message["body"]) == ("您不再是志愿者了", "凌云里。有疑问请联系统筹员。")


async def test_a_push_service_that_hangs_is_left_alone_for_a_while_and_holds_nobody_else_up(
    world: World, context: JobContext, clock: TestClock, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mingxun.notifications.push.TIMEOUT", 0.2)
    monkeypatch.setattr("mingxun.notifications.lanes.AT_ONCE", 4)
    monkeypatch.setattr("mingxun.notifications.lanes.FAILURES", 4)
    async with push_service() as other:
        dead = [service.browser(answers=["hang"] * 9) for _ in range(40)]
        well = other.browser()
        for browser in [*dead, well]:
            await subscribe(world.here.volunteer.id, browser, clock.now())
        await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
        begun = time.monotonic()
        await run_jobs(context)
        assert time.monotonic() - begun < 2
        assert len(well.received) == 1
    assert sum(browser.tries for browser in dead) <= 8
    assert await fetch_value("SELECT count(*) FROM delivery WHERE state = 'waiting' AND reason IN ('timeout', 'held_back')") == 40
    # Only what was sent counts as a try, and as a failure of that phone.
    tried = sum(browser.tries for browser in dead)
    assert await fetch_value("SELECT sum(attempts) FROM delivery WHERE state = 'waiting'") == tried
    assert await fetch_value("SELECT sum(failures) FROM push_subscription") == tried
    assert (await push_health(now=clock.now())).unreachable == 40


async def test_what_is_no_longer_worth_telling_is_not_pushed(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    browser = service.browser()
    await subscribe(world.here.volunteer.id, browser, clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    clock.forward(timedelta(hours=25))
    await run_jobs(context)
    assert browser.tries == 0
    assert await fetch_value("SELECT reason FROM delivery") == "lapsed"


async def test_a_message_is_as_far_as_the_best_of_its_deliveries(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    for browser in (service.browser(answers=[410]), service.browser(answers=[500]), service.browser()):
        await subscribe(world.here.volunteer.id, browser, clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    await run_jobs(context)
    assert await state_of(world.here.volunteer.id) == "accepted"


async def test_a_phone_that_showed_it_before_we_wrote_it_down_has_shown_it(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    await subscribe(world.here.volunteer.id, service.browser(), clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    ((ids, _),) = await waiting_jobs()
    await execute("UPDATE delivery SET state = 'shown'")
    await execute("UPDATE message SET push = 'shown'")
    await deliver(ids, context)
    assert await state_of(world.here.volunteer.id) == "shown"


async def test_a_job_that_runs_twice_sends_once(
    world: World, context: JobContext, clock: TestClock, service: PushService
) -> None:
    browser = service.browser()
    await subscribe(world.here.volunteer.id, browser, clock.now())
    await tell(await record_assigned(world.here, world.here.volunteer, clock.now()), context)
    ((ids, _),) = await waiting_jobs()
    await deliver(ids, context)
    await deliver(ids, context)
    assert browser.tries == 1


async def test_many_deliveries_are_cut_into_jobs(
    world: World, context: JobContext, clock: TestClock, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "BATCH", 2)
    people: Sequence[UUID] = [person.id for person in world.here.people().values()]
    browsers = [service.browser() for _ in people]
    for person, browser in zip(people, browsers, strict=True):
        await subscribe(person, browser, clock.now())
    await tell(await record_cancelled(world.here, list(people), clock.now()), context)
    jobs = await waiting_jobs()
    assert [len(ids) for ids, _ in jobs] == [2, 2]  # the coordinator, who did it, is not told
    for ids, _ in jobs:
        await deliver(ids, context)
    assert sum(len(browser.received) for browser in browsers) == 4
    assert await fetch_value("SELECT count(*) FROM message WHERE push = 'accepted'") == 4


async def test_a_fact_is_told_to_people_of_its_neighbourhood_only(world: World, context: JobContext, clock: TestClock) -> None:
    duty = a_duty(world.here, clock.now())
    fact = SignedUp(
        neighbourhood=world.here.id,
        subject=await a_shift(world.here, duty),
        person=world.here.volunteer.id,
        need=new_id(),
        assignment=new_id(),
        duty=duty,
    )
    await tell(await record(fact, actor=world.here.volunteer.id, at=clock.now()), context)
    told = {row["person"] for row in await fetch("SELECT person FROM message")}
    assert told == {world.here.coordinator.id, world.here.secretary.id}


async def test_what_was_written_comes_from_the_shift_or_the_ticket_and_not_from_the_fact(
    world: World, context: JobContext, clock: TestClock
) -> None:
    here = world.here
    await tell(await record_cancelled(here, [here.volunteer.id], clock.now()), context)
    message = await the_message(here.volunteer.id)
    assert message["title"] == "取消了：晚间巡逻"
    assert message["body"].endswith("原因：台风")
    assert "台风" not in await fetch_value("SELECT data::text FROM fact WHERE kind = 'shift_cancelled'")


async def test_of_what_was_erased_meanwhile_the_message_says_that_it_was(
    world: World, context: JobContext, clock: TestClock
) -> None:
    here = world.here
    fact = await record_cancelled(here, [here.volunteer.id], clock.now())
    await execute("DELETE FROM shift")
    await tell(fact, context)
    message = await the_message(here.volunteer.id)
    assert message["title"] == "取消了：值班"
    assert message["body"].endswith("原因：内容已删。")


async def test_a_fact_of_an_older_version_is_still_announced(world: World, context: JobContext, clock: TestClock) -> None:
    """It has fields that are no more, and lacks those that came later."""
    here, ticket = world.here, new_id()
    fact = FactId(new_id())
    data = {
        "kind": "ticket_declined",
        "neighbourhood": str(here.id),
        "subject": str(ticket),
        "number": "0916-07",
        "what": "路灯不亮",
        "category": "lighting",
        "urgency": "normal",
        "opened_by": str(here.volunteer.id),
        "party": str(here.property.id),
        "reason": "不归我们",
    }
    await execute(
        "INSERT INTO fact (id, at, actor, kind, neighbourhood, subject, data) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        fact,
        clock.now(),
        here.handler.id,
        "ticket_declined",
        here.id,
        ticket,
        msgspec.json.encode(data).decode(),
    )
    assert await tell(fact, context) == 2
    assert (await the_message(here.coordinator.id))["title"] == "和畅物业不接 0916-07：内容已删"
