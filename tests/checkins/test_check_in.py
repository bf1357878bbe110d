"""Checking in: graded, flagged, never refused for weak evidence, and recorded exactly once."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from mingxun.checkins import codes
from mingxun.kit.database import execute, fetch, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.signing import Keys
from mingxun.places.service import rekey_location
from tests.checkins.conftest import Scene
from tests.checkins.scene import (
    GARDEN,
    GATE,
    HOUR,
    MINUTE,
    Phone,
    add_shift,
    evidence,
    facts,
    instant,
    position,
    poster,
    rows_of,
    slug,
    tablet,
)
from tests.conftest import TestClock
from tests.world import Person, World

PhoneOf = Callable[[Person], Awaitable[Phone]]


async def test_scanning_the_poster_at_the_place_checks_in_for_ones_own_shift(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    answer = await phone.check_in(scene.gate_code, position=position(GATE))
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["shift"] == str(scene.shift)
    assert receipt["shift_title"] == "夜间巡逻"
    assert receipt["person_name"] == world.here.volunteer.name
    assert (receipt["location_name"], receipt["plate"]) == ("东门", scene.gate.plate)
    assert receipt["arrived"]["grade"] == "poster_place"
    assert receipt["arrived"]["flags"] == []
    assert (receipt["arrived"]["place"], receipt["arrived"]["distance"]) == ("inside", "within_50_m")
    assert instant(receipt["arrived"]["at"]) == clock.now()
    assert receipt["left"] is None
    assert await facts(receipt["id"]) == ["checked_in"]


async def test_the_receipt_is_what_is_read_back(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    receipt = (await phone.check_in(scene.gate_code, position=position(GATE))).json()
    assert (await phone.client.get(f"/api/attendance/{receipt['id']}")).json() == receipt


async def test_the_code_of_the_moment_at_the_place_is_the_best_evidence(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, keys: Keys
) -> None:
    phone = await phone_of(world.here.volunteer)
    answer = await phone.check_in(tablet(scene.gate, keys, clock.now()), position=position(GATE))
    assert answer.json()["arrived"]["grade"] == "rotating_place"


async def test_a_code_of_the_moment_stays_good_when_it_is_delivered_hours_later_by_a_phone_whose_clock_is_off(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, keys: Keys
) -> None:
    phone = await phone_of(world.here.volunteer)
    phone.off = timedelta(hours=-48)
    code = tablet(scene.gate, keys, clock.now())
    clock.forward(3 * HOUR)
    arrived = (await phone.check_in(code, ago=3 * HOUR, position=position(GATE))).json()["arrived"]
    assert arrived["grade"] == "rotating_place"
    assert arrived["flags"] == ["late_upload", "clock_off"]
    assert instant(arrived["at"]) == clock.now() - 3 * HOUR
    assert instant(arrived["phone_at"]) == clock.now() - 51 * HOUR
    assert instant(arrived["received_at"]) == clock.now()


async def test_yesterdays_picture_of_the_tablet_is_flagged_and_worth_a_poster(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, keys: Keys
) -> None:
    phone = await phone_of(world.here.volunteer)
    answer = await phone.check_in(tablet(scene.gate, keys, clock.now() - 24 * HOUR), position=position(GATE))
    assert answer.json()["arrived"]["grade"] == "poster_place"
    assert answer.json()["arrived"]["flags"] == ["stale_code"]


async def test_six_digits_without_a_position_are_accepted(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    number = scene.gate.number
    answer = await phone.check_in(f"{number[:3]} {number[3:]}")
    assert answer.status_code == 200
    assert answer.json()["arrived"]["grade"] == "poster"
    assert answer.json()["arrived"]["place"] == "unknown"


async def test_a_phone_far_away_is_accepted_and_flagged(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    arrived = (await phone.check_in(scene.gate_code, position=position(GARDEN))).json()["arrived"]
    assert (arrived["grade"], arrived["flags"]) == ("poster", ["outside"])
    assert (arrived["place"], arrived["distance"]) == ("outside", "beyond_1_km")


async def test_a_location_without_a_position_tells_nothing_of_the_place(
    scene: Scene, world: World, phone_of: PhoneOf, keys: Keys
) -> None:
    phone = await phone_of(world.here.volunteer)
    arrived = (await phone.check_in(poster(scene.nowhere, keys), position=position(GATE))).json()["arrived"]
    assert (arrived["grade"], arrived["place"]) == ("poster", "unknown")


async def test_coordinates_are_kept_nowhere(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    where = {"latitude": 31.1412345, "longitude": 121.5198765, "accuracy": 17.4}
    receipt = (await phone.check_in(scene.gate_code, position=where)).json()
    kept = (await evidence(receipt["id"]))[0]
    assert kept["accuracy"] == 17
    texts = [str(kept)]
    for table in ("attendance", "fact", "pgqueuer"):
        texts += [str(dict(row)) for row in await fetch(f"SELECT * FROM {table}")]
    for text in texts:
        assert "1412345" not in text
        assert "5198765" not in text


async def test_an_hour_and_more_before_the_shift_is_pointed_out(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    person = world.here.second_volunteer
    shift = await add_shift(scene.garden, clock.now() + 2 * HOUR, clock.now() + 3 * HOUR, [person], by=world.here.coordinator)
    phone = await phone_of(person)
    receipt = (await phone.check_in(scene.garden_code, shift=str(shift))).json()
    assert receipt["shift"] == str(shift)
    assert receipt["arrived"]["flags"] == ["early_or_late"]


async def test_without_a_shift_it_is_an_unscheduled_round(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.second_volunteer)
    receipt = (await phone.check_in(scene.gate_code)).json()
    assert receipt["shift"] is None
    assert receipt["arrived"]["flags"] == ["no_shift"]


async def test_a_shift_that_one_is_not_on_does_not_count(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.second_volunteer)
    receipt = (await phone.check_in(scene.gate_code, shift=str(scene.shift))).json()
    assert receipt["shift"] is None
    assert receipt["arrived"]["flags"] == ["no_shift"]


async def test_whoever_was_taken_off_after_the_scan_still_served(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    clock.forward(HOUR)
    await execute(
        "UPDATE assignment SET state = 'unassigned', ended_by = $2, ended_at = $3 WHERE shift = $1",
        scene.shift,
        world.here.coordinator.id,
        clock.now() - 10 * MINUTE,
    )
    receipt = (await phone.check_in(scene.gate_code, shift=str(scene.shift), ago=20 * MINUTE)).json()
    assert receipt["shift"] == str(scene.shift)


async def test_somebody_who_walks_in_takes_a_place(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.second_volunteer)
    receipt = (await phone.check_in(scene.gate_code, shift=str(scene.shift), sign_up=True)).json()
    assert receipt["shift"] == str(scene.shift)
    assert receipt["arrived"]["flags"] == []
    assert await fetch_value("SELECT taken FROM need WHERE shift = $1", scene.shift) == 2


async def test_somebody_who_walks_into_a_full_shift_is_checked_in_all_the_same(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    await execute("UPDATE need SET maximum = 1, desired = 1 WHERE shift = $1", scene.shift)
    phone = await phone_of(world.here.second_volunteer)
    answer = await phone.check_in(scene.gate_code, shift=str(scene.shift), sign_up=True)
    assert answer.status_code == 200
    assert answer.json()["shift"] is None
    assert answer.json()["arrived"]["flags"] == ["no_shift", "no_place"]
    assert await fetch_value("SELECT taken FROM need WHERE shift = $1", scene.shift) == 1


async def test_one_phone_for_two_people_within_the_hour_is_pointed_out(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    first, second = await phone_of(world.here.volunteer), await phone_of(world.here.second_volunteer)
    second.device = first.device
    assert (await first.check_in(scene.gate_code)).json()["arrived"]["flags"] == []
    clock.forward(HOUR)
    assert "shared_device" in (await second.check_in(scene.gate_code)).json()["arrived"]["flags"]
    third = await phone_of(world.here.building_leader)
    third.device = first.device
    clock.forward(HOUR + MINUTE)
    assert "shared_device" not in (await third.check_in(scene.gate_code)).json()["arrived"]["flags"]


async def test_one_phone_for_one_person_is_nothing_special(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    clock.forward(20 * MINUTE)
    assert (await phone.check_in(scene.garden_code)).json()["arrived"]["flags"] == ["no_shift"]


async def test_a_kilometre_in_half_a_minute_is_pointed_out(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    await phone.check_in(scene.gate_code)
    clock.forward(MINUTE / 2)
    assert (await phone.check_in(scene.garden_code)).json()["arrived"]["flags"] == ["impossible_travel", "no_shift"]


async def test_the_same_check_in_sent_again_gives_the_same_receipt_and_one_row(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    body = phone.body(scene.gate_code, position=position(GATE))
    first = await phone.client.post("/api/check-ins", json=body)
    clock.forward(timedelta(days=3))
    again = await phone.client.post("/api/check-ins", json=body | {"sent_at": clock.now().isoformat()})
    assert again.status_code == 200
    assert again.json() == first.json()
    assert await rows_of("attendance") == await rows_of("evidence") == 1
    assert await facts(body["id"]) == ["checked_in"]


async def test_an_idempotency_key_beside_the_id_does_no_harm_though_the_sending_differs(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    body = phone.body(scene.gate_code)
    headers = {"Idempotency-Key": body["id"]}
    first = await phone.client.post("/api/check-ins", json=body, headers=headers)
    clock.forward(MINUTE)
    again = await phone.client.post("/api/check-ins", json=body | {"sent_at": clock.now().isoformat()}, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


@pytest.mark.parametrize("change", ["code", "shift", "at", "sign_up"])
async def test_an_id_with_another_content_is_refused_and_the_first_stays(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, change: str
) -> None:
    phone = await phone_of(world.here.volunteer)
    body = phone.body(scene.gate_code)
    first = (await phone.client.post("/api/check-ins", json=body)).json()
    other = {"code": scene.garden_code, "shift": str(scene.shift), "at": (clock.now() - MINUTE).isoformat(), "sign_up": True}
    answer = await phone.client.post("/api/check-ins", json=body | {change: other[change]})
    assert (answer.status_code, slug(answer)) == (409, "id-taken")
    assert (await phone.client.get(f"/api/attendance/{first['id']}")).json() == first


async def test_an_id_of_somebody_else_is_refused(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone, other = await phone_of(world.here.volunteer), await phone_of(world.here.second_volunteer)
    body = phone.body(scene.gate_code)
    await phone.client.post("/api/check-ins", json=body)
    answer = await other.client.post("/api/check-ins", json=body)
    assert (answer.status_code, slug(answer)) == (409, "id-taken")


async def test_tapping_twice_is_one_stay_with_both_scans_kept(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    first = (await phone.check_in(scene.gate_code)).json()
    clock.forward(MINUTE)
    again = await phone.check_in(scene.gate_code)
    assert again.status_code == 200
    assert again.json() == first
    assert [row["counts"] for row in await evidence(first["id"])] == [True, False]
    assert await facts(first["id"]) == ["checked_in", "scanned_again"]


async def test_the_second_phones_earlier_scan_delivered_later_counts(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    online, offline = await phone_of(world.here.volunteer), await phone_of(world.here.volunteer)
    first = (await online.check_in(scene.gate_code)).json()
    clock.forward(MINUTE)
    late = (await offline.check_in(scene.gate_code, ago=6 * MINUTE)).json()
    assert late["id"] == first["id"]
    assert instant(late["arrived"]["at"]) == instant(first["arrived"]["at"]) - 5 * MINUTE


async def test_checking_in_elsewhere_ends_the_open_stay_then_and_there(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    first = (await phone.check_in(scene.gate_code, position=position(GATE))).json()
    clock.forward(40 * MINUTE)
    second = (await phone.check_in(scene.garden_code, position=position(GARDEN))).json()
    ended = (await phone.client.get(f"/api/attendance/{first['id']}")).json()
    assert ended["minutes"] == 40
    assert ended["left"]["flags"] == ["moved_on"]
    assert ended["left"]["grade"] == "poster_place"
    assert ended["left_assumed"] is False
    assert second["left"] is None
    assert await facts(first["id"]) == ["checked_in", "stay_closed"]


async def test_an_older_check_in_after_a_newer_one_is_a_past_stay(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone, other = await phone_of(world.here.volunteer), await phone_of(world.here.volunteer)
    open_stay = (await phone.check_in(scene.garden_code)).json()
    clock.forward(MINUTE)
    past = (await other.check_in(scene.gate_code, ago=21 * MINUTE)).json()
    assert past["arrived"]["flags"] == ["late_upload"]
    assert past["left"]["flags"] == ["moved_on"]
    assert past["minutes"] == 20
    assert (await phone.client.get(f"/api/attendance/{open_stay['id']}")).json() == open_stay


async def test_codes_that_are_not_ours_are_unknown_in_the_same_words_as_those_of_other_neighbourhoods(
    scene: Scene, world: World, phone_of: PhoneOf, keys: Keys
) -> None:
    phone = await phone_of(world.here.volunteer)
    foreign = await phone.check_in(scene.foreign_code)
    nobodys = await phone.check_in(poster(scene.gate, keys).replace("/c/AQ", "/c/AQ")[:-1] + "AB"[scene.gate_code.endswith("A")])
    invented = await phone.check_in("https://example.org/promo?x=1")
    number = await phone.check_in(scene.foreign.number)
    for answer in (foreign, nobodys, invented, number):
        assert (answer.status_code, slug(answer)) == (404, "code-unknown")
    assert foreign.json()["detail"] == number.json()["detail"]
    assert await rows_of("attendance") == 0


async def test_a_replaced_poster_is_refused_with_its_name_and_the_way_round(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    clock.forward(MINUTE)
    await rekey_location(scene.gate.id, actor=world.here.coordinator.id, clock=clock)
    phone = await phone_of(world.here.volunteer)
    answer = await phone.check_in(scene.gate_code)
    assert (answer.status_code, slug(answer)) == (409, "code-retired")
    assert answer.json()["location_name"] == "东门"


async def test_a_poster_that_was_good_when_it_was_scanned_stays_good(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    clock.forward(HOUR)
    await rekey_location(scene.gate.id, actor=world.here.coordinator.id, clock=clock)
    phone = await phone_of(world.here.volunteer)
    answer = await phone.check_in(scene.gate_code, ago=MINUTE)
    assert answer.status_code == 200
    assert answer.json()["shift"] == str(scene.shift)


async def test_guessing_numbers_is_limited_and_codes_are_not(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock
) -> None:
    phone = await phone_of(world.here.volunteer)
    wrong = "100000" if scene.gate.number != "100000" else "100001"
    answers = [await phone.check_in(wrong) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (await phone.check_in(scene.gate_code)).status_code == 200
    clock.forward(10 * MINUTE)
    assert (await phone.check_in(scene.gate.number)).status_code == 200


async def test_right_numbers_are_no_guesses(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    answers = [await phone.check_in(scene.gate.number) for _ in range(codes.NUMBERS + 1)]
    assert {answer.status_code for answer in answers} == {200}


async def test_a_retry_of_what_is_recorded_is_answered_however_much_was_guessed(
    scene: Scene, world: World, phone_of: PhoneOf
) -> None:
    phone = await phone_of(world.here.volunteer)
    arrival, leaving = phone.body(scene.gate.number), phone.body(scene.gate.number)
    first = await phone.client.post("/api/check-ins", json=arrival)
    left = await phone.client.post("/api/check-outs", json=leaving)
    for _ in range(codes.NUMBERS):
        await phone.check_in("100000" if scene.gate.number != "100000" else "100001")
    assert (await phone.check_in(scene.gate.number)).status_code == 429
    again = await phone.client.post("/api/check-ins", json=arrival)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    again = await phone.client.post("/api/check-outs", json=leaving)
    assert (again.status_code, again.json()["id"]) == (200, left.json()["id"])


@pytest.mark.parametrize("bucket", ["code-number:source", "code-number:neighbourhood"])
async def test_others_guesses_at_one_address_or_in_one_neighbourhood_leave_everybody_some_tries(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, bucket: str
) -> None:
    """What is guessed together is limited; whoever has not guessed still checks in, and may mistype twice."""
    key = "127.0.0.1" if bucket.endswith("source") else str(world.here.id)
    for _ in range(codes.NUMBERS_OF_SOURCE if bucket.endswith("source") else codes.NUMBERS_OF_NEIGHBOURHOOD):
        await RateLimits(clock).count(bucket, key, per=codes.NUMBERS_PER)
    phone = await phone_of(world.here.volunteer)
    wrong = "100000" if scene.gate.number != "100000" else "100001"
    answers = [(await phone.check_in(wrong)).status_code for _ in range(2)]
    assert (await phone.check_in(scene.gate.number)).status_code == 200
    answers += [(await phone.check_in(wrong)).status_code for _ in range(2)]
    assert answers == [404, 404, 404, 429]
    assert (await (await phone_of(world.here.coordinator)).check_in(scene.gate.number)).status_code == 200


@pytest.mark.parametrize("role", ["volunteer", "building_leader", "coordinator", "secretary"])
async def test_everyone_who_serves_checks_in(scene: Scene, world: World, phone_of: PhoneOf, role: str) -> None:
    phone = await phone_of(world.here.people()[role])
    assert (await phone.check_in(scene.gate_code)).status_code == 200


async def test_a_subdistrict_administrator_checks_in_in_every_neighbourhood(
    scene: Scene, world: World, phone_of: PhoneOf
) -> None:
    phone = await phone_of(world.subdistrict_admin)
    assert (await phone.check_in(scene.gate_code)).status_code == 200
    assert (await phone.check_in(scene.foreign_code)).status_code == 200


async def test_a_handler_does_not_check_in_and_a_stranger_learns_nothing(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    handler, stranger = await phone_of(world.here.handler), await phone_of(world.stranger)
    assert (await handler.check_in(scene.gate_code)).status_code == 403
    answer = await stranger.check_in(scene.gate_code)
    assert (answer.status_code, slug(answer)) == (404, "code-unknown")


async def test_nobody_checks_in_without_signing_in(scene: Scene, anonymous, clock: TestClock) -> None:  # type: ignore[no-untyped-def]
    answer = await Phone(anonymous, clock).check_in(scene.gate_code)
    assert answer.status_code == 401


async def test_a_smuggled_field_is_refused(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    assert (await phone.check_in(scene.gate_code, grade="rotating_place")).status_code == 400
    assert (await phone.check_in(scene.gate_code, person=str(world.here.coordinator.id))).status_code == 400


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T00:00:00Z"])
async def test_whatever_a_phone_believes_the_time_to_be_it_is_recorded(
    scene: Scene, world: World, phone_of: PhoneOf, at: str
) -> None:
    phone = await phone_of(world.here.volunteer)
    body = phone.body(scene.gate_code)
    answer = await phone.client.post("/api/check-ins", json=body | {"at": at, "sent_at": at})
    assert answer.status_code == 200
    assert answer.json()["arrived"]["flags"] == ["clock_off"]
    assert (await phone.client.get(f"/api/attendance/{body['id']}")).json() == answer.json()


async def test_the_fact_says_what_a_message_needs(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    receipt = (await phone.check_in(scene.gate_code, position=position(GARDEN))).json()
    data = json.loads(await fetch_value("SELECT data::text FROM fact WHERE subject = $1", UUID(receipt["id"])))
    assert data["person"] == str(world.here.volunteer.id)
    assert data["location"] == str(scene.gate.id)
    assert data["shift"] == str(scene.shift)
    assert data["flags"] == ["outside"]
    assert data["neighbourhood"] == str(world.here.id)


async def test_an_id_that_nobody_used_is_free_for_a_check_in(scene: Scene, world: World, phone_of: PhoneOf) -> None:
    phone = await phone_of(world.here.volunteer)
    identity = str(new_id())
    assert (await phone.check_in(scene.gate_code, id=identity)).json()["id"] == identity
