"""Shifts over HTTP: every route for every role and for a foreign neighbourhood."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from mingxun.shifts.schemas import ShiftDetail
from tests.conftest import TestClock
from tests.shifts.given import HOUR, a_location, a_shift, counted, facts_of, needs
from tests.world import Person, World

Browser = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]

PLANNERS = {"coordinator", "secretary", "subdistrict_admin"}
SERVING = PLANNERS | {"building_leader", "volunteer"}
ALLOWED = {
    "listShifts": SERVING,
    "createShift": PLANNERS,
    "getShift": SERVING,
    "updateShift": PLANNERS,
    "cancelShift": PLANNERS,
    "signUp": SERVING,
    "withdraw": SERVING,
    "assign": PLANNERS,
    "unassign": PLANNERS,
}
"""Which roles an operation is for; `listMyShifts` is for everybody."""


@pytest.fixture
async def gate(world: World, clock: TestClock) -> UUID:
    return await a_location(world.here, clock)


@pytest.fixture
async def shift(world: World, clock: TestClock, gate: UUID) -> ShiftDetail:
    return await a_shift(world.here, gate, clock, needs(10))


def body_of_a_shift(location: UUID, clock: TestClock, **but: Any) -> dict[str, Any]:
    begins = clock.now() + 24 * HOUR
    return {
        "kind": "pioneer_post",
        "title": "先锋岗",
        "location": str(location),
        "starts_at": begins.isoformat(),
        "ends_at": (begins + 2 * HOUR).isoformat(),
        "needs": [{"role": "party_member", "minimum": 1, "desired": 2, "maximum": 2}],
        **but,
    }


async def call(client: httpx.AsyncClient, operation: str, world: World, shift: ShiftDetail, clock: TestClock) -> httpx.Response:
    """Call the operation on `shift` as it is meant to be called."""
    path = f"/api/shifts/{shift.id}"
    here = f"/api/neighbourhoods/{world.here.id}/shifts"
    other = world.here.second_volunteer.id
    match operation:
        case "listShifts":
            return await client.get(here)
        case "createShift":
            return await client.post(here, json=body_of_a_shift(shift.location, clock))
        case "getShift":
            return await client.get(path)
        case "updateShift":
            return await client.patch(path, json={"title": "夜巡"})
        case "cancelShift":
            return await client.post(f"{path}/cancellation", json={"reason": "台风"})
        case "signUp":
            return await client.post(f"{path}/sign-up")
        case "withdraw":
            return await client.delete(f"{path}/sign-up")
        case "assign":
            return await client.post(f"{path}/assignments", json={"person": str(other)})
        case "unassign":
            return await client.delete(f"{path}/assignments/{other}")
    raise AssertionError(operation)


def everybody(world: World) -> dict[str, Person]:
    return {**world.here.people(), "subdistrict_admin": world.subdistrict_admin}


@pytest.mark.parametrize("operation", ALLOWED)
async def test_each_role_may_do_what_its_grants_say_and_nothing_else(
    operation: str, world: World, client_of: Browser, shift: ShiftDetail, clock: TestClock
) -> None:
    for role, person in everybody(world).items():
        client = await client_of(person)
        if operation == "withdraw":
            await client.post(f"/api/shifts/{shift.id}/sign-up")
        if operation == "unassign":
            await call(await client_of(world.here.coordinator), "assign", world, shift, clock)
        fresh = shift
        if operation == "cancelShift":
            fresh = await a_shift(world.here, shift.location, clock)
        answer = await call(client, operation, world, fresh, clock)
        if role in ALLOWED[operation]:
            assert answer.status_code in {200, 201, 204}, (role, answer.text)
        else:
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed"), role


@pytest.mark.parametrize("operation", ALLOWED)
async def test_in_a_foreign_neighbourhood_there_is_nothing(
    operation: str, world: World, client_of: Browser, anonymous: httpx.AsyncClient, shift: ShiftDetail, clock: TestClock
) -> None:
    for person in (*world.there.people().values(), world.stranger):
        answer = await call(await client_of(person), operation, world, shift, clock)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert (await call(anonymous, operation, world, shift, clock)).status_code == 401
    assert await counted(shift.id) == (0, 0)
    for kind in ("shift_changed", "shift_cancelled", "signed_up", "assigned"):
        assert await facts_of(shift.id, kind) == 0


async def test_everybody_has_a_list_of_their_own_shifts(world: World, client_of: Browser, shift: ShiftDetail) -> None:
    client = await client_of(world.here.volunteer)
    assert (await client.get("/api/me/shifts")).json() == {"items": [], "next_cursor": None}
    await client.post(f"/api/shifts/{shift.id}/sign-up")
    (mine,) = (await client.get("/api/me/shifts")).json()["items"]
    assert (mine["id"], mine["mine"]) == (str(shift.id), True)
    assert (await (await client_of(world.stranger)).get("/api/me/shifts")).json()["items"] == []


async def test_a_shift_that_is_planned_is_answered_in_full(
    world: World, client_of: Browser, gate: UUID, clock: TestClock
) -> None:
    client = await client_of(world.here.coordinator)
    answer = await client.post(f"/api/neighbourhoods/{world.here.id}/shifts", json=body_of_a_shift(gate, clock, note="红袖章"))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["kind"], made["note"], made["version"], made["state"]) == ("pioneer_post", "红袖章", 1, "open")
    assert [n["role"] for n in made["needs"]] == ["party_member"]
    assert made["refusals"] == ["no_fitting_need"]


async def test_a_refused_sign_up_carries_its_reasons_as_data(
    world: World, client_of: Browser, shift: ShiftDetail, gate: UUID, clock: TestClock
) -> None:
    other = await a_shift(world.here, gate, clock, needs(1), begins=25 * HOUR, title="值守")
    assert (await (await client_of(world.here.second_volunteer)).post(f"/api/shifts/{other.id}/sign-up")).status_code == 200
    client = await client_of(world.here.volunteer)
    await client.post(f"/api/shifts/{shift.id}/sign-up")
    answer = await client.post(f"/api/shifts/{other.id}/sign-up")
    assert answer.status_code == 409
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert (problem["type"], problem["reasons"]) == ("/problems/sign-up-refused", ["overlaps", "full"])
    assert (problem["conflict"]["shift"], problem["conflict"]["title"]) == (str(shift.id), "巡逻")
    assert problem["missing"] == []


async def test_signing_up_again_gives_the_same_place_with_or_without_a_key(
    world: World, client_of: Browser, shift: ShiftDetail
) -> None:
    client = await client_of(world.here.volunteer)
    headers = {"Idempotency-Key": "abc"}
    answers = [await client.post(f"/api/shifts/{shift.id}/sign-up", headers=h) for h in ({}, headers, headers)]
    assert [a.status_code for a in answers] == [200, 200, 200]
    assert len({a.text for a in answers}) == 1
    assert await counted(shift.id) == (1, 1)


async def test_giving_a_place_back_answers_with_nothing_and_twice_with_the_reason(
    world: World, client_of: Browser, shift: ShiftDetail
) -> None:
    client = await client_of(world.here.volunteer)
    await client.post(f"/api/shifts/{shift.id}/sign-up")
    assert (await client.delete(f"/api/shifts/{shift.id}/sign-up")).status_code == 204
    again = await client.delete(f"/api/shifts/{shift.id}/sign-up")
    assert (again.status_code, again.json()["type"], again.json()["reasons"]) == (409, "/problems/withdraw-refused", ["not_in"])


async def test_a_preview_over_http_changes_nothing(world: World, client_of: Browser, shift: ShiftDetail) -> None:
    await (await client_of(world.here.volunteer)).post(f"/api/shifts/{shift.id}/sign-up")
    client = await client_of(world.here.coordinator)
    later = {"starts_at": (shift.starts_at + HOUR).isoformat(), "preview": True}
    change = (await client.patch(f"/api/shifts/{shift.id}", json=later)).json()
    assert (change["applied"], [a["effect"] for a in change["affected"]]) == (False, ["moved"])
    gone = (await client.post(f"/api/shifts/{shift.id}/cancellation", json={"reason": "雨", "preview": True})).json()
    assert (gone["applied"], gone["shift"]["state"], [a["effect"] for a in gone["affected"]]) == (False, "cancelled", ["removed"])
    assert (await client.get(f"/api/shifts/{shift.id}")).json()["version"] == 1


async def test_a_list_takes_its_window_by_the_names_from_and_to(world: World, client_of: Browser, shift: ShiftDetail) -> None:
    client = await client_of(world.here.volunteer)
    path = f"/api/neighbourhoods/{world.here.id}/shifts"
    assert len((await client.get(path)).json()["items"]) == 1
    after = {"from": shift.ends_at.isoformat()}
    assert (await client.get(path, params=after)).json()["items"] == []
    before = {"from": (shift.starts_at - 9 * HOUR).isoformat(), "to": shift.starts_at.isoformat()}
    assert (await client.get(path, params=before)).json()["items"] == []
    only: dict[str, str | int] = {"kind": "patrol", "state": "open", "location": str(shift.location), "limit": 1}
    assert len((await client.get(path, params=only)).json()["items"]) == 1


async def test_a_list_can_be_turned_page_by_page(world: World, client_of: Browser, gate: UUID, clock: TestClock) -> None:
    made = [(await a_shift(world.here, gate, clock, begins=timedelta(hours=i // 2))).id for i in range(5)]
    client = await client_of(world.here.volunteer)
    path, cursor, found = f"/api/neighbourhoods/{world.here.id}/shifts", None, []
    while True:
        page = (await client.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        found += [s["id"] for s in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [str(i) for i in made]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"from": "2026-07-01T00:00:00"},
        {"kind": "party"},
        {"limit": "0"},
        {"limit": "101"},
        {"cursor": "abc"},
        {"location": "gate"},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_as_such(query: dict[str, str], world: World, client_of: Browser) -> None:
    client = await client_of(world.here.volunteer)
    assert (await client.get(f"/api/neighbourhoods/{world.here.id}/shifts", params=query)).status_code == (
        422 if "cursor" in query else 400
    )


@pytest.mark.parametrize("edge", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_the_ends_of_time_are_harmless(
    edge: str, world: World, client_of: Browser, shift: ShiftDetail, clock: TestClock
) -> None:
    client = await client_of(world.here.coordinator)
    path = f"/api/neighbourhoods/{world.here.id}/shifts"
    for query in ({"from": edge}, {"to": edge}, {"from": edge, "to": edge}):
        assert (await client.get(path, params=query)).status_code == 200
        assert (await client.get("/api/me/shifts", params=query)).status_code == 200
    for body in ({"starts_at": edge}, {"ends_at": edge}, {"starts_at": edge, "ends_at": edge}):
        assert (await client.patch(f"/api/shifts/{shift.id}", json=body)).status_code == 422
        assert (await client.post(path, json=body_of_a_shift(shift.location, clock, **body))).status_code == 422


@pytest.mark.parametrize(
    "but",
    [
        {"state": "cancelled"},
        {"made_by": str(uuid4())},
        {"needs": []},
        {"needs": [{"minimum": 0, "desired": 0, "maximum": 0}]},
        {"needs": [{"minimum": 0, "desired": 0, "maximum": 501}]},
        {"needs": [{"minimum": 0, "desired": 0, "maximum": 1, "taken": 1}]},
        {"title": "  "},
        {"title": "a\nb"},
        {"starts_at": "2026-07-01T00:00:00"},
    ],
)
async def test_a_body_that_is_not_as_the_contract_says_is_refused(
    but: dict[str, Any], world: World, client_of: Browser, gate: UUID, clock: TestClock
) -> None:
    client = await client_of(world.here.coordinator)
    answer = await client.post(f"/api/neighbourhoods/{world.here.id}/shifts", json=body_of_a_shift(gate, clock, **but))
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-request")


async def test_a_shift_of_another_neighbourhood_is_not_planned_by_naming_ones_own(
    world: World, client_of: Browser, clock: TestClock
) -> None:
    elsewhere = await a_location(world.there, clock)
    client = await client_of(world.here.coordinator)
    answer = await client.post(f"/api/neighbourhoods/{world.here.id}/shifts", json=body_of_a_shift(elsewhere, clock))
    assert answer.status_code == 404
