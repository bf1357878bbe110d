"""Checking out: from anywhere, in any order of delivery."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from mingxun.kit.database import execute
from mingxun.kit.ids import new_id
from mingxun.kit.signing import Keys
from tests.checkins.conftest import Scene
from tests.checkins.scene import GARDEN, GATE, HOUR, MINUTE, Phone, evidence, facts, instant, position, slug, tablet
from tests.conftest import TestClock
from tests.world import Person, World

PhoneOf = Callable[[Person], Awaitable[Phone]]


async def test_scanning_at_the_place_ends_the_stay(scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock) -> None:
    phone = await phone_of(world.here.volunteer)
    stay = (await phone.check_in(scene.gate_code)).json()
    clock.forward(90 * MINUTE)
    answer = await phone.check_out(scene.gate_code, attendance=stay["id"], position=position(GATE))
    assert answer.status_code == 200
    left = answer.json()
    assert left["id"] == stay["id"]
    assert left["minutes"] == 90
    assert left["left"]["grade"] == "poster_place"
    assert left["left_assumed"] is False
    assert left["conflict"] is None
    assert await facts(stay["id"]) == ["checked_in", "checked_out"]


async def test_leaving_without_a_code_is_ones_own_word(scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    clock.forward(HOUR)
    left = (await phone.check_out(position=position(GARDEN))).json()["left"]
    assert (left["grade"], left["flags"], left["place"]) == ("own_word", ["outside"], "outside")


async def test_the_code_of_another_place_proves_nothing_of_this_one(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    clock.forward(HOUR)
    left = (await phone.check_out(scene.garden_code)).json()["left"]
    assert (left["grade"], left["flags"]) == ("own_word", ["outside"])


async def test_the_tablets_code_counts_on_leaving_too(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, keys: Keys
) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    clock.forward(HOUR)
    answer = await phone.check_out(tablet(scene.gate, keys, clock.now()), position=position(GATE))
    assert answer.json()["left"]["grade"] == "rotating_place"


async def test_without_a_check_in_it_waits_for_it(scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock) -> None:
    phone = await phone_of(world.here.volunteer)
    going = phone.body(None, attendance=str(new_id()))
    coming = phone.body(scene.gate_code, id=going["attendance"], ago=HOUR)
    early = await phone.client.post("/api/check-outs", json=going)
    assert (early.status_code, slug(early)) == (409, "not-checked-in")
    assert (await phone.client.post("/api/check-ins", json=coming)).status_code == 200
    late = await phone.client.post("/api/check-outs", json=going)
    assert late.status_code == 200
    assert late.json()["minutes"] == 60


async def test_nobody_ends_somebody_elses_stay(scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock) -> None:
    phone, other = await phone_of(world.here.volunteer), await phone_of(world.here.coordinator)
    stay = (await phone.check_in(scene.gate_code)).json()
    answer = await other.check_out(attendance=stay["id"])
    assert (answer.status_code, slug(answer)) == (409, "not-checked-in")
    assert (await phone.client.get(f"/api/attendance/{stay['id']}")).json() == stay


async def test_the_same_check_out_sent_again_gives_the_same_receipt(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    stay = (await phone.check_in(scene.gate_code)).json()
    clock.forward(HOUR)
    body = phone.body(None, attendance=stay["id"])
    first = await phone.client.post("/api/check-outs", json=body)
    clock.forward(HOUR)
    again = await phone.client.post("/api/check-outs", json=body | {"sent_at": clock.now().isoformat()})
    assert again.json() == first.json()
    assert len(await evidence(stay["id"])) == 2


async def test_an_id_with_another_content_is_refused(scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    clock.forward(HOUR)
    body = phone.body(None)
    first = (await phone.client.post("/api/check-outs", json=body)).json()
    answer = await phone.client.post("/api/check-outs", json=body | {"at": (clock.now() - MINUTE).isoformat()})
    assert (answer.status_code, slug(answer)) == (409, "id-taken")
    assert (await phone.client.get(f"/api/attendance/{first['id']}")).json() == first


async def test_the_id_of_a_check_in_is_not_taken_for_a_check_out(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    stay = (await phone.check_in(scene.gate_code)).json()
    answer = await phone.check_out(id=stay["id"])
    assert (answer.status_code, slug(answer)) == (409, "id-taken")


async def test_tapping_leave_twice_is_one_going(scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    clock.forward(HOUR)
    first = (await phone.check_out()).json()
    clock.forward(MINUTE)
    again = await phone.check_out()
    assert again.json() == first
    clock.forward(HOUR)
    assert slug(await phone.check_out()) == "not-checked-in"


async def test_of_two_phones_goings_the_earlier_counts_and_the_conflict_shows(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    online, offline = await phone_of(world.here.volunteer), await phone_of(world.here.volunteer)
    stay = (await online.check_in(scene.gate_code)).json()
    clock.forward(HOUR)
    await online.check_out(attendance=stay["id"])
    merged = (await offline.check_out(attendance=stay["id"], ago=20 * MINUTE)).json()
    assert merged["minutes"] == 40
    assert merged["conflict"] == "left_twice"
    assert [row["counts"] for row in await evidence(stay["id"]) if row["direction"] == "out"] == [True, False]


async def test_leaving_before_coming_is_no_time_and_shown(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    stay = (await phone.check_in(scene.gate_code)).json()
    left = (await phone.check_out(attendance=stay["id"], ago=HOUR)).json()
    assert (left["minutes"], left["conflict"]) == (0, "left_before_arriving")


async def test_ones_own_check_out_replaces_what_was_supposed(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    online, offline = await phone_of(world.here.volunteer), await phone_of(world.here.volunteer)
    first = (await offline.check_in(scene.gate_code)).json()
    clock.forward(HOUR)
    await online.check_in(scene.garden_code)
    left = (await offline.check_out(attendance=first["id"], ago=20 * MINUTE)).json()
    assert left["minutes"] == 40
    assert left["left"]["flags"] == ["late_upload"]
    assert left["conflict"] is None


async def test_being_at_two_places_at_once_by_ones_own_phones_is_shown(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    online, offline = await phone_of(world.here.volunteer), await phone_of(world.here.volunteer)
    first = (await offline.check_in(scene.gate_code)).json()
    clock.forward(HOUR)
    await online.check_in(scene.garden_code)
    clock.forward(HOUR)
    left = (await offline.check_out(attendance=first["id"], ago=20 * MINUTE)).json()
    assert left["minutes"] == 100
    assert left["conflict"] == "overlaps"


def _times(stay: dict[str, object]) -> tuple[object, object]:
    arrived, left = stay["arrived"], stay["left"]
    assert isinstance(arrived, dict)
    assert left is None or isinstance(left, dict)
    return instant(arrived["at"]), None if left is None else instant(left["at"])


@pytest.mark.parametrize(
    "order", [(0, 1, 2, 3), (0, 2, 1, 3), (0, 2, 3, 1), (2, 0, 1, 3), (2, 0, 3, 1), (2, 3, 0, 1), (3, 1, 2, 0)]
)
async def test_two_phones_offline_tell_the_same_story_in_whatever_order_they_deliver(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, order: tuple[int, ...]
) -> None:
    """One came at 0:00 and left at 0:30; the other came at 0:50 and left at 1:20.

    The orders are all in which a going follows its coming, and one in which goings come first: they wait, as in the outbox.
    """
    one, two = await phone_of(world.here.second_volunteer), await phone_of(world.here.second_volunteer)
    start = clock.now()
    first = one.body(scene.gate_code)
    clock.forward(30 * MINUTE)
    first_out = one.body(None, attendance=first["id"])
    clock.forward(20 * MINUTE)
    second = two.body(scene.gate_code)
    clock.forward(30 * MINUTE)
    second_out = two.body(None, attendance=second["id"])
    clock.forward(3 * HOUR)
    waiting = [("check-ins", first), ("check-outs", first_out), ("check-ins", second), ("check-outs", second_out)]
    queue = [waiting[i] for i in order]
    while queue:
        path, body = queue.pop(0)
        answer = await one.client.post(f"/api/{path}", json=body | {"sent_at": clock.now().isoformat()})
        if answer.status_code == 409:
            assert slug(answer) == "not-checked-in"
            queue.append((path, body))
        else:
            assert answer.status_code == 200
    listed = (await one.client.get(f"/api/neighbourhoods/{world.here.id}/attendance")).json()["items"]
    assert [_times(stay) for stay in listed] == [
        (start + 50 * MINUTE, start + 80 * MINUTE),
        (start, start + 30 * MINUTE),
    ]
    assert [stay["minutes"] for stay in listed] == [30, 30]
    for stay in listed:
        rows = await evidence(stay["id"])
        assert sorted(row["direction"] for row in rows if row["counts"]) == ["in", "out"]


async def test_coming_back_during_the_same_shift_is_another_stay(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    first = (await phone.check_in(scene.gate_code)).json()
    clock.forward(20 * MINUTE)
    await phone.check_out()
    clock.forward(20 * MINUTE)
    second = (await phone.check_in(scene.gate_code)).json()
    assert second["id"] != first["id"]
    assert second["shift"] == first["shift"] == str(scene.shift)


async def test_a_clock_48_hours_off_makes_no_difference_to_the_minutes(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    phone.off = timedelta(hours=48)
    await phone.check_in(scene.gate_code)
    clock.forward(45 * MINUTE)
    left = (await phone.check_out()).json()
    assert left["minutes"] == 45
    assert left["left"]["flags"] == ["clock_off"]
    assert instant(left["left"]["phone_at"]) == clock.now() + timedelta(hours=48)


async def test_an_unknown_code_is_said_to_be_one_and_the_going_can_be_sent_without_it(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    clock.forward(HOUR)
    assert slug(await phone.check_out(scene.foreign_code)) == "code-unknown"
    assert (await phone.check_out()).status_code == 200


async def test_whoever_has_no_role_any_more_can_still_leave(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    await execute("UPDATE membership SET ended_at = $2 WHERE person = $1", world.here.volunteer.id, clock.now())
    clock.forward(HOUR)
    assert (await phone.check_out()).json()["minutes"] == 60
