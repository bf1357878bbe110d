"""Ending roles, shutting people out, letting them in again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from mingxun.kit import database
from mingxun.kit.database import execute, fetch, fetch_value
from mingxun.kit.problems import Problem
from mingxun.kit.settings import Settings
from mingxun.ledger import FactId
from mingxun.notifications.announcing import announce
from mingxun.people import leaving
from mingxun.people.access import Act, Actor, ActorMembership, Language, Role
from mingxun.people.problems import EndingRefused
from mingxun.people.rules import EndingRefusal, HeldRole, judge_ending, may_shut_out
from mingxun.people.sessions import load_actor
from tests.conftest import TestClock
from tests.world import PASSWORD, Person, World, add_membership, add_person, give_session

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]
WHO = ["volunteer", "building_leader", "handler", "coordinator", "secretary", "subdistrict_admin", "stranger"]
GIVES: dict[str, set[str]] = {
    "coordinator": {"volunteer", "building_leader", "handler"},
    "secretary": {"volunteer", "building_leader", "handler", "coordinator"},
    "subdistrict_admin": {"volunteer", "building_leader", "handler", "coordinator", "secretary"},
}
"""As in test_invitations: who may give a role may end it."""


def somebody(world: World, who: str) -> Person:
    return {"subdistrict_admin": world.subdistrict_admin, "stranger": world.stranger}.get(who) or world.here.people()[who]


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].removeprefix("/problems/")


async def role_of(person: Person) -> UUID:
    return UUID(str(await fetch_value("SELECT id FROM membership WHERE person = $1 AND ended_at IS NULL", person.id)))


async def second_secretary(world: World) -> Person:
    person = await add_person("金二书记", "+8619900177777", neighbourhood=world.here.id)
    await add_membership(person, Role.SECRETARY, world.here.area)
    return person


# Rules


@pytest.mark.parametrize(
    ("role", "able", "others", "refusals"),
    [
        (Role.SECRETARY, True, 0, (EndingRefusal.LAST_SECRETARY,)),
        (Role.SECRETARY, True, 1, ()),
        (Role.SECRETARY, False, 0, ()),
        (Role.SUBDISTRICT_ADMIN, True, 0, (EndingRefusal.LAST_ADMINISTRATOR,)),
        (Role.COORDINATOR, True, 0, ()),
    ],
)
def test_the_last_one_is_not_ended_by_accident(role: Role, able: bool, others: int, refusals: tuple[EndingRefusal, ...]) -> None:
    assert judge_ending(HeldRole(role=role, neighbourhood=uuid4(), able=able, others=others)) == refusals


def test_an_account_is_shut_by_whoever_may_end_all_that_it_opens() -> None:
    here, there = uuid4(), uuid4()
    held = ActorMembership(
        id=uuid4(), role=Role.COORDINATOR, area=here, path=(here,), party=None, neighbourhoods=frozenset({here})
    )
    actor = Actor(person=uuid4(), session=uuid4(), language=Language.ZH, memberships=(held,))

    def may(home: UUID | None, *roles: tuple[Role, UUID | None]) -> bool:
        all_of_them = [HeldRole(role=role, neighbourhood=where, able=True, others=1) for role, where in roles]
        return may_shut_out(actor, home, all_of_them, act=Act.DISABLE_ACCOUNT)

    assert may(here, (Role.VOLUNTEER, here), (Role.HANDLER, here))
    assert may(here)
    assert not may(here, (Role.VOLUNTEER, here), (Role.VOLUNTEER, there)), "they serve elsewhere, too"
    assert not may(here, (Role.COORDINATOR, here)), "a coordinator is the secretary's to end"
    assert not may(there, (Role.VOLUNTEER, here)), "a guest's account is their home's"
    assert not may(None, (Role.SUBDISTRICT_ADMIN, None)), "administrators are appointed on the server"


# Ending roles


@pytest.mark.parametrize("who", WHO)
async def test_who_may_give_a_role_may_end_it_and_nobody_else(client_of: ClientOf, world: World, who: str) -> None:
    await second_secretary(world)
    client = await client_of(somebody(world, who))
    for role, person in world.here.people().items():
        if who == role:
            continue
        try:
            async with database.transaction():
                answer = await client.delete(f"/api/memberships/{await role_of(person)}")
                expected = 204 if role in GIVES.get(who, set()) else 404 if who == "stranger" else 403
                assert answer.status_code == expected, (who, role, answer.text)
                raise _Undo
        except _Undo:
            pass


class _Undo(Exception):
    pass


@pytest.mark.parametrize("who", [who for who in WHO if who != "subdistrict_admin"])
async def test_nobody_ends_anything_in_another_neighbourhood(client_of: ClientOf, world: World, who: str) -> None:
    client = await client_of(somebody(world, who))
    volunteer, role = world.there.volunteer.id, await role_of(world.there.volunteer)
    answers = [
        await client.delete(f"/api/memberships/{role}"),
        await client.post(f"/api/people/{volunteer}/account/disabling"),
        await client.post(f"/api/people/{volunteer}/account/enabling"),
        await client.get(f"/api/people/{volunteer}/shifts"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert await fetch_value("SELECT ended_at IS NULL FROM membership WHERE id = $1", role)


async def test_an_administrator_is_not_ended_from_within(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.subdistrict_admin)
    assert (await client.delete(f"/api/memberships/{await role_of(world.subdistrict_admin)}")).status_code == 404
    assert (await client.delete(f"/api/memberships/{uuid4()}")).status_code == 404


async def test_the_last_secretary_stays_until_there_is_another(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.subdistrict_admin)
    role = await role_of(world.here.secretary)
    for answer in (
        await client.delete(f"/api/memberships/{role}"),
        await client.post(f"/api/people/{world.here.secretary.id}/account/disabling"),
    ):
        assert problem(answer) == (409, "ending-refused")
        assert answer.json()["refusals"] == ["last_secretary"]
    other = await second_secretary(world)
    await execute("UPDATE account SET disabled_at = now() WHERE person = $1", other.id)
    assert problem(await client.delete(f"/api/memberships/{role}")) == (409, "ending-refused"), "one who can't sign in is none"
    await execute("UPDATE account SET disabled_at = NULL WHERE person = $1", other.id)
    assert (await client.delete(f"/api/memberships/{role}")).status_code == 204


async def test_two_who_end_the_last_two_secretaries_at_once_leave_one(
    committed_database: str, world: World, clock: TestClock
) -> None:
    async with database.transaction():
        roles = [await role_of(world.here.secretary), await role_of(await second_secretary(world))]
        admin = await load_actor(await give_session(world.subdistrict_admin.id, at=clock.now()), now=clock.now())
    assert admin is not None

    async def end(role: UUID) -> str:
        try:
            async with database.transaction():
                await leaving.end_membership(admin, role, clock=clock)
            return "ended"
        except EndingRefused:
            return "refused"

    assert sorted(await asyncio.gather(*map(end, roles))) == ["ended", "refused"]


async def test_a_role_ends_once_and_for_the_next_request(client_of: ClientOf, world: World) -> None:
    theirs, client = await client_of(world.here.volunteer), await client_of(world.here.coordinator)
    role = await role_of(world.here.volunteer)
    first = await client.delete(f"/api/memberships/{role}", headers={"Idempotency-Key": "k1"})
    again = await client.delete(f"/api/memberships/{role}", headers={"Idempotency-Key": "k1"})
    other = await client.delete(f"/api/memberships/{role}", headers={"Idempotency-Key": "k2"})
    assert [answer.status_code for answer in (first, again, other)] == [204, 204, 204]
    assert (await theirs.get("/api/me")).json()["memberships"] == []
    assert (await theirs.get(f"/api/neighbourhoods/{world.here.id}/shifts")).status_code == 404
    (fact,) = await fetch("SELECT actor, subject FROM fact WHERE kind = 'membership_ended'")
    assert (fact["actor"], fact["subject"]) == (world.here.coordinator.id, world.here.volunteer.id)


# What they still have ahead


async def planned(client: httpx.AsyncClient, world: World, clock: TestClock, *people: Person) -> str:
    area = f"/api/neighbourhoods/{world.here.id}"
    location = (await client.post(f"{area}/locations", json={"area": str(world.here.id), "name": f"门{uuid4().hex[:6]}"})).json()[
        "id"
    ]
    starts = clock.now() + timedelta(minutes=30)
    wanted = {
        "kind": "patrol",
        "title": "晚间巡逻",
        "location": location,
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "needs": [{"minimum": 1, "desired": 2, "maximum": 5}],
    }
    shift: str = (await client.post(f"{area}/shifts", json=wanted)).json()["id"]
    for person in people:
        assert (await client.post(f"/api/shifts/{shift}/assignments", json={"person": str(person.id)})).status_code == 200
    return shift


async def test_what_somebody_has_ahead_is_seen_before_stays_and_is_flagged(
    client_of: ClientOf, world: World, clock: TestClock, settings: Settings
) -> None:
    """Nobody is dropped from a shift without its planner's knowing."""
    person, other = world.here.volunteer, world.here.second_volunteer
    client = await client_of(world.here.coordinator)
    shift = await planned(client, world, clock, person, other)
    ahead = (await client.get(f"/api/people/{person.id}/shifts")).json()["items"]
    assert [one["id"] for one in ahead] == [shift]
    assert (await client.delete(f"/api/memberships/{await role_of(person)}")).status_code == 204

    assert [one["id"] for one in (await client.get(f"/api/people/{person.id}/shifts")).json()["items"]] == [shift]
    on = (await client.get(f"/api/shifts/{shift}")).json()["assignees"]
    assert {one["person"]: one["belongs"] for one in on} == {str(person.id): False, str(other.id): True}
    (now,) = (await client.get(f"/api/neighbourhoods/{world.here.id}/now")).json()["shifts"]
    assert {one["person"]: one["belongs"] for one in now["people"]} == {str(person.id): False, str(other.id): True}

    fact = await fetch_value("SELECT id FROM fact WHERE kind = 'membership_ended'")
    await announce(FactId(fact), now=clock.now(), zone=settings.timezone)
    told = {
        (row["person"], row["kind"]): row["title"] + row["body"]
        for row in await fetch("SELECT * FROM message WHERE fact = $1", fact)
    }
    assert set(told) == {(person.id, "role_ended"), (world.here.secretary.id, "role_ended_ahead")}
    assert "金宝娣" in told[world.here.secretary.id, "role_ended_ahead"]
    assert "1 班" in told[world.here.secretary.id, "role_ended_ahead"]


async def test_who_keeps_another_role_is_no_stranger_on_their_shift(client_of: ClientOf, world: World, clock: TestClock) -> None:
    person = world.here.building_leader
    await add_membership(person, Role.VOLUNTEER, world.here.area)
    client = await client_of(world.here.coordinator)
    shift = await planned(client, world, clock, person)
    role = await fetch_value("SELECT id FROM membership WHERE person = $1 AND role = 'volunteer'", person.id)
    assert (await client.delete(f"/api/memberships/{role}")).status_code == 204
    (on,) = (await client.get(f"/api/shifts/{shift}")).json()["assignees"]
    assert on["belongs"]


@pytest.mark.parametrize("who", WHO)
async def test_what_somebody_has_ahead_is_for_planners(client_of: ClientOf, world: World, who: str) -> None:
    client = await client_of(somebody(world, who))
    expected = 200 if who in GIVES else 404 if who == "stranger" else 403
    assert (await client.get(f"/api/people/{world.here.volunteer.id}/shifts")).status_code == expected


# Shutting out


@pytest.mark.parametrize("who", WHO)
async def test_who_may_shut_out_whom(client_of: ClientOf, world: World, who: str) -> None:
    await second_secretary(world)
    client = await client_of(somebody(world, who))
    for role, person in world.here.people().items():
        if who == role:
            continue
        try:
            async with database.transaction():
                shut = await client.post(f"/api/people/{person.id}/account/disabling")
                opened = await client.post(f"/api/people/{person.id}/account/enabling")
                elsewhere = 404 if who == "stranger" else 403
                expected = (204 if role in GIVES[who] else 409) if who in GIVES else elsewhere
                assert [shut.status_code, opened.status_code] == [expected] * 2, (who, role, shut.text)
                raise _Undo
        except _Undo:
            pass


async def test_who_is_shut_out_is_out_at_once_and_comes_back_when_let_in(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World
) -> None:
    person = world.here.volunteer
    theirs, client = await client_of(person), await client_of(world.here.coordinator)
    for key in ("k1", "k1", "k2"):
        shut = await client.post(f"/api/people/{person.id}/account/disabling", headers={"Idempotency-Key": key})
        assert shut.status_code == 204
    assert (await theirs.get("/api/me")).status_code == 401
    body = {"phone": person.phone, "password": PASSWORD}
    assert problem(await anonymous.post("/api/session", json=body)) == (401, "wrong-credentials")
    detail = (await client.get(f"/api/people/{person.id}")).json()
    assert (detail["has_account"], detail["account_disabled"]) == (False, True)
    assert [held["role"] for held in detail["memberships"]] == ["volunteer"], "roles stay"
    assert (await client.post(f"/api/people/{person.id}/account/enabling")).status_code == 204
    assert (await client.post(f"/api/people/{person.id}/account/enabling")).status_code == 204
    assert (await theirs.get("/api/me")).status_code == 401, "what was ended stays ended"
    assert (await anonymous.post("/api/session", json=body)).status_code == 200
    kinds = [row["kind"] for row in await fetch("SELECT kind FROM fact WHERE subject = $1 ORDER BY seq", person.id)]
    assert [kind for kind in kinds if kind.startswith("account_")] == ["account_disabled", "account_enabled"]


async def test_a_guest_and_who_serves_elsewhere_are_not_shut_out_here(client_of: ClientOf, world: World) -> None:
    guest = world.there.volunteer
    await add_membership(guest, Role.VOLUNTEER, world.here.area)
    client = await client_of(world.here.coordinator)
    answer = await client.post(f"/api/people/{guest.id}/account/disabling")
    assert problem(answer) == (409, "ending-refused")
    assert answer.json()["refusals"] == ["beyond"]
    assert (await (await client_of(world.subdistrict_admin)).post(f"/api/people/{guest.id}/account/disabling")).status_code == 204


async def test_who_has_no_account_can_not_be_shut_out(client_of: ClientOf, world: World) -> None:
    await execute(
        "INSERT INTO person (id, neighbourhood, name, made_at) VALUES ($1, $2, '无号', now())", other := uuid4(), world.here.id
    )
    client = await client_of(world.here.coordinator)
    assert (await client.post(f"/api/people/{other}/account/disabling")).status_code == 404


async def test_the_command_line_shuts_out_by_number(db: None, world: World, clock: TestClock) -> None:
    person = world.here.volunteer
    number = person.phone.removeprefix("+86")
    assert await leaving.disable_number(number, even_the_last=False, clock=clock) == person.name
    assert await fetch_value("SELECT disabled_at IS NOT NULL FROM account WHERE person = $1", person.id)
    assert await leaving.enable_number(number, clock=clock) == person.name
    for admin in (world.here.secretary, world.subdistrict_admin):
        with pytest.raises(EndingRefused):
            await leaving.disable_number(admin.phone, even_the_last=False, clock=clock)
        await leaving.disable_number(admin.phone, even_the_last=True, clock=clock)
    with pytest.raises(Problem, match="13800138000"):
        await leaving.disable_number("13800138000", even_the_last=False, clock=clock)
