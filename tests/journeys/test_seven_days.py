"""Seven days without a network, then one that breaks off at random: everything that the phone said it has arrives, once.

Short by default, in Chromium. `MINGXUN_LONG_FAULTS=1` takes 40 check-ins and 60 photos, and does the same in Firefox ESR and in
WebKitGTK (apt-get install firefox-esr webkit2gtk-driver xvfb).
"""

import base64
import io
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from PIL import Image
from playwright.async_api import async_playwright

from mingxun.kit import database
from mingxun.kit.clock import SystemClock
from mingxun.places.codes import mint_poster
from mingxun.places.schemas import CreateLocation
from mingxun.places.service import create_location
from tests.installation import Installation
from tests.journeys.browsers import Browser, Chromium, Firefox, WebKit, installed, running
from tests.journeys.phone import eventually
from tests.journeys.wire import Wire
from tests.world import PASSWORD, Person, World

LONG = os.environ.get("MINGXUN_LONG_FAULTS") == "1"
CHECK_INS = 40 if LONG else 8
PHOTOS = 60 if LONG else 10
REPORTS = 20 if LONG else 4
DAYS = 7
BREAKS = 60 if LONG else 10
"""How often the network breaks off at most."""
CHANCE = 0.8
"""That a connection does."""
PATIENCE = 600 if LONG else 60
"""Seconds until all of it has arrived."""
REOPENED_EVERY = 20.0
"""Seconds after which somebody who sees that it still waits opens the app again."""
WAYS = ("Chromium", "Firefox ESR", "WebKitGTK") if LONG else ("Chromium",)


@dataclass(frozen=True)
class Place:
    id: UUID
    path: str
    """What its poster opens."""


@dataclass(frozen=True)
class Scene:
    installation: Installation
    world: World
    places: tuple[Place, Place]

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.installation.postgres.dsn)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()


@pytest.fixture(scope="module")
async def scene() -> AsyncIterator[Scene]:
    installation = Installation(durable=False, environment={"MINGXUN_PROCESSES": "1"})
    installation.start_database()
    try:
        world = await installation.prepare()

        async def two_places() -> tuple[Place, Place]:
            here, made = world.here, []
            async with database.transaction():
                for name in ("东门岗亭", "西门岗亭"):
                    wanted = CreateLocation(area=here.id, name=name)
                    location = await create_location(here.id, wanted, actor=here.coordinator.id, clock=SystemClock())
                    code = mint_poster(location.id, location.key_version, installation.keys)
                    made.append(Place(location.id, f"/c/{code}"))
            return made[0], made[1]

        places = await installation.in_database(two_places)
        installation.start_server()
        await installation.wait_until_ready()
        yield Scene(installation, world, places)
    finally:
        installation.stop()


@pytest.fixture
async def browser(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    if request.param == "Chromium":
        chromium = os.environ.get("MINGXUN_CHROMIUM") or shutil.which("chromium")
        assert chromium, "no Chromium: set MINGXUN_CHROMIUM to one"
        async with async_playwright() as playwright, running(Chromium(playwright, chromium)) as browser:
            yield browser
        return
    needed = {"Firefox ESR": ("firefox-esr",), "WebKitGTK": ("WebKitWebDriver", "Xvfb")}[request.param]
    made: Callable[..., Firefox | WebKit] = {"Firefox ESR": Firefox, "WebKitGTK": WebKit}[request.param]
    found = installed(*needed)
    assert found, "the long form needs more browsers: apt-get install firefox-esr webkit2gtk-driver xvfb"
    async with running(made(*found)) as browser:
        yield browser


def _pictures() -> list[str]:
    """Each another one, and none so plain that it weighs nothing."""
    pictures = []
    for number in range(PHOTOS):
        picture = Image.effect_noise((800, 600), 40 + number % 7).convert("RGB")
        picture.putpixel((0, 0), (number, number, number))
        taken = io.BytesIO()
        picture.save(taken, "JPEG", quality=80)
        pictures.append(base64.b64encode(taken.getvalue()).decode())
    return pictures


@pytest.mark.parametrize("browser", WAYS, indirect=True)
async def test_seven_days_without_a_network_and_then_a_bad_one_lose_nothing_and_double_nothing(
    scene: Scene, browser: Browser
) -> None:
    people = (scene.world.here.volunteer, scene.world.here.second_volunteer, scene.world.here.building_leader)
    person = people[WAYS.index(browser.name)]
    wire = Wire(scene.installation.port)
    await wire.up()
    try:
        await browser.open(f"{wire.url}/sign-in")
        await browser.run("await hand.signIn(given[0], given[1])", person.phone.removeprefix("+86"), PASSWORD)
        # A second start: by now the worker serves the app, and the places have been seen.
        await browser.open(f"{wire.url}/report")
        await browser.run("await hand.ready()")
        await wire.down()
        await browser.network(False)

        began = time.monotonic()
        await _seven_days(scene, browser, wire)
        kept = await browser.run("return hand.kept()")
        by_kind = {kind: [one for one in kept if one["kind"] == kind] for kind in ("check-in", "photo", "ticket")}
        assert {kind: len(found) for kind, found in by_kind.items()} == {
            "check-in": CHECK_INS,
            "photo": PHOTOS,
            "ticket": REPORTS,
        }
        assert len(kept) == CHECK_INS + PHOTOS + REPORTS
        assert await _evidence(scene, person) == []
        offline = time.monotonic() - began

        began = time.monotonic()
        wire.shake(CHANCE, most=BREAKS)
        await wire.up()
        await browser.network(True)
        await _until_all_is_sent(browser, wire)
        online = time.monotonic() - began
    finally:
        await wire.down()

    await _is_there_once(scene, person, by_kind)
    print(
        f"\n{browser.name}: {CHECK_INS} check-ins, {PHOTOS} photos and {REPORTS} reports of {DAYS} days ({offline:.0f} s on the screen)"
        f" arrived once each in {online:.0f} s, over {wire.breaks} broken connections"
    )


async def _seven_days(scene: Scene, browser: Browser, wire: Wire) -> None:
    """Now at one gate, now at the other; a report every few rounds. The phone's clock goes along, the app is closed each night."""
    pictures, now = _pictures(), datetime.now(UTC)
    a_report = CHECK_INS / REPORTS
    reported = 0
    night = -1
    for round_ in range(CHECK_INS):
        at = now - timedelta(days=DAYS) + timedelta(days=DAYS) * round_ / CHECK_INS
        if night != (night := (at - now).days):
            await browser.open(f"{wire.url}/")
            await browser.run("await hand.ready()")
        await browser.run("hand.clock(given[0])", at.timestamp() * 1000)
        place = scene.places[round_ % 2]
        assert await browser.run("return hand.checkIn(given[0])", place.path) == "已保存在手机"
        if round_ + 1 >= a_report * (reported + 1):
            shown = pictures[PHOTOS * reported // REPORTS : PHOTOS * (reported + 1) // REPORTS]
            reported += 1
            said = await browser.run("return hand.report(...given)", str(place.id), "路灯", f"第 {reported} 盏灯不亮", shown)
            assert said == "已保存在手机"
    await browser.run("hand.clock(null)")


async def _until_all_is_sent(browser: Browser, wire: Wire) -> None:
    opened = 0.0

    async def sent() -> bool:
        nonlocal opened
        if time.monotonic() - opened > REOPENED_EVERY:
            try:
                await browser.open(f"{wire.url}/me")
            except Exception as error:  # the page broke off, too: once more
                print("opened in vain:", str(error)[:80])
                return False
            opened = time.monotonic()
        return bool(await browser.run("return (await hand.kept()).length") == 0)

    try:
        await eventually(sent, "everything sent", seconds=PATIENCE)
    except AssertionError as error:
        raise AssertionError(f"{error}: {await browser.run('return hand.kept()')}; {wire.breaks} breaks") from None


async def _evidence(scene: Scene, person: Person) -> list[Any]:
    return await scene.rows(
        "SELECT e.id, e.flags FROM evidence e JOIN attendance a ON a.id = e.attendance WHERE a.person = $1 AND e.direction = 'in'",
        person.id,
    )


async def _is_there_once(scene: Scene, person: Person, kept: dict[str, list[Any]]) -> None:
    """Counted in the database: what the phone had, each once, whole, and nothing else."""

    def ids(kind: str) -> list[str]:
        return sorted(one["id"] for one in kept[kind])

    evidence = await _evidence(scene, person)
    assert sorted(str(row["id"]) for row in evidence) == ids("check-in")
    photos = await scene.rows("SELECT id, encode(sha256, 'hex') AS sha256 FROM photo WHERE owner = $1", person.id)
    assert sorted((str(row["id"]), row["sha256"]) for row in photos) == sorted(
        (one["id"], one["sha256"]) for one in kept["photo"]
    )
    tickets = await scene.rows("SELECT id, number FROM ticket WHERE opened_by = $1", person.id)
    assert sorted(str(row["id"]) for row in tickets) == ids("ticket")
    assert len({row["number"] for row in tickets}) == REPORTS
    shown = await scene.rows(
        "SELECT tp.ticket, tp.photo FROM ticket_photo tp JOIN ticket t ON t.id = tp.ticket WHERE t.opened_by = $1", person.id
    )
    assert sorted((str(row["ticket"]), str(row["photo"])) for row in shown) == sorted(
        (one["id"], photo) for one in kept["ticket"] for photo in one["photos"]
    )
    told = await scene.rows("SELECT subject FROM fact WHERE actor = $1 AND kind = 'ticket_opened'", person.id)
    assert sorted(str(row["subject"]) for row in told) == ids("ticket")
