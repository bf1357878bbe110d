"""Previewing and confirming a roster, over HTTP."""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec
import pytest

from mingxun.kit.clock import SystemClock
from mingxun.kit.database import execute, fetch, fetch_row, fetch_value, transaction
from mingxun.people.access import Role
from mingxun.people.facts import ChangedPerson, PersonField, RosterImported
from mingxun.people.problems import RosterChanged
from mingxun.people.roster import service
from tests.conftest import TestClock
from tests.people.files import Rows, comma_separated, workbook
from tests.world import Person, World, add_membership, add_person

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]
DATA = Path(__file__).parents[1] / "data" / "roster"
SAMPLE = (DATA / "volunteers.xlsx").read_bytes()
TWO: Rows = [
    ["姓名", "电话", "住址", "是否楼组长"],
    ["张三", "13812345678", "9号202", "是"],
    ["李四", "13912345678", "12号101", ""],
]


async def send(
    client: httpx.AsyncClient, place: UUID, data: bytes, name: str = "花名册.xlsx", kind: str = "application/octet-stream"
) -> httpx.Response:
    return await client.post(
        f"/api/neighbourhoods/{place}/roster-imports",
        content=data,
        headers={"Content-Type": kind, "X-File-Name": quote(name)},
    )


async def confirm(client: httpx.AsyncClient, preview: httpx.Response) -> httpx.Response:
    assert preview.status_code == 201, preview.text
    return await client.post(f"/api/roster-imports/{preview.json()['id']}/confirmation")


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].removeprefix("/problems/")


async def contents(place: UUID) -> list[Any]:
    """All that an import can change in a neighbourhood."""
    queries = (
        "SELECT * FROM person WHERE neighbourhood = $1 ORDER BY id",
        "SELECT * FROM membership WHERE neighbourhood = $1 ORDER BY id",
        "SELECT * FROM area WHERE neighbourhood = $1 ORDER BY id",
    )
    return [tuple(row.items()) for query in queries for row in await fetch(query, place)]


async def test_a_preview_says_what_would_happen_and_changes_nothing(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    before = await contents(world.here.id)
    preview = (await send(client, world.here.id, SAMPLE)).json()
    assert preview["counts"] == {"new": 160, "changed": 0, "same": 0, "duplicate": 4, "refused": 0}
    assert len(preview["rows"]) == 164
    assert len(preview["new_buildings"]) == 83
    short = next(row for row in preview["rows"] if row["row"] == 30)
    assert short["fate"] == "new"
    assert short["phone"] is None
    (told,) = short["problems"]
    assert (told["code"], told["field"], told["fatal"]) == ("phone_short", "phone", False)
    assert "1845378383" in told["text"]
    assert await contents(world.here.id) == before


async def test_problems_are_worded_in_the_readers_language(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    await client.patch("/api/me", json={"language": "en"})
    preview = (await send(client, world.here.id, SAMPLE)).json()
    assert next(row for row in preview["rows"] if row["row"] == 30)["problems"][0]["text"].startswith("Digits are missing")


async def test_a_confirmed_sample_is_all_there(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    done = await confirm(client, await send(client, world.here.id, SAMPLE))
    assert {k: done.json()[k] for k in ("added", "changed", "unchanged", "left_out")} == {
        "added": 160,
        "changed": 0,
        "unchanged": 0,
        "left_out": 4,
    }
    (person,) = (await client.post(f"/api/neighbourhoods/{world.here.id}/people/search", json={"query": "郭兰平"})).json()[
        "items"
    ]
    assert person["phone_note"] == "子女"
    assert set(person["roles"]) == {"volunteer", "building_leader"}
    detail = (await client.get(f"/api/people/{person['id']}")).json()
    assert (detail["born"], detail["political_status"], detail["skills"]) == ("1958-06", "共青团员", ["急救", "消防"])
    assert (detail["building_name"], detail["room"]) == ("38号", "706")
    (found,) = (await client.post(f"/api/neighbourhoods/{world.here.id}/people/search", json={"query": "史祥兰"})).json()["items"]
    assert found["building_name"] == "3弄2号"
    (fact,) = await fetch("SELECT data::text, actor FROM fact WHERE kind = 'roster_imported'")
    assert fact["actor"] == world.here.coordinator.id
    assert "郭兰平" not in fact["data"]


async def test_who_overwrote_what_of_whom_can_be_told_and_goes_with_the_person(client_of: ClientOf, world: World) -> None:
    here = world.here
    client = await client_of(here.coordinator)
    head = "姓名,电话,住址,政治面貌,备注,是否楼组长\n"
    await confirm(
        client, await send(client, here.id, f"{head}赵六,13812345678,9号202,群众,高血压,\n钱七,13912345678,9号101,,,\n".encode())
    )
    later = f"{head}赵六,13812345678,10号301,中共党员,膝盖不好,是\n钱七,13912345678,9号101,,,\n孙八,13712345678,9号102,,,\n"
    preview = await send(client, here.id, later.encode())
    shown = {(change["field"], change["before"]) for row in preview.json()["rows"] for change in row["changes"]}
    assert shown >= {("remark", ""), ("political_status", "")}, "what is kept of health and party is not told by a preview"
    await confirm(client, preview)
    (person,) = (await client.post(f"/api/neighbourhoods/{here.id}/people/search", json={"query": "赵六"})).json()["items"]
    fact = await fetch_row("SELECT id, actor, at, data FROM fact WHERE kind = 'roster_imported' ORDER BY seq DESC LIMIT 1")
    assert fact is not None
    told = msgspec.json.decode(fact["data"], type=RosterImported)
    fields = ["political_status", "building", "room", "remark", "roles"]
    assert told.changes == [ChangedPerson(person=UUID(person["id"]), fields=[PersonField(field) for field in fields])]
    for canary in ("138123", "10号", "301", "党员", "膝盖", "高血压"):
        assert canary not in fact["data"]
    rows = await fetch("SELECT fact, field, before, after, at FROM person_change WHERE person = $1", UUID(person["id"]))
    assert {tuple(row) for row in rows} == {
        (fact["id"], "political_status", "群众", "中共党员", fact["at"]),
        (fact["id"], "building", "9号楼", "10号楼", fact["at"]),
        (fact["id"], "room", "202", "301", fact["at"]),
        (fact["id"], "remark", "高血压", "膝盖不好", fact["at"]),
        (fact["id"], "roles", "", "building_leader", fact["at"]),
    }
    await execute("DELETE FROM membership WHERE person = $1", UUID(person["id"]))
    await execute("DELETE FROM person WHERE id = $1", UUID(person["id"]))
    assert await fetch_value("SELECT count(*) FROM person_change") == 0


async def test_the_same_file_again_changes_nothing(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    await confirm(client, await send(client, world.here.id, SAMPLE))
    before = await contents(world.here.id)
    again = await send(client, world.here.id, SAMPLE)
    assert again.json()["counts"] == {"new": 0, "changed": 0, "same": 160, "duplicate": 4, "refused": 0}
    assert again.json()["new_buildings"] == []
    assert (await confirm(client, again)).json()["unchanged"] == 160
    assert await contents(world.here.id) == before


async def test_the_csv_of_the_same_people_changes_nothing_either(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    await confirm(client, await send(client, world.here.id, SAMPLE))
    data = (DATA / "volunteers-gb18030.csv").read_bytes()
    again = await send(client, world.here.id, data, "花名册.csv", "text/csv")
    assert again.json()["counts"] == {"new": 0, "changed": 0, "same": 39, "duplicate": 1, "refused": 0}


async def test_a_building_of_the_tree_is_found_and_a_missing_one_made(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    preview = await send(client, world.here.id, workbook(TWO))
    assert preview.json()["new_buildings"] == ["12号"]
    await confirm(client, preview)
    (leader,) = await fetch(
        "SELECT m.area FROM membership m JOIN person p ON p.id = m.person WHERE p.name = '张三' AND m.role = 'building_leader'"
    )
    assert leader["area"] == world.here.buildings[0].id
    made = await fetch_value("SELECT kind FROM area WHERE parent = $1 AND name = '12号'", world.here.id)
    assert made == "building"


async def test_a_change_is_shown_and_then_made(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    await confirm(client, await send(client, world.here.id, workbook(TWO)))
    later: Rows = [TWO[0], ["张三", "13700000000", "9号202", "是"], ["李四", "13912345678", "11号303", "是"]]
    preview = await send(client, world.here.id, workbook(later))
    changes = {(row["name"], c["field"], c["before"], c["after"]) for row in preview.json()["rows"] for c in row["changes"]}
    assert changes == {
        ("张三", "phone", "+8613812345678", "+8613700000000"),
        ("李四", "building", "12号", "11号楼"),
        ("李四", "room", "101", "303"),
        ("李四", "roles", "", "building_leader"),
    }
    assert (await confirm(client, preview)).json()["changed"] == 2
    assert (await send(client, world.here.id, workbook(later))).json()["counts"]["same"] == 2


async def test_a_guests_record_stays_as_their_home_keeps_it(client_of: ClientOf, world: World) -> None:
    guest = world.there.volunteer
    await add_membership(guest, Role.HANDLER, world.here.area, world.here.property)
    client = await client_of(world.here.coordinator)
    rows: Rows = [["姓名", "电话", "住址", "备注"], [guest.name, guest.phone, "9号202", "x"]]
    preview = await send(client, world.here.id, workbook(rows))
    assert preview.json()["rows"][0]["changes"] == [{"field": "roles", "before": "", "after": "volunteer"}]
    await confirm(client, preview)
    row = await fetch("SELECT neighbourhood, remark FROM person WHERE id = $1", guest.id)
    assert tuple(row[0]) == (world.there.id, "")


async def test_somebody_of_another_neighbourhood_is_not_given_away(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    rows: Rows = [["姓名", "电话"], [world.there.volunteer.name, world.there.volunteer.phone]]
    preview = (await send(client, world.here.id, workbook(rows))).json()
    assert preview["counts"]["new"] == 1
    assert preview["rows"][0]["problems"] == []


async def test_if_the_people_changed_since_the_preview_it_must_be_looked_at_again(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    preview = await send(client, world.here.id, workbook(TWO))
    await add_person("张三", "+8613812345678", neighbourhood=world.here.id)
    assert problem(await confirm(client, preview)) == (409, "roster-changed")
    assert not await fetch_value("SELECT EXISTS (SELECT FROM person WHERE name = '李四')")


async def test_a_change_that_does_not_matter_to_it_does_not_stop_it(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    preview = await send(client, world.here.id, workbook(TWO))
    await add_person("王五", "+8613712345678", neighbourhood=world.here.id)
    assert (await confirm(client, preview)).status_code == 200


async def test_confirming_twice_answers_the_same_and_does_it_once(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    preview = await send(client, world.here.id, workbook(TWO))
    first, again = await confirm(client, preview), await confirm(client, preview)
    assert first.json() == again.json()
    assert await fetch_value("SELECT count(*) FROM person WHERE name = '张三'") == 1
    assert await fetch_value("SELECT count(*) FROM fact WHERE kind = 'roster_imported'") == 1


async def test_a_preview_lapses_after_a_day_and_its_rows_are_wiped(client_of: ClientOf, world: World, clock: TestClock) -> None:
    client = await client_of(world.here.coordinator)
    preview = await send(client, world.here.id, workbook(TWO))
    clock.forward(timedelta(hours=24, seconds=1))
    assert problem(await confirm(client, preview)) == (410, "roster-lapsed")
    assert await service.forget_lapsed(clock=clock) == 1
    assert await fetch_value("SELECT plan FROM roster_import WHERE id = $1", UUID(preview.json()["id"])) is None
    assert problem(await confirm(client, preview)) == (410, "roster-lapsed")


async def test_the_rows_are_wiped_on_confirmation(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    preview = await send(client, world.here.id, workbook(TWO))
    await confirm(client, preview)
    assert await fetch_value("SELECT plan FROM roster_import WHERE id = $1", UUID(preview.json()["id"])) is None


@pytest.mark.parametrize(
    "who", ["volunteer", "building_leader", "handler", "coordinator", "secretary", "subdistrict_admin", "stranger"]
)
async def test_who_may_import_a_roster(client_of: ClientOf, world: World, who: str) -> None:
    person = {"subdistrict_admin": world.subdistrict_admin, "stranger": world.stranger}.get(who) or world.here.people()[who]
    client = await client_of(person)
    preview = await send(await client_of(world.here.coordinator), world.here.id, workbook(TWO))
    expected = {"stranger": 404, "volunteer": 403, "building_leader": 403, "handler": 403}.get(who)
    assert (await send(client, world.here.id, workbook(TWO))).status_code == (expected or 201)
    assert (await confirm(client, preview)).status_code == (expected or 200)
    if who != "subdistrict_admin":
        abroad = await send(await client_of(world.there.coordinator), world.there.id, workbook(TWO))
        assert (await send(client, world.there.id, workbook(TWO))).status_code == 404
        assert (await confirm(client, abroad)).status_code == 404


async def test_without_a_session_nothing_is_read(anonymous: httpx.AsyncClient, world: World) -> None:
    assert (await send(anonymous, world.here.id, SAMPLE)).status_code == 401


@pytest.mark.parametrize(
    ("data", "reason", "found"),
    [
        (b"%PDF-1.7", "not_a_spreadsheet", ["PDF"]),
        (b"", "empty", []),
        ((DATA / "protected.xlsx").read_bytes(), "encrypted", []),
        (SAMPLE[:9000], "broken", []),
        (workbook([["品名", "数量"], ["口罩", 100]]), "no_name_column", ["品名", "数量", "口罩", "100"]),
        (workbook([["姓名", "电话"]]), "no_people", []),
    ],
)
async def test_a_file_that_cannot_be_taken_in_is_refused_in_data(
    client_of: ClientOf, world: World, data: bytes, reason: str, found: list[str]
) -> None:
    answer = await send(await client_of(world.here.coordinator), world.here.id, data)
    assert problem(answer) == (422, "roster-unreadable")
    assert (answer.json()["reason"], answer.json()["found"]) == (reason, found)


async def test_a_file_that_kills_its_reader_is_refused_and_the_service_goes_on(client_of: ClientOf, world: World) -> None:
    from tests.people.test_roster_reading import _with_first_cell

    client = await client_of(world.here.coordinator)
    bomb = _with_first_cell(workbook({"x": [["姓名"]]}, at=(1_048_575, 16_383)))
    answer = await send(client, world.here.id, bomb)
    assert problem(answer) == (422, "roster-unreadable")
    assert answer.json()["reason"] == "unpacks_too_large"
    assert (await send(client, world.here.id, workbook(TWO))).status_code == 201


async def test_a_file_of_more_than_10_mb_is_refused(client_of: ClientOf, world: World) -> None:
    answer = await send(await client_of(world.here.coordinator), world.here.id, b"x" * (service.MAX_BYTES + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
async def test_a_body_that_another_site_could_send_is_refused(client_of: ClientOf, world: World, kind: str) -> None:
    answer = await send(await client_of(world.here.coordinator), world.here.id, SAMPLE, kind=kind)
    assert answer.status_code == 415


async def test_a_retry_with_its_key_is_one_preview(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    headers = {"Content-Type": "application/octet-stream", "X-File-Name": "x", "Idempotency-Key": "k"}
    path = f"/api/neighbourhoods/{world.here.id}/roster-imports"
    first, again = [await client.post(path, content=SAMPLE, headers=headers) for _ in range(2)]
    assert first.json()["id"] == again.json()["id"]
    other = await client.post(path, content=workbook(TWO), headers=headers)
    assert problem(other) == (422, "idempotency-key-reused")


async def test_files_are_read_one_at_a_time_and_none_waits_for_ever(
    client_of: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, most = 0, 0
    extract = service._extract

    async def watched(data: bytes) -> service._Extracted:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        try:
            return await extract(data)
        finally:
            reading -= 1

    monkeypatch.setattr(service, "_extract", watched)
    client = await client_of(world.here.coordinator)
    assert (await send(client, world.here.id, comma_separated(TWO))).status_code == 201
    first, second = await asyncio.gather(*(service.read_file(comma_separated(TWO), clock=SystemClock()) for _ in range(2)))
    assert first.sha256 == second.sha256
    assert most == 1
    monkeypatch.setattr(service, "WAIT", 0.01)
    await service._READING.acquire()
    try:
        busy = await send(client, world.here.id, comma_separated(TWO))
    finally:
        service._READING.release()
    assert problem(busy) == (503, "roster-busy")
    assert int(busy.headers["Retry-After"]) > 0


async def test_a_file_is_known_by_its_name_which_stands_in_no_address(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    for name, shown in (
        ("王奶奶 花名册.xlsx", "王奶奶 花名册.xlsx"),
        ("长" * 200, "长" * 200),
    ):
        assert (await send(client, world.here.id, comma_separated(TWO), name)).json()["file_name"] == shown
    nameless = {"Content-Type": "application/octet-stream"}
    path = f"/api/neighbourhoods/{world.here.id}/roster-imports"
    assert (await client.post(path, content=comma_separated(TWO), headers=nameless)).status_code == 400
    for name in ("a\nb", "\x00", "a%2Fb", "..%5Cb"):
        sent = {**nameless, "X-File-Name": name if "%" in name else quote(name)}
        assert (await client.post(path, content=comma_separated(TWO), headers=sent)).status_code == 400, name


@pytest.mark.parametrize("who", ["volunteer", "handler"])
async def test_nothing_is_read_for_who_may_not_import(
    client_of: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    async def never(data: bytes) -> service._Extracted:
        raise AssertionError("a process was started for somebody who may not")

    monkeypatch.setattr(service, "_extract", never)
    client = await client_of(world.here.people()[who])
    assert (await send(client, world.here.id, SAMPLE)).status_code == 403
    assert (await send(client, world.there.id, SAMPLE)).status_code == 404


async def test_5000_rows_are_previewed_and_confirmed_within_5_seconds_and_200_mb(client_of: ClientOf, world: World) -> None:
    """The limits that were set for the feature. Processor time is held to, the reader's own process included: the clock on the wall says
    more about what else the machine does just now."""
    header = ["序号", "姓名", "性别", "出生年月", "政治面貌", "联系电话", "楼号门牌", "特长", "是否楼组长", "可服务时间", "备注"]
    rows = [
        [
            n,
            f"{'赵钱孙李周'[n % 5]}{chr(0x4E00 + n % 500)}{chr(0x5000 + n // 500)}",
            "女",
            1950.06,
            "群众",
            f"138{n:08d}",
            f"{n % 90 + 1}号{n}",
            "急救、消防",
            "否",
            "双休日",
            "高血压，夏天不能室外",
        ]
        for n in range(5000)
    ]
    data = workbook([["花名册"], header, *rows])
    client = await client_of(world.here.coordinator)
    await send(client, world.here.id, workbook(TWO))
    before, worked = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, _processor_time()
    started = time.perf_counter()
    preview = await send(client, world.here.id, data)
    done = await confirm(client, preview)
    took, worked = time.perf_counter() - started, _processor_time() - worked
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert done.json()["added"] == 5000
    again = await send(client, world.here.id, data)
    assert again.json()["counts"]["same"] == 5000
    print(f"5,000 rows: {took:.2f} s on the wall, {worked:.2f} s of processors, {grown:.0f} MB more")
    assert worked < 5
    assert grown < 200


def _processor_time() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


async def test_two_confirmations_at_once_add_everybody_once(committed_database: str, world: World, clock: TestClock) -> None:
    from mingxun.people.sessions import load_actor
    from tests.world import give_session

    async with transaction():
        token = await give_session(world.here.coordinator.id, at=clock.now())
        actor = await load_actor(token, now=clock.now())
        assert actor is not None
        previews = [
            await service.preview(
                actor, world.here.id, name, await service.read_file(comma_separated(TWO), clock=clock), clock=clock
            )
            for name in ("x", "y")
        ]

    async def confirm_one(identity: UUID) -> str:
        try:
            async with transaction():
                return str((await service.confirm(actor, identity, clock=clock)).added)
        except RosterChanged:
            return "changed"

    said = await asyncio.gather(*(confirm_one(p.id) for p in [*previews, previews[0]]))
    assert sorted(said) == ["2", "2", "changed"] or sorted(said) == ["2", "changed", "changed"]
    async with transaction():
        assert await fetch_value("SELECT count(*) FROM person WHERE name IN ('张三', '李四')") == 2
        await execute("SELECT 1")
