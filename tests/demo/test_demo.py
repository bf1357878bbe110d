"""The demonstration: it can be made at any hour of any day, tells every state, and is made once."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest

from mingxun.areas import AreaKind, AreaRow
from mingxun.demo import make_demonstration, welcome_guests
from mingxun.demo.residents import GUESTS, MORE_ACCOUNTS, PASSWORD, RESIDENTS, phone_of
from mingxun.demo.story import Story, StoryClock
from mingxun.demo.week import ACCOUNTS, CALLED_OFF, EVENING, FLOOD, MORNING, NOW, POST, SORTING, WEEKEND, plans_of
from mingxun.kit.clock import SystemClock
from mingxun.kit.database import fetch, fetch_value
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import load_or_make
from mingxun.people import Role
from mingxun.people.accounts import Browser, sign_in
from mingxun.people.problems import SignInLinkOver
from mingxun.people.schemas import SignIn
from mingxun.people.sign_in_links import sign_in_by_link
from mingxun.tickets.schemas import TicketState


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, public_url="http://localhost:8321")


async def test_the_week_is_full_of_life_and_made_once(db: None, installation: Settings) -> None:
    before = await fetch_value("SELECT coalesce(max(seq), 0) FROM fact")
    assert await make_demonstration(installation)
    now = SystemClock().now()
    states = {row["state"] for row in await fetch("SELECT DISTINCT state FROM ticket")}
    assert states == {state.value for state in TicketState}
    assert await fetch_value("SELECT count(*) FROM shift WHERE ends_at < $1", now) >= 12
    assert await fetch_value("SELECT count(*) FROM shift WHERE starts_at <= $1 AND ends_at > $1 AND state = 'open'", now) >= 1
    gaps = "SELECT count(*) FROM shift s JOIN need n ON n.shift = s.id WHERE s.starts_at > $1 AND n.taken < n.minimum"
    assert await fetch_value(gaps, now) >= 5
    assert await fetch_value("SELECT count(*) FROM attendance WHERE left_at IS NOT NULL") >= 20
    here = "SELECT count(*) FROM attendance WHERE left_at IS NULL AND arrived_at > $1"
    assert await fetch_value(here, now - timedelta(hours=3)) >= 1
    graded = {row["grade"] for row in await fetch("SELECT DISTINCT grade FROM evidence")}
    assert graded >= {"poster_place", "poster", "vouched"}
    assert await fetch_value("SELECT count(*) FROM ticket_photo") == await fetch_value("SELECT count(*) FROM photo")
    told = [row["at"] for row in await fetch("SELECT at FROM fact WHERE seq > $1 ORDER BY seq", before)]
    assert told == sorted(told)
    assert told[-1] <= now
    await _every_guest_can_sign_in_with_what_is_printed(installation)
    await _every_link_signs_its_guest_in_once(installation)
    facts = await fetch_value("SELECT count(*) FROM fact")
    assert not await make_demonstration(installation)
    assert await fetch_value("SELECT count(*) FROM fact") == facts


async def _every_guest_can_sign_in_with_what_is_printed(installation: Settings) -> None:
    clock = SystemClock()
    for guest, known in zip(await welcome_guests(installation), GUESTS, strict=True):
        signed_in = await sign_in(
            SignIn(phone=guest.phone, password=guest.password),
            Browser(source=guest.phone, device="", mark=None, session=None),
            limits=RateLimits(clock),
            keys=load_or_make(installation.data_dir),
            settings=installation,
            clock=clock,
        )
        assert signed_in.me.name == guest.name
        assert known.role in {membership.role for membership in signed_in.me.memberships}
        assert guest.url.startswith(f"http://localhost:8321/sign-in#{guest.phone}.")


async def _every_link_signs_its_guest_in_once(installation: Settings) -> None:
    async def enter(token: str, settings: Settings = installation, *, here: bool = True) -> str:
        browser = Browser(source=token, device="", mark=None, session=None)
        clock = SystemClock()
        return (
            await sign_in_by_link(token, browser, here=here, limits=RateLimits(clock), settings=settings, clock=clock)
        ).me.name

    earlier = [guest.url.rpartition(".")[2] for guest in await welcome_guests(installation)]
    now = await welcome_guests(installation)
    for guest in now:
        token = guest.url.rpartition(".")[2]
        for elsewhere in ("https://localhost", "http://192.168.0.7:8321", "https://mx.example.org"):
            with pytest.raises(SignInLinkOver):
                await enter(token, msgspec.structs.replace(installation, public_url=elsewhere))
        with pytest.raises(SignInLinkOver):
            await enter(token, here=False)
        assert await enter(token) == guest.name
        with pytest.raises(SignInLinkOver):
            await enter(token)
    for token in earlier:
        with pytest.raises(SignInLinkOver):
            await enter(token)
    public = msgspec.structs.replace(installation, public_url="http://192.168.0.7:8321")
    assert all("." not in guest.url.partition("#")[2] for guest in await welcome_guests(public))


@pytest.mark.parametrize(
    ("moment", "zone"),
    [("2026-11-21 00:03", "Asia/Shanghai"), ("2027-02-28 19:45", "America/Los_Angeles"), ("2028-02-29 23:58", "Asia/Shanghai")],
)
async def test_it_can_be_made_at_any_hour_of_any_day(db: None, installation: Settings, moment: str, zone: str) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert await make_demonstration(msgspec.structs.replace(installation, timezone_name=zone), now=now)
    assert await fetch_value("SELECT max(at) FROM fact") <= now


@pytest.mark.parametrize("days", range(7))
@pytest.mark.parametrize("hour", ["00:03", "07:40", "09:40", "13:30", "17:45", "21:40", "23:58"])
def test_nobody_is_in_two_places_whenever_it_is_made(installation: Settings, days: int, hour: str) -> None:
    now = datetime.fromisoformat(f"2026-11-25 {hour}").replace(tzinfo=installation.timezone).astimezone(UTC) + timedelta(
        days=days
    )
    area = AreaRow(id=uuid4(), parent=None, kind=AreaKind.NEIGHBOURHOOD, name="凌云里", path=(), neighbourhood=None, phone="")
    story = Story(installation, load_or_make(installation.data_dir), now, StoryClock(now), area)
    day, begins, ends, people = CALLED_OFF
    duties = [(name, story.on(day, begins), story.on(day, ends), "called off") for name in people]
    duties += [(name, plan.starts_at, plan.ends_at, plan.title) for plan in plans_of(story) for name in plan.people]
    twice = [
        (one, other)
        for one, other in itertools.combinations(sorted(duties), 2)
        if one[0] == other[0] and one[1] < other[2] and other[1] < one[2]
    ]
    assert twice == []


def test_there_is_a_guest_for_every_role() -> None:
    assert [guest.role for guest in GUESTS] == list(dict.fromkeys(guest.role for guest in GUESTS))
    assert {guest.role for guest in GUESTS} == set(Role)


def test_numbers_are_of_a_range_that_nobody_is_given() -> None:
    numbers = [phone_of(each.name) for each in RESIDENTS] + [each.phone for each in (*GUESTS, *MORE_ACCOUNTS)]
    assert all(number.startswith("1990000") and len(number) == 11 for number in numbers)
    assert len({each.name for each in RESIDENTS}) == len(RESIDENTS)
    assert PASSWORD not in numbers


def test_whoever_serves_is_on_the_roster_and_in_one_place_at_a_time() -> None:
    names = {resident.name for resident in RESIDENTS}
    pools = (MORNING, POST, SORTING, EVENING, WEEKEND, FLOOD, NOW)
    assert {name for pool in pools for name in pool} <= names
    assert sum(map(len, pools)) == len({name for pool in pools for name in pool}) + 1, "only the guest is in two"
    assert {guest.name for guest in (*GUESTS, *MORE_ACCOUNTS)} >= ACCOUNTS
