"""Who sees which people, and how much of them."""

import base64
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx
import pytest

from mingxun.kit.database import execute, fetch
from mingxun.kit.paging import Cursor
from mingxun.people.schemas import Role
from tests.world import Person, World, add_membership, add_person

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]
WHO = ["volunteer", "building_leader", "coordinator", "secretary", "handler", "subdistrict_admin", "stranger"]
PLANNERS = {"coordinator", "secretary", "subdistrict_admin"}


def somebody(world: World, who: str) -> Person:
    return {"subdistrict_admin": world.subdistrict_admin, "stranger": world.stranger}.get(who) or world.here.people()[who]


@pytest.mark.parametrize("who", WHO)
async def test_who_may_list_people_read_one_and_add_parties(client_of: ClientOf, world: World, who: str) -> None:
    client = await client_of(somebody(world, who))
    nothing = 404 if who == "stranger" else 403
    place = f"/api/neighbourhoods/{world.here.id}"
    listed = 200 if who in PLANNERS | {"building_leader"} else nothing
    assert (await client.get(f"{place}/people")).status_code == listed
    assert (await client.post(f"{place}/people/search", json={"query": "金"})).status_code == listed
    assert (await client.get(f"/api/people/{world.here.volunteer.id}")).status_code == (200 if who in PLANNERS else nothing)
    assert (await client.get(f"{place}/parties")).status_code == (404 if who == "stranger" else 200)
    added = await client.post(f"{place}/parties", json={"kind": "department", "name": "城管中队"})
    assert added.status_code == (201 if who in PLANNERS else nothing)


@pytest.mark.parametrize("who", [who for who in WHO if who != "subdistrict_admin"])
async def test_the_other_neighbourhood_is_not_there(client_of: ClientOf, world: World, who: str) -> None:
    client = await client_of(somebody(world, who))
    place = f"/api/neighbourhoods/{world.there.id}"
    assert (await client.get(f"{place}/people")).status_code == 404
    assert (await client.get(f"/api/people/{world.there.volunteer.id}")).status_code == 404
    assert (await client.get(f"{place}/parties")).status_code == 404
    assert (await client.post(f"{place}/parties", json={"kind": "department", "name": "x"})).status_code == 404
    assert (await client.get(f"/api/people/{uuid4()}")).status_code == 404


async def names_of(client: httpx.AsyncClient, world: World, **params: str | int) -> list[str]:
    path = f"/api/neighbourhoods/{world.here.id}/people"
    answer = await (client.post(f"{path}/search", json=params) if "query" in params else client.get(path, params=params))
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def test_people_are_found_by_name_number_building_and_role(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    assert await names_of(client, world, query="宝娣") == ["金宝娣"]
    assert await names_of(client, world, query=world.here.volunteer.phone.removeprefix("+86")) == ["金宝娣"]
    assert await names_of(client, world, query="0001") == ["金宝娣"]
    assert await names_of(client, world, query="199-0010-0001") == ["金宝娣"]
    assert len(await names_of(client, world, query="9号")) == 7
    assert await names_of(client, world, role="building_leader") == ["金林根"]
    assert await names_of(client, world, query="金", role="building_leader") == ["金林根"]
    assert await names_of(client, world, query="%") == []
    assert await names_of(client, world, query="江") == []


async def test_a_building_leader_sees_names_and_rooms_of_their_own_building(client_of: ClientOf, world: World) -> None:
    elsewhere = await add_person("钱别处", "+8613700000001", neighbourhood=world.here.id, building=world.here.buildings[1].id)
    await add_membership(elsewhere, Role.VOLUNTEER, world.here.area)
    client = await client_of(world.here.building_leader)
    answer = (await client.get(f"/api/neighbourhoods/{world.here.id}/people")).json()["items"]
    assert "钱别处" not in {item["name"] for item in answer}
    assert len(answer) == 7
    for item in answer:
        assert (item["phone"], item["roles"], item["skills"], item["has_account"]) == (None, [], [], False)
    assert await names_of(client, world, query="1990010") == []


async def test_the_list_says_nothing_of_party_and_health(client_of: ClientOf, world: World) -> None:
    await execute("UPDATE person SET remark = '高血压' WHERE id = $1", world.here.second_volunteer.id)
    client = await client_of(world.here.coordinator)
    listed = (await client.get(f"/api/neighbourhoods/{world.here.id}/people")).text
    assert "高血压" not in listed
    assert "党员" not in listed
    detail = (await client.get(f"/api/people/{world.here.second_volunteer.id}")).json()
    assert (detail["remark"], detail["political_status"]) == ("高血压", "中共党员")


async def test_reading_all_of_a_person_is_written_down(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    await client.get(f"/api/people/{world.here.volunteer.id}")
    (fact,) = await fetch("SELECT actor, subject, neighbourhood FROM fact WHERE kind = 'person_viewed'")
    assert (fact["actor"], fact["subject"], fact["neighbourhood"]) == (
        world.here.coordinator.id,
        world.here.volunteer.id,
        world.here.id,
    )


async def test_reading_changes_nothing_that_anybody_can_see(client_of: ClientOf, world: World) -> None:
    """The record of it is for whoever audits (docs/decisions/0003): no answer of the API becomes another by it."""
    client = await client_of(world.here.coordinator)
    theirs = await client_of(world.here.volunteer)

    async def seen() -> list[object]:
        area = f"/api/neighbourhoods/{world.here.id}"
        own = [(await theirs.get(path)).json() for path in ("/api/me", "/api/me/sessions", "/api/me/inbox")]
        paths = (f"/api/people/{world.here.volunteer.id}", f"{area}/people", f"{area}/now", f"{area}/tickets", "/api/me/inbox")
        return own + [(await client.get(path)).json() for path in paths]

    first, second = await seen(), await seen()
    for answer in (*first, *second):
        if isinstance(answer, dict):
            answer.pop("at", None)
    assert first == second


async def test_a_guest_is_listed_and_their_home_keeps_the_rest_to_itself(client_of: ClientOf, world: World) -> None:
    guest = world.there.second_volunteer
    await execute("UPDATE person SET remark = '高血压' WHERE id = $1", guest.id)
    await add_membership(guest, Role.VOLUNTEER, world.here.area)
    client = await client_of(world.here.coordinator)
    assert guest.name in await names_of(client, world)
    detail = (await client.get(f"/api/people/{guest.id}")).json()
    assert (detail["remark"], detail["political_status"], detail["born"], detail["gender"]) == ("", "", "", "")
    assert [m["neighbourhoods"][0]["name"] for m in detail["memberships"]] == ["凌云里"]
    home = await client_of(world.there.coordinator)
    assert (await home.get(f"/api/people/{guest.id}")).json()["remark"] == "高血压"


async def test_people_are_paged_by_name_without_gaps_or_repeats(client_of: ClientOf, world: World) -> None:
    for number in range(12):
        await add_person(f"同名{number % 3}", f"+86137000000{number:02d}", neighbourhood=world.here.id)
    client = await client_of(world.here.coordinator)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, str | int] = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"/api/neighbourhoods/{world.here.id}/people", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 19


async def test_no_address_names_anybody(client_of: ClientOf, world: World) -> None:
    """Addresses are written into the logs of proxies and the histories of browsers."""
    client = await client_of(world.here.coordinator)
    path = f"/api/neighbourhoods/{world.here.id}/people"
    page = (await client.get(path, params={"limit": 1})).json()
    assert page["items"][0]["id"] in base64.urlsafe_b64decode(page["next_cursor"] + "==").decode()
    assert page["items"][0]["name"] not in base64.urlsafe_b64decode(page["next_cursor"] + "==").decode()
    assert len((await client.get(path, params={"query": "宝娣"})).json()["items"]) > 1, "the address is not searched"
    found: list[str] = []
    cursor = None
    while True:
        more = (await client.post(f"{path}/search", json={"query": "金", "limit": 3, "cursor": cursor})).json()
        found += [item["name"] for item in more["items"]]
        cursor = more["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 7


async def test_a_broken_cursor_is_said_to_be_one(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    elsewhere = Cursor.encode(world.there.volunteer.id)
    for cursor in ("nonsense", elsewhere):
        answer = await client.get(f"/api/neighbourhoods/{world.here.id}/people", params={"cursor": cursor})
        assert answer.json()["type"] == "/problems/bad-cursor"


async def test_a_party_has_a_name_of_its_own(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    path = f"/api/neighbourhoods/{world.here.id}/parties"
    made = await client.post(path, json={"kind": "department", "name": "城管中队", "phone": "021-58881234"})
    assert made.json()["phone"] == "+862158881234"
    assert (await client.post(path, json={"kind": "property", "name": "城管中队"})).json()["type"] == "/problems/party-exists"
    assert (await client.post(path, json={"kind": "property", "name": "新物业", "phone": "123"})).json()[
        "type"
    ] == "/problems/invalid-phone"
    assert "城管中队" in {party["name"] for party in (await client.get(path)).json()["items"]}


async def test_without_a_session_there_is_nobody(anonymous: httpx.AsyncClient, world: World) -> None:
    for path in ("people", "parties", "invitations"):
        assert (await anonymous.get(f"/api/neighbourhoods/{world.here.id}/{path}")).status_code == 401
    assert (await anonymous.get(f"/api/people/{world.here.volunteer.id}")).status_code == 401
