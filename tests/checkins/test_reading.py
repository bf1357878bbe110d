"""What a scanned code is, who is here, and who should be."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from mingxun.checkins.receipts import attendance_list_query
from mingxun.kit.database import execute, fetch
from mingxun.kit.paging import BadCursor
from mingxun.places.service import rekey_location
from tests.checkins.conftest import Scene
from tests.checkins.scene import HOUR, MINUTE, Phone, add_shift, slug
from tests.conftest import TestClock
from tests.world import Person, World

ClientOf = Callable[[Person], Awaitable[httpx.AsyncClient]]
PhoneOf = Callable[[Person], Awaitable[Phone]]


async def read(client: httpx.AsyncClient, code: str) -> httpx.Response:
    return await client.post("/api/code-readings", json={"code": code})


async def test_a_code_tells_the_place_ones_own_shift_and_the_open_ones(
    scene: Scene, world: World, client_of: ClientOf, clock: TestClock
) -> None:
    here = world.here
    other = await add_shift(scene.gate, clock.now(), clock.now() + HOUR, title="文明楼道", by=here.coordinator)
    await add_shift(scene.gate, clock.now(), clock.now() + HOUR, [here.coordinator], maximum=1, by=here.coordinator)
    answer = await read(await client_of(here.volunteer), scene.gate_code)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["location"], found["location_name"]) == (str(scene.gate.id), "东门")
    assert found["neighbourhood"] == str(here.id)
    assert found["retired"] is False
    assert found["open_attendance"] is None
    assert found["my_shift"]["id"] == str(scene.shift)
    assert [shift["id"] for shift in found["open_shifts"]] == [str(other)]


async def test_ones_shift_elsewhere_does_not_fit_here(scene: Scene, world: World, client_of: ClientOf) -> None:
    found = (await read(await client_of(world.here.volunteer), scene.garden_code)).json()
    assert found["my_shift"] is None
    assert found["open_shifts"] == []


async def test_a_code_tells_that_one_is_checked_in(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    stay = (await phone.check_in(scene.gate_code)).json()
    assert (await read(phone.client, scene.gate_code)).json()["open_attendance"] == stay["id"]


async def test_a_replaced_poster_is_told_to_be_one(scene: Scene, world: World, client_of: ClientOf, clock: TestClock) -> None:
    await rekey_location(scene.gate.id, actor=world.here.coordinator.id, clock=clock)
    answer = await read(await client_of(world.here.volunteer), scene.gate_code)
    assert answer.status_code == 200
    assert answer.json()["retired"] is True


async def test_codes_of_other_neighbourhoods_are_unknown(scene: Scene, world: World, client_of: ClientOf) -> None:
    client = await client_of(world.here.volunteer)
    for code in (scene.foreign_code, scene.foreign.number, "weixin://wxpay/bizpayurl?pr=x"):
        answer = await read(client, code)
        assert (answer.status_code, slug(answer)) == (404, "code-unknown")


async def test_reading_numbers_is_limited_together_with_checking_in_by_them(
    scene: Scene, world: World, phone_of: PhoneOf
) -> None:
    phone = await phone_of(world.here.volunteer)
    wrong = "100000" if scene.gate.number != "100000" else "100001"
    for _ in range(20):
        assert (await read(phone.client, wrong)).status_code == 404
    limited = await phone.check_in(scene.gate.number)
    assert limited.status_code == 429
    assert (await read(phone.client, scene.gate_code)).status_code == 200


@pytest.mark.parametrize(
    ("role", "status"), [("volunteer", 200), ("building_leader", 200), ("coordinator", 200), ("handler", 403)]
)
async def test_whoever_serves_reads_codes(scene: Scene, world: World, client_of: ClientOf, role: str, status: int) -> None:
    assert (await read(await client_of(world.here.people()[role]), scene.gate_code)).status_code == status


async def _fill(scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock) -> list[str]:
    """Five stays, oldest first: three of the volunteer, the last still open, and two of the second volunteer, the last open."""
    one, two = await phone_of(world.here.volunteer), await phone_of(world.here.second_volunteer)
    ids = []
    for phone, code in ((one, scene.gate_code), (two, scene.gate_code), (one, scene.garden_code), (two, scene.garden_code)):
        ids.append((await phone.check_in(code)).json()["id"])
        clock.forward(10 * MINUTE)
    ids.append((await one.check_in(scene.gate_code)).json()["id"])
    return ids


async def test_a_coordinator_sees_everybodys_stays_the_latest_first_page_by_page(
    scene: Scene, world: World, client_of: ClientOf, phone_of: PhoneOf, clock: TestClock
) -> None:
    ids = await _fill(scene, world, phone_of, clock)
    client = await client_of(world.here.coordinator)
    seen, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"/api/neighbourhoods/{world.here.id}/attendance", params=params)).json()
        assert len(page["items"]) <= 2
        seen += [stay["id"] for stay in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]


async def test_others_see_their_own(scene: Scene, world: World, client_of: ClientOf, phone_of: PhoneOf, clock: TestClock) -> None:
    ids = await _fill(scene, world, phone_of, clock)
    url = f"/api/neighbourhoods/{world.here.id}/attendance"
    volunteer = await client_of(world.here.volunteer)
    assert [stay["id"] for stay in (await volunteer.get(url)).json()["items"]] == [ids[4], ids[2], ids[0]]
    assert (await volunteer.get(url, params={"person": str(world.here.second_volunteer.id)})).status_code == 403
    assert (await volunteer.get(f"/api/attendance/{ids[1]}")).status_code == 404
    leader = await client_of(world.here.building_leader)
    assert (await leader.get(url)).json()["items"] == []
    coordinator = await client_of(world.here.coordinator)
    assert (await coordinator.get(f"/api/attendance/{ids[1]}")).status_code == 200


async def test_stays_are_found_by_person_shift_presence_and_time(
    scene: Scene, world: World, client_of: ClientOf, phone_of: PhoneOf, clock: TestClock
) -> None:
    start = clock.now()
    ids = await _fill(scene, world, phone_of, clock)
    client = await client_of(world.here.coordinator)

    async def found(**params: str) -> list[str]:
        answer = await client.get(f"/api/neighbourhoods/{world.here.id}/attendance", params=params)
        assert answer.status_code == 200
        return [stay["id"] for stay in answer.json()["items"]]

    assert await found(present="true") == [ids[4], ids[3]]
    assert await found(present="false") == [ids[2], ids[1], ids[0]]
    assert await found(person=str(world.here.second_volunteer.id)) == [ids[3], ids[1]]
    assert await found(shift=str(scene.shift)) == [ids[4], ids[0]]
    both = {"from": (start + 10 * MINUTE).isoformat(), "to": (start + 30 * MINUTE).isoformat()}
    assert await found(**both) == [ids[2], ids[1]]


async def test_other_neighbourhoods_are_not_there(
    scene: Scene, world: World, client_of: ClientOf, phone_of: PhoneOf, clock: TestClock
) -> None:
    ids = await _fill(scene, world, phone_of, clock)
    for person in (*world.there.people().values(), world.stranger):
        client = await client_of(person)
        assert (await client.get(f"/api/neighbourhoods/{world.here.id}/attendance")).status_code == 404
        assert (await client.get(f"/api/attendance/{ids[0]}")).status_code == 404
        assert (await client.get(f"/api/neighbourhoods/{world.here.id}/now")).status_code == 404
    admin = await client_of(world.subdistrict_admin)
    assert len((await admin.get(f"/api/neighbourhoods/{world.here.id}/attendance")).json()["items"]) == 5
    assert (await admin.get(f"/api/neighbourhoods/{world.there.id}/attendance")).json()["items"] == []


async def test_a_bad_cursor_is_said_to_be_one(scene: Scene, world: World, client_of: ClientOf) -> None:
    client = await client_of(world.here.coordinator)
    answer = await client.get(f"/api/neighbourhoods/{world.here.id}/attendance", params={"cursor": "AAAA"})
    assert (answer.status_code, slug(answer)) == (BadCursor.status, "bad-cursor")


async def test_now_tells_who_is_here_late_not_yet_due_and_gone(
    scene: Scene, world: World, client_of: ClientOf, phone_of: PhoneOf, clock: TestClock
) -> None:
    here = world.here
    running = await add_shift(
        scene.garden,
        clock.now() - HOUR,
        clock.now() + HOUR,
        [here.second_volunteer, here.secretary, here.coordinator],
        by=here.coordinator,
    )
    soon = await add_shift(scene.garden, clock.now() + HOUR, clock.now() + 2 * HOUR, [here.building_leader], by=here.coordinator)
    later = await add_shift(scene.garden, clock.now() + HOUR + MINUTE, clock.now() + 2 * HOUR, by=here.coordinator)
    present, gone = await phone_of(here.second_volunteer), await phone_of(here.secretary)
    stay = (await present.check_in(scene.garden_code)).json()
    await gone.check_in(scene.garden_code)
    await gone.check_out()
    extra = (await (await phone_of(world.subdistrict_admin)).check_in(scene.gate_code)).json()
    answer = await (await client_of(here.coordinator)).get(f"/api/neighbourhoods/{here.id}/now")
    assert answer.status_code == 200
    now = answer.json()
    shifts = {shift["shift"]: shift for shift in now["shifts"]}
    assert [shift["shift"] for shift in now["shifts"]] == [str(running), str(scene.shift), str(soon)]
    assert str(later) not in shifts
    assert [(p["person"], p["presence"]) for p in shifts[str(running)]["people"]] == [
        (str(here.second_volunteer.id), "here"),
        (str(here.secretary.id), "left"),
        (str(here.coordinator.id), "late"),
    ]
    assert shifts[str(running)]["people"][0]["attendance"] == stay["id"]
    assert shifts[str(running)]["people"][2]["phone"] == here.coordinator.phone
    assert (shifts[str(running)]["here"], shifts[str(running)]["unstaffed"]) == (1, False)
    assert [shift["lacking"] for shift in now["shifts"]] == [max(0, s["minimum"] - s["taken"]) for s in now["shifts"]]
    assert shifts[str(scene.shift)]["unstaffed"] is True
    assert [p["presence"] for p in shifts[str(soon)]["people"]] == ["not_yet"]
    assert shifts[str(soon)]["unstaffed"] is False
    assert [stay["id"] for stay in now["others"]] == [extra["id"]]


@pytest.mark.parametrize(
    ("role", "status"), [("volunteer", 403), ("building_leader", 200), ("coordinator", 200), ("secretary", 200), ("handler", 403)]
)
async def test_now_is_for_leaders_and_coordinators(
    scene: Scene, world: World, client_of: ClientOf, role: str, status: int
) -> None:
    client = await client_of(world.here.people()[role])
    assert (await client.get(f"/api/neighbourhoods/{world.here.id}/now")).status_code == status


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "attendance_neighbourhood"),
        ({"present": True}, "Index Scan"),
        ({"person": True}, "attendance_person"),
        ({"shift": True}, "attendance_"),
    ],
)
async def test_every_list_reads_an_index(
    scene: Scene, world: World, filters: dict[str, bool], index: str, clock: TestClock
) -> None:
    """With 20,000 stays over two years, none of them reads the table from one end to the other."""
    people = [row["id"] for row in await fetch("SELECT id FROM person")]
    await execute(
        """INSERT INTO attendance (id, neighbourhood, person, shift, location, arrived_at, left_at)
           SELECT gen_random_uuid(), $1, p, CASE WHEN i % 10 = 0 THEN $2::uuid END, $3,
                  $4::timestamptz - i * interval '50 minutes', $4::timestamptz - i * interval '50 minutes' + interval '40 minutes'
           FROM generate_series(1, 20000) i, LATERAL (SELECT ($5::uuid[])[1 + i % array_length($5::uuid[], 1)] AS p) q""",
        world.here.id,
        scene.shift,
        scene.gate.id,
        clock.now() - timedelta(days=1),
        people,
    )
    await execute("ANALYZE attendance")
    sql, args = attendance_list_query(
        world.here.id,
        since=None,
        until=None,
        shift=scene.shift if filters.get("shift") else None,
        person=world.here.volunteer.id if filters.get("person") else None,
        present=filters.get("present"),
        cursor=None,
        limit=50,
    )
    plan = "\n".join(row[0] for row in await fetch(f"EXPLAIN {sql}", *args))
    assert "Seq Scan on attendance" not in plan
    assert index in plan
