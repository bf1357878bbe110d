import asyncio
from datetime import timedelta

import pytest

from mingxun.kit import database
from mingxun.kit.ids import new_id
from mingxun.kit.signing import Keys
from mingxun.places import CodeKind, CodeRefused, Verdict, read_code, service
from mingxun.places.codes import code_url, mint_poster, mint_rotating, step_at
from mingxun.places.schemas import Position
from tests.conftest import TestClock
from tests.places.conftest import Add
from tests.world import World


async def test_a_poster_leads_to_its_location(world: World, db: None, add: Add, clock: TestClock, keys: Keys) -> None:
    made = await add(world.here, "东门", position=Position(latitude=31.14, longitude=121.51))
    text = code_url("https://mx.example.org", mint_poster(made.id, 1, keys))
    found = await read_code(text, neighbourhoods=(), at=clock.now(), keys=keys)
    assert found.location == made
    assert (found.neighbourhood, found.kind, found.key_version) == (world.here.id, CodeKind.POSTER, 1)
    assert (found.retired, found.stale, found.verdict) == (False, False, Verdict.VALID)


async def test_a_rotating_code_is_fresh_in_its_time_and_stale_after(
    world: World, db: None, add: Add, clock: TestClock, keys: Keys
) -> None:
    made = await add(world.here, "东门")
    text = mint_rotating(made.id, 1, step_at(clock.now()), keys)
    fresh = await read_code(text, neighbourhoods=(), at=clock.now(), keys=keys)
    assert (fresh.kind, fresh.stale) == (CodeKind.ROTATING, False)
    late = await read_code(text, neighbourhoods=(), at=clock.now() + timedelta(minutes=2), keys=keys)
    early = await read_code(text, neighbourhoods=(), at=clock.now() - timedelta(minutes=2), keys=keys)
    assert late.stale
    assert early.stale


async def test_typed_digits_lead_to_their_location_in_the_readers_neighbourhoods_only(
    world: World, db: None, add: Add, clock: TestClock, keys: Keys
) -> None:
    made = await add(world.here, "东门")
    typed = f"{made.number[:3]} {made.number[3:]}"
    found = await read_code(typed, neighbourhoods={world.here.id}, at=clock.now(), keys=keys)
    assert (found.location.id, found.kind, found.key_version, found.retired) == (made.id, CodeKind.NUMBER, 1, False)
    for elsewhere in ({world.there.id}, set()):
        with pytest.raises(CodeRefused) as refused:
            await read_code(typed, neighbourhoods=elsewhere, at=clock.now(), keys=keys)
        assert refused.value.members["verdict"] is Verdict.UNKNOWN


async def test_whatever_was_given_out_before_re_keying_is_recognised_as_retired(
    world: World, db: None, add: Add, clock: TestClock, keys: Keys
) -> None:
    made = await add(world.here, "东门")
    again = await service.rekey_location(made.id, actor=world.here.secretary.id, clock=clock)
    old = [mint_poster(made.id, 1, keys), mint_rotating(made.id, 1, step_at(clock.now()), keys), made.number]
    new = [mint_poster(made.id, 2, keys), mint_rotating(made.id, 2, step_at(clock.now()), keys), again.number]
    for text in old:
        found = await read_code(text, neighbourhoods={world.here.id}, at=clock.now(), keys=keys)
        assert (found.location.id, found.retired, found.key_version, found.verdict) == (made.id, True, 1, Verdict.RETIRED)
    for text in new:
        found = await read_code(text, neighbourhoods={world.here.id}, at=clock.now(), keys=keys)
        assert (found.location.id, found.retired, found.key_version) == (made.id, False, 2)


async def test_a_number_that_holds_wins_over_one_retired_elsewhere_and_two_that_hold_are_ambiguous(
    world: World, db: None, add: Add, clock: TestClock, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "new_number", lambda: "408215")
    here, there = await add(world.here, "东门"), await add(world.there, "东门")
    both = {world.here.id, world.there.id}
    with pytest.raises(CodeRefused) as refused:
        await read_code("408215", neighbourhoods=both, at=clock.now(), keys=keys)
    assert refused.value.members["verdict"] is Verdict.AMBIGUOUS
    assert set(refused.value.members["locations"]) == {here.id, there.id}
    monkeypatch.setattr(service, "new_number", lambda: "511111")
    await service.rekey_location(here.id, actor=world.here.secretary.id, clock=clock)
    found = await read_code("408215", neighbourhoods=both, at=clock.now(), keys=keys)
    assert (found.location.id, found.retired) == (there.id, False)


async def test_forged_malformed_and_unknown_codes_are_told_apart(
    world: World, db: None, add: Add, clock: TestClock, keys: Keys
) -> None:
    made = await add(world.here, "东门")
    strangers = Keys(secret=b"x" * 32, vapid_private_pem=b"")
    for text, verdict in (
        (mint_poster(made.id, 1, strangers), Verdict.FORGED),
        ("https://example.org/menu", Verdict.MALFORMED),
        (mint_poster(new_id(), 1, keys), Verdict.UNKNOWN),
        (mint_poster(made.id, 2, keys), Verdict.UNKNOWN),
    ):
        with pytest.raises(CodeRefused) as refused:
            await read_code(text, neighbourhoods={world.here.id}, at=clock.now(), keys=keys)
        assert refused.value.members["verdict"] is verdict


async def test_reading_a_code_takes_one_query(world: World, db: None, add: Add, clock: TestClock, keys: Keys) -> None:
    made = await add(world.here, "东门")
    asked: list[str] = []
    connection = database.connection()

    def note(record: object) -> None:
        asked.append(str(record))

    with connection.query_logger(note):
        await read_code(mint_poster(made.id, 1, keys), neighbourhoods={world.here.id}, at=clock.now(), keys=keys)
        await read_code(made.number, neighbourhoods={world.here.id}, at=clock.now(), keys=keys)
        await asyncio.sleep(0)  # asyncpg tells of a query at the loop's next turn
    assert len(asked) == 2
