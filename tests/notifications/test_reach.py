"""What reached whom: for coordinators, of their neighbourhood."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from mingxun.kit.database import execute, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.jobs import JobContext
from mingxun.ledger import FactId, record
from mingxun.notifications.announcing import announce
from mingxun.notifications.schemas import Reach
from mingxun.shifts.facts import Assigned, ShiftCancelled, SignedUp
from tests.conftest import TestClock
from tests.notifications.conftest import a_duty, a_shift
from tests.world import Neighbourhood, Person, World

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]


async def tell(fact: FactId, context: JobContext) -> None:
    await announce(fact, now=context.clock.now(), zone=context.settings.timezone)


async def a_shift_of_two(here: Neighbourhood, context: JobContext, clock: TestClock) -> UUID:
    """Both volunteers are told that they are on it, and a minute later that it is cancelled."""
    now = clock.now()
    duty = a_duty(here, now)
    shift = await a_shift(here, duty)
    given: dict[str, Any] = {"neighbourhood": here.id, "subject": shift, "duty": duty}
    people = [here.volunteer.id, here.second_volunteer.id]
    for person in people:
        one = Assigned(**given, person=person, need=new_id(), assignment=new_id())
        await tell(await record(one, actor=here.coordinator.id, at=now), context)
    clock.forward(timedelta(minutes=1))
    fact = ShiftCancelled(**given, persons=people)
    await tell(await record(fact, actor=here.coordinator.id, at=clock.now()), context)
    return shift


def path_of(here: Neighbourhood) -> str:
    return f"/api/neighbourhoods/{here.id}/deliveries"


async def test_a_coordinator_sees_what_reached_whom_and_whom_to_call(
    world: World, context: JobContext, clock: TestClock, client_of: ClientOf
) -> None:
    here = world.here
    shift = await a_shift_of_two(here, context, clock)
    client = await client_of(here.coordinator)
    page = (await client.get(path_of(here), params={"subject": str(shift)})).json()
    assert page["next_cursor"] is None
    assert [item["kind"] for item in page["items"]] == ["shift_cancelled"] * 2 + ["assigned"] * 2
    told = {item["person"]: item for item in page["items"][:2]}
    assert set(told) == {str(here.volunteer.id), str(here.second_volunteer.id)}
    mine = told[str(here.volunteer.id)]
    assert (mine["name"], mine["phone"], mine["reach"]) == (here.volunteer.name, here.volunteer.phone, "no_channel")
    assert mine["title"] == "取消了：晚间巡逻"


@pytest.mark.parametrize("reach", Reach)
async def test_how_far_a_message_came_is_said_as_well_as_it_is_known(
    world: World, context: JobContext, clock: TestClock, client_of: ClientOf, reach: Reach
) -> None:
    here = world.here
    shift = await a_shift_of_two(here, context, clock)
    if reach is Reach.READ:
        await execute("UPDATE message SET read_at = $1, push = 'accepted'", clock.now())
    else:
        await execute("UPDATE message SET push = $1", reach.value)
    client = await client_of(here.coordinator)
    items = (await client.get(path_of(here), params={"subject": str(shift)})).json()["items"]
    assert {item["reach"] for item in items} == {reach.value}


async def test_what_coordinators_were_told_of_others_is_not_among_it(
    world: World, context: JobContext, clock: TestClock, client_of: ClientOf
) -> None:
    here, shift = world.here, new_id()
    fact = SignedUp(
        neighbourhood=here.id,
        subject=shift,
        person=here.volunteer.id,
        need=new_id(),
        assignment=new_id(),
        duty=a_duty(here, clock.now()),
    )
    await tell(await record(fact, actor=here.volunteer.id, at=clock.now()), context)
    assert await fetch_value("SELECT count(*) FROM message") == 2
    client = await client_of(here.coordinator)
    assert (await client.get(path_of(here), params={"subject": str(shift)})).json()["items"] == []


async def test_it_is_paged(world: World, context: JobContext, clock: TestClock, client_of: ClientOf) -> None:
    shift = await a_shift_of_two(world.here, context, clock)
    client = await client_of(world.here.secretary)
    seen: list[str] = []
    cursor = None
    for _ in range(2):
        asked: dict[str, str] = {"subject": str(shift), "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(path_of(world.here), params=asked)).json()
        seen += [item["message"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(seen) == len(set(seen)) == 4
    refused = await client.get(path_of(world.here), params={"subject": str(shift), "cursor": "abc"})
    assert refused.json()["type"] == "/problems/bad-cursor"


@pytest.mark.parametrize(
    ("role", "status"),
    [("volunteer", 403), ("building_leader", 403), ("handler", 403), ("coordinator", 200), ("secretary", 200)],
)
async def test_only_those_who_plan_see_it_and_only_of_their_neighbourhood(
    world: World, context: JobContext, clock: TestClock, client_of: ClientOf, role: str, status: int
) -> None:
    shift = await a_shift_of_two(world.here, context, clock)
    asked = {"subject": str(shift)}
    own = await client_of(getattr(world.here, role))
    assert (await own.get(path_of(world.here), params=asked)).status_code == status
    foreign = await client_of(getattr(world.there, role))
    assert (await foreign.get(path_of(world.here), params=asked)).status_code == 404
    theirs = await foreign.get(path_of(world.there), params=asked)
    assert theirs.status_code == status
    assert status == 403 or theirs.json()["items"] == [], "what happened elsewhere is unknown here"


async def test_the_subdistrict_sees_it_everywhere_and_strangers_nowhere(
    world: World, context: JobContext, clock: TestClock, client_of: ClientOf
) -> None:
    shift = await a_shift_of_two(world.here, context, clock)
    admin, stranger = await client_of(world.subdistrict_admin), await client_of(world.stranger)
    assert len((await admin.get(path_of(world.here), params={"subject": str(shift)})).json()["items"]) == 4
    assert (await stranger.get(path_of(world.here), params={"subject": str(shift)})).status_code == 404
