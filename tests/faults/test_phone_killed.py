"""Promise 1: page and browser are killed at random instants while check-ins and reports with photos are kept and sent.

Whatever the screen said of 已保存, 签到成功 or 报上去了 is on the server once in the end, and nothing is there twice. The network in
between is slow, so that many die in the middle of a request. Short: 6 deaths; `MINGXUN_LONG_FAULTS=1`: 60.
"""

import asyncio
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from tests.faults.handset import Handset, Pocket, quietly
from tests.faults.lossy_proxy import lossy_proxy
from tests.faults.stage import LONG, Place, Stage
from tests.journeys.phone import chromium
from tests.tickets.pictures import jpeg

DEATHS = 60 if LONG else 6
SLOW = 0.15
"""Seconds that answers take longer."""
DONE = {"签到成功": "arrived", "已保存在手机": "kept", "报上去了": "sent"}


class Said:
    """What the person was told."""

    def __init__(self) -> None:
        self.check_ins: list[str] = []
        """Ids of places."""
        self.reports: list[str] = []
        self.words: Counter[str] = Counter()

    async def more(self, count: int, *, seconds: float = 15) -> None:
        """Wait for so many more things to be said, or not much longer than they take."""
        end, wanted = time.monotonic() + seconds, self.words.total() + count
        while self.words.total() < wanted and time.monotonic() < end:
            await asyncio.sleep(0.02)

    def hear(self, heading: str, what: str, to: list[str]) -> None:
        self.words[DONE[heading]] += 1
        to.append(what)


async def _live(phone: Handset, stage: Stage, places: list[Place], said: Said) -> None:
    """Check in somewhere and report something, over and over, until the phone dies."""
    while places:
        place, what = places.pop(), stage.word()
        said.hear(await phone.report(place, what, jpeg(900, 700, seed=len(places))), what, said.reports)
        said.hear(await phone.check_in(place), place.id, said.check_ins)


async def test_nothing_that_was_said_to_be_saved_is_lost_however_the_phone_dies(
    stage: Stage, playwright: Playwright, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    who, said, deaths = stage.someone_new(), Said(), Counter[str]()
    places = [await stage.new_place() for _ in range(DEATHS * 6)]
    async with lossy_proxy(stage.ports[0]) as network:
        network.delay = SLOW
        pocket = Pocket(stage, playwright, chromium(), tmp_path / "profile", f"http://localhost:{network.port}")
        phone = await pocket.open(who)
        await phone.start()
        lives = random.sample([number % 3 for number in range(DEATHS)], DEATHS)
        for number, life in enumerate(lives):
            if number % 2 == 0:
                await phone.cut()
            living = asyncio.create_task(_live(phone, stage, places, said))
            await said.more(life)
            await asyncio.sleep(random.uniform(0, 1.5))
            if number % 3 == 2:
                deaths["page"] += 1
                await phone.page.close()
                await quietly(living)
                phone.page = await phone.context.new_page()
                await phone.restore()
            else:
                deaths["browser"] += 1
                await pocket.kill(phone)
                await quietly(living)
                phone = await pocket.open(who)
            if number % 4 == 3:
                network.swallow = 1
        await phone.start()
        await phone.hurry()
        await phone.has_sent(seconds=60)
        await phone.close()
    stays = Counter(
        str(row[0])
        for row in await stage.database.fetch(
            "SELECT a.location FROM evidence e JOIN attendance a ON a.id = e.attendance WHERE a.person = $1 AND e.direction = 'in'",
            who.id,
        )
    )
    tickets = Counter(row[0] for row in await stage.database.fetch("SELECT what FROM ticket WHERE opened_by = $1", who.id))
    photos = Counter(
        row[0]
        for row in await stage.database.fetch(
            "SELECT t.what FROM ticket t JOIN ticket_photo tp ON tp.ticket = t.id JOIN photo p ON p.id = tp.photo WHERE t.opened_by = $1",
            who.id,
        )
    )
    with capsys.disabled():
        print(
            f"\nkilled {dict(deaths)}; said {dict(said.words)}; on the server: {stays.total()} check-ins, {tickets.total()} reports, "
            f"{photos.total()} photos, of which {stays.total() - len(said.check_ins)} and {tickets.total() - len(said.reports)} nobody had been told of yet"
        )
    assert said.words.total() >= DEATHS / 2, "too little happened"
    assert {place: stays[place] for place in said.check_ins} == dict.fromkeys(said.check_ins, 1)
    assert {what: (tickets[what], photos[what]) for what in said.reports} == dict.fromkeys(said.reports, (1, 1))
    assert set(stays.values()) <= {1}
    assert set(tickets.values()) <= {1}
    assert tickets == photos
