import asyncio
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from mingxun.kit.database import execute, fetch, fetch_value, transaction
from mingxun.kit.ids import new_id
from mingxun.kit.paging import BadCursor, Cursor
from mingxun.kit.problems import NotFound
from mingxun.places import service
from mingxun.places.facts import LocationChanged, LocationCreated, LocationRekeyed
from mingxun.places.schemas import CreateLocation, Datum, Position, UpdateLocation
from tests.conftest import TestClock
from tests.places.conftest import Add
from tests.recorded import facts_about
from tests.world import World

EAST_GATE = Position(latitude=31.1401, longitude=121.5102)


async def test_a_location_gets_the_next_free_plate_a_number_and_its_fact(
    world: World, db: None, add: Add, clock: TestClock
) -> None:
    first, second = await add(world.here, "东门岗亭"), await add(world.here, "西门")
    assert (first.plate, second.plate) == ("01", "02")
    assert first.number != second.number
    assert first.area_name == "凌云里"
    (fact,) = await facts_about(first.id)
    assert (fact.actor, fact.at) == (world.here.coordinator.id, clock.now())
    known = msgspec.json.decode(fact.data, type=LocationCreated)
    assert (known.plate, known.name, known.area) == ("01", "东门岗亭", world.here.id)


async def test_each_neighbourhood_counts_its_own_plates(world: World, db: None, add: Add) -> None:
    assert (await add(world.here, "东门")).plate == (await add(world.there, "东门")).plate == "01"


async def test_a_position_from_baidu_is_stored_in_wgs84_with_its_datum(world: World, db: None, add: Add) -> None:
    made = await add(world.here, "东门", position=Position(latitude=31.1459, longitude=121.5209, datum=Datum.BD09))
    assert made.source_datum is Datum.BD09
    assert made.latitude is not None
    assert 0.003 < abs(31.1459 - made.latitude) < 0.01


@pytest.mark.parametrize(("name", "plate"), [("东门", "07"), ("西门", "1"), ("西门", "01")])
async def test_a_name_or_plate_that_is_taken_is_refused_by_the_database(
    world: World, db: None, add: Add, name: str, plate: str
) -> None:
    await add(world.here, "东门", plate="01")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction():
            await add(world.here, name, plate=plate)


async def test_a_location_cannot_lie_in_another_neighbourhoods_area(world: World, db: None, clock: TestClock) -> None:
    with pytest.raises(NotFound):
        await service.create_location(
            world.here.id, CreateLocation(area=world.there.grid.id, name="东门"), actor=world.here.coordinator.id, clock=clock
        )


async def test_the_database_itself_refuses_a_location_in_another_neighbourhoods_area(world: World, db: None, add: Add) -> None:
    made = await add(world.here, "东门")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with transaction():
            await execute("UPDATE location SET area = $2 WHERE id = $1", made.id, world.there.grid.id)


async def test_plates_are_listed_as_people_count(world: World, db: None, add: Add) -> None:
    for plate in ("10", "2", "100", "12A", "13", "12", "B"):
        await add(world.here, f"点位{plate}", plate=plate)
    locations, following = await service.list_locations(world.here.id, query=None, cursor=None, limit=50)
    assert [location.plate for location in locations] == ["B", "02", "10", "12", "12A", "13", "100"]
    assert following is None


async def test_pages_follow_each_other_without_gap_or_repetition(world: World, db: None, add: Add) -> None:
    for number in range(1, 12):
        await add(world.here, f"点位{number}")
    seen: list[str] = []
    cursor = None
    while True:
        page, cursor = await service.list_locations(world.here.id, query=None, cursor=cursor, limit=4)
        seen += [location.plate for location in page]
        if cursor is None:
            break
    assert seen == [f"{number:02d}" for number in range(1, 12)]


async def test_a_foreign_cursor_is_refused(world: World, db: None) -> None:
    for cursor in ("abc", Cursor.encode(1, 2), Cursor.encode("01", "no-uuid")):
        with pytest.raises(BadCursor):
            await service.list_locations(world.here.id, query=None, cursor=cursor, limit=4)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("花园", ["03"]),
        ("lane", ["02"]),
        ("1", ["01"]),
        ("01", ["01"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("  ", ["01", "02", "03"]),
    ],
)
async def test_a_search_finds_names_addresses_and_plates(world: World, db: None, add: Add, query: str, found: list[str]) -> None:
    await add(world.here, "东门")
    await add(world.here, "西门", address="Lane 300")
    await add(world.here, "中心花园")
    await add(world.there, "花园")
    locations, _ = await service.list_locations(world.here.id, query=query, cursor=None, limit=50)
    assert [location.plate for location in locations] == found


async def test_a_change_keeps_what_it_does_not_name_and_records_before_and_after(
    world: World, db: None, add: Add, clock: TestClock
) -> None:
    made = await add(world.here, "东门", position=EAST_GATE)
    wanted = UpdateLocation(name="东大门", fence_radius=120, area=world.here.grid.id)
    changed = await service.update_location(made.id, wanted, actor=world.here.secretary.id, clock=clock)
    assert (changed.name, changed.fence_radius, changed.area) == ("东大门", 120, world.here.grid.id)
    assert (changed.latitude, changed.plate, changed.number, changed.key_version) == (made.latitude, "01", made.number, 1)
    fact = msgspec.json.decode((await facts_about(made.id))[-1].data, type=LocationChanged)
    assert fact.before == {"name": "东门", "fence_radius": 80, "area": str(world.here.id)}
    assert fact.after == {"name": "东大门", "fence_radius": 120, "area": str(world.here.grid.id)}


async def test_a_change_that_changes_nothing_leaves_no_trace(world: World, db: None, add: Add, clock: TestClock) -> None:
    made = await add(world.here, "东门", position=EAST_GATE)
    same = UpdateLocation(name=" 东门 ", position=EAST_GATE, fence_radius=80)
    assert await service.update_location(made.id, same, actor=world.here.secretary.id, clock=clock) == made
    assert len(await facts_about(made.id)) == 1


async def test_a_location_cannot_be_moved_into_another_neighbourhood(world: World, db: None, add: Add, clock: TestClock) -> None:
    made = await add(world.here, "东门")
    with pytest.raises(NotFound):
        await service.update_location(made.id, UpdateLocation(area=world.there.id), actor=world.here.secretary.id, clock=clock)


async def test_re_keying_gives_a_new_version_and_number_and_retires_the_old(
    world: World, db: None, add: Add, clock: TestClock
) -> None:
    made = await add(world.here, "东门")
    again = await service.rekey_location(made.id, actor=world.here.secretary.id, clock=clock)
    assert again.key_version == 2
    assert again.number != made.number
    rows = await fetch("SELECT version, number, retired_at FROM location_key WHERE location = $1 ORDER BY version", made.id)
    assert [(row["version"], row["number"], row["retired_at"]) for row in rows] == [
        (1, made.number, clock.now()),
        (2, again.number, None),
    ]
    recorded = (await facts_about(made.id))[-1]
    fact = msgspec.json.decode(recorded.data, type=LocationRekeyed)
    assert (fact.old_version, fact.new_version, recorded.actor) == (1, 2, world.here.secretary.id)


async def test_a_number_is_never_given_twice_in_a_neighbourhood_even_after_it_was_retired(
    world: World, db: None, add: Add, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["111111", "111111", "222222", "111111", "222222", "333333", "111111"])
    monkeypatch.setattr(service, "new_number", lambda: next(drawn))
    first, second = await add(world.here, "东门"), await add(world.here, "西门")
    assert (first.number, second.number) == ("111111", "222222")
    assert (await service.rekey_location(first.id, actor=world.here.secretary.id, clock=clock)).number == "333333"
    assert (await add(world.there, "东门")).number == "111111"


async def test_the_database_lets_one_key_a_location_hold(world: World, db: None, add: Add, clock: TestClock) -> None:
    made = await add(world.here, "东门")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction():
            await execute(
                "INSERT INTO location_key (location, version, neighbourhood, number, made_at) VALUES ($1, 2, $2, '999999', $3)",
                made.id,
                world.here.id,
                clock.now(),
            )


@pytest.mark.parametrize("location", [new_id(), uuid4()])
async def test_what_is_not_there_is_not_found(world: World, db: None, clock: TestClock, location: UUID) -> None:
    with pytest.raises(NotFound):
        await service.load_location(location)
    with pytest.raises(NotFound):
        await service.rekey_location(location, actor=world.here.secretary.id, clock=clock)
    with pytest.raises(NotFound):
        await service.update_location(location, UpdateLocation(name="东门"), actor=world.here.secretary.id, clock=clock)


async def test_a_location_of_another_neighbourhood_is_not_found_when_one_is_asked_for(world: World, db: None, add: Add) -> None:
    made = await add(world.here, "东门")
    assert (await service.load_location(made.id, world.here.id)).id == made.id
    with pytest.raises(NotFound):
        await service.load_location(made.id, world.there.id)


async def test_twenty_who_add_and_re_key_at_once_get_a_plate_a_version_and_a_number_each(
    committed_database: str, world: World, add: Add, clock: TestClock
) -> None:
    async def add_one(number: int) -> str:
        async with transaction():
            return (await add(world.here, f"点位{number}")).plate

    plates = await asyncio.gather(*(add_one(number) for number in range(10)))
    assert sorted(plates) == [f"{number:02d}" for number in range(1, 11)]
    async with transaction():
        location = (await service.all_locations(world.here.id))[0]

    async def rekey() -> int:
        async with transaction():
            return (await service.rekey_location(location.id, actor=world.here.secretary.id, clock=clock)).key_version

    assert sorted(await asyncio.gather(*(rekey() for _ in range(10)))) == list(range(2, 12))
    async with transaction():
        assert await fetch_value("SELECT count(DISTINCT number) FROM location_key WHERE neighbourhood = $1", world.here.id) == 20


async def test_listing_a_neighbourhood_reads_its_order_from_an_index(world: World, db: None, add: Add) -> None:
    await add(world.here, "东门")
    await execute("SET LOCAL enable_seqscan = off")
    await execute("SET LOCAL enable_sort = off")
    sql = f"SELECT l.id FROM location l WHERE l.neighbourhood = $1 ORDER BY {service.ORDER}, l.id LIMIT 50"
    plan = "\n".join(row[0] for row in await fetch(f"EXPLAIN {sql}", world.here.id))
    assert "location_order" in plan
    assert "Sort" not in plan
