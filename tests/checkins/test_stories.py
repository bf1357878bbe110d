"""What two phones tell, delivered in any order, is one story."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from mingxun.kit.database import fetch
from tests.checkins.conftest import Scene
from tests.checkins.scene import MINUTE, Phone, instant, slug
from tests.conftest import TestClock
from tests.world import Person, World

PhoneOf = Callable[[Person], Awaitable[Phone]]


@dataclass(frozen=True)
class Visit:
    place: int
    came: timedelta
    left: timedelta | None
    """None: never checked out."""


def true_story(random_: random.Random) -> list[Visit]:
    """Some visits to three places within ten hours; whoever does not check out goes on to another place."""
    visits: list[Visit] = []
    at = timedelta(0)
    for _ in range(random_.randint(2, 5)):
        place = random_.choice([p for p in range(3) if not visits or visits[-1].left is not None or p != visits[-1].place])
        left = at + random_.randint(15, 60) * MINUTE
        visits.append(Visit(place, at, left if random_.random() < 0.6 else None))
        at = left + random_.randint(12, 50) * MINUTE
    return visits


async def deliver(phone: Phone, clock: TestClock, waiting: list[tuple[str, dict[str, Any]]]) -> None:
    """Send all; a going before its coming is sent again later."""
    tries = 0
    while waiting:
        path, body = waiting.pop(0)
        answer = await phone.client.post(f"/api/{path}", json=body | {"sent_at": clock.now().isoformat()})
        if answer.status_code == 409:
            assert slug(answer) == "not-checked-in"
            waiting.append((path, body))
        else:
            assert answer.status_code == 200, answer.text
        tries += 1
        assert tries < 200


async def assert_stays_are_sound(scans: int) -> None:
    """Whatever was told: every scan is kept once, and each stay is as the evidence that counts says."""
    stays = await fetch("SELECT * FROM attendance ORDER BY arrived_at")
    evidence = await fetch("SELECT * FROM evidence")
    assert sum(row["standing"] == 0 for row in evidence) == scans
    assert sum(stay["left_at"] is None for stay in stays) <= 1
    for stay in stays:
        counting = [row for row in evidence if row["attendance"] == stay["id"] and row["counts"]]
        comings = [row["at"] for row in counting if row["direction"] == "in"]
        goings = [row["at"] for row in counting if row["direction"] == "out"]
        assert comings == [stay["arrived_at"]]
        assert [max(at, stay["arrived_at"]) for at in goings] == ([] if stay["left_at"] is None else [stay["left_at"]])


@pytest.mark.parametrize("seed", range(24))
async def test_a_true_story_is_told_the_same_in_whatever_order_it_is_delivered(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, seed: int
) -> None:
    random_ = random.Random(seed)
    phone = await phone_of(world.here.second_volunteer)
    codes = [scene.gate_code, scene.garden_code, scene.nowhere.number]
    visits, start = true_story(random_), clock.now()
    clock.forward(timedelta(hours=11))
    waiting: list[tuple[str, dict[str, Any]]] = []
    expected: list[tuple[datetime, datetime | None]] = []
    for visit, following in zip(visits, [*visits[1:], None], strict=True):
        coming = phone.body(codes[visit.place]) | {"at": (start + visit.came).isoformat()}
        waiting.append(("check-ins", coming))
        end = visit.left
        if visit.left is not None:
            going = phone.body(None, attendance=coming["id"]) | {"at": (start + visit.left).isoformat()}
            waiting.append(("check-outs", going))
        elif following is not None:
            end = following.came
        expected.append((start + visit.came, None if end is None else start + end))
    scans = len(waiting)
    random_.shuffle(waiting)
    await deliver(phone, clock, waiting)
    listed = (await phone.client.get(f"/api/neighbourhoods/{world.here.id}/attendance")).json()["items"][::-1]
    told = [(instant(stay["arrived"]["at"]), stay["left"] and instant(stay["left"]["at"])) for stay in listed]
    assert told == expected
    assert {stay["conflict"] for stay in listed} == {None}
    await assert_stays_are_sound(scans)


@pytest.mark.parametrize("seed", range(24))
async def test_whatever_phones_make_up_every_scan_is_kept_and_the_stays_are_sound(
    scene: Scene, world: World, phone_of: PhoneOf, clock: TestClock, seed: int
) -> None:
    """Comings and goings at random times, with goings for any coming at all."""
    random_ = random.Random(seed)
    phone = await phone_of(world.here.volunteer)
    codes = [scene.gate_code, scene.garden_code]
    start = clock.now()
    clock.forward(timedelta(hours=8))
    waiting: list[tuple[str, dict[str, Any]]] = []
    ids: list[str] = []
    for _ in range(12):
        at = (start + random_.randint(0, 180) * MINUTE / 2).isoformat()
        if not ids or random_.random() < 0.6:
            body = phone.body(random_.choice(codes)) | {"at": at}
            ids.append(body["id"])
            waiting.append(("check-ins", body))
        else:
            waiting.append(("check-outs", phone.body(None, attendance=random_.choice(ids)) | {"at": at}))
    random_.shuffle(waiting)
    await deliver(phone, clock, waiting)
    await assert_stays_are_sound(12)
