"""Live hints, on a database of their own where commits are real."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mingxun.kit.database import execute, fetch_row, transaction
from mingxun.kit.ids import new_id
from mingxun.ledger import hint
from mingxun.notifications import listener as listening
from mingxun.notifications.listener import HintListener
from mingxun.people.access import Actor, Role
from mingxun.people.listing import get_person
from mingxun.people.sessions import load_actor
from tests.conftest import TestClock
from tests.notifications.conftest import installation_of_its_own, record_assigned
from tests.world import Person, World, add_membership, give_session

pytestmark = pytest.mark.usefixtures("committed_database")


@pytest.fixture
async def hints(committed_database: str) -> AsyncIterator[HintListener]:
    listener = HintListener(committed_database)
    await listener.start()
    await asyncio.wait_for(listener.listening.wait(), 5)
    yield listener
    await listener.stop()


async def actor_of(person: Person) -> Actor:
    now = datetime.now(UTC)
    async with transaction():
        token = await give_session(person.id, at=now)
        actor = await load_actor(token, now=now)
    assert actor is not None
    return actor


class Open:
    """An open app."""

    def __init__(self, listener: HintListener, actor: Actor) -> None:
        self._events = listener.stream(actor)
        self._text = b""

    async def opened(self) -> "Open":
        assert b"retry:" in await anext(self._events)
        return self

    async def next(self, seconds: float = 3) -> dict[str, Any]:
        """The next hint."""
        async with asyncio.timeout(seconds):
            while b"\n\n" not in self._text or b"data: " not in self._text.split(b"\n\n")[0]:
                if b"\n\n" in self._text:
                    self._text = self._text.split(b"\n\n", 1)[1]
                    continue
                self._text += await anext(self._events)
        event, self._text = self._text.split(b"\n\n", 1)
        found: dict[str, Any] = json.loads(event.split(b"data: ", 1)[1])
        return found

    async def is_silent(self, seconds: float = 0.4) -> bool:
        try:
            await self.next(seconds)
        except (TimeoutError, asyncio.CancelledError):
            return True
        return False

    async def ends(self, seconds: float) -> float:
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            async for _ in self._events:
                pass
        return time.monotonic() - begun


async def test_a_hint_reaches_the_neighbourhood_and_no_other(world: World, hints: HintListener, clock: TestClock) -> None:
    here = await Open(hints, await actor_of(world.here.volunteer)).opened()
    admin = await Open(hints, await actor_of(world.subdistrict_admin)).opened()
    there = await Open(hints, await actor_of(world.there.volunteer)).opened()
    async with transaction():
        await record_assigned(world.here, world.here.volunteer, clock.now())
    for app in (here, admin):
        assert (await app.next())["kind"] == "assigned"
    assert await there.is_silent()


async def test_a_hint_for_a_person_reaches_all_their_apps_only(world: World, hints: HintListener) -> None:
    phone, tablet = [await Open(hints, await actor_of(world.here.volunteer)).opened() for _ in range(2)]
    other = await Open(hints, await actor_of(world.here.coordinator)).opened()
    subject = new_id()
    async with transaction():
        await hint(topic="message", subject=subject, person=world.here.volunteer.id)
    for app in (phone, tablet):
        assert await app.next() == {"kind": "message", "subject": str(subject), "neighbourhood": None}
    assert await other.is_silent()


async def test_what_is_rolled_back_is_not_hinted_at(world: World, hints: HintListener, clock: TestClock) -> None:
    app = await Open(hints, await actor_of(world.here.volunteer)).opened()
    async with transaction():
        with contextlib.suppress(ZeroDivisionError):
            async with transaction():
                await record_assigned(world.here, world.here.volunteer, clock.now())
                raise ZeroDivisionError
    assert await app.is_silent()


async def test_a_stream_ends_within_a_second_of_its_session(world: World, hints: HintListener) -> None:
    actor = await actor_of(world.here.volunteer)
    mine = await Open(hints, actor).opened()
    other = await Open(hints, await actor_of(world.here.volunteer)).opened()
    async with transaction():
        await execute("UPDATE session SET ended_at = now() WHERE id = $1", actor.session)
    assert await mine.ends(1.5) < 1
    assert await other.is_silent()


async def test_a_stream_ends_within_a_second_of_its_account_being_disabled(world: World, hints: HintListener) -> None:
    mine = await Open(hints, await actor_of(world.here.volunteer)).opened()
    async with transaction():
        await execute("UPDATE account SET disabled_at = now() WHERE person = $1", world.here.volunteer.id)
    assert await mine.ends(1.5) < 1


async def test_a_stream_ends_within_a_second_of_a_role(world: World, hints: HintListener) -> None:
    """Whoever has no role in a neighbourhood any more hears nothing of it; and a new role is heard at once."""
    person = world.here.volunteer
    app, other = (
        await Open(hints, await actor_of(person)).opened(),
        await Open(hints, await actor_of(world.here.handler)).opened(),
    )
    async with transaction():
        await execute("UPDATE membership SET ended_at = now() WHERE person = $1", person.id)
    assert await app.ends(3) < 1.2
    assert await other.is_silent(0.8), "whoever keeps their roles keeps their stream"
    app = await Open(hints, await actor_of(world.subdistrict_admin)).opened()
    assert await app.is_silent(0.8), "a role in a subdistrict counts in all its neighbourhoods"
    async with transaction():
        await add_membership(world.stranger, Role.VOLUNTEER, world.here.area)
    late = await Open(hints, await actor_of(world.stranger)).opened()
    assert await late.is_silent(0.8)


async def test_looking_at_somebody_is_not_hinted_at(world: World, hints: HintListener, clock: TestClock) -> None:
    app = await Open(hints, await actor_of(world.here.volunteer)).opened()
    async with transaction():
        await get_person(await actor_of(world.here.coordinator), world.here.volunteer.id, clock=clock)
    assert await app.is_silent()


async def test_an_app_that_cannot_keep_up_is_told_to_fetch_everything(world: World, hints: HintListener) -> None:
    app = await Open(hints, await actor_of(world.here.volunteer)).opened()
    async with transaction():
        for _ in range(listening.MOST_WAITING + 10):
            await hint(topic="message", subject=new_id(), person=world.here.volunteer.id)
    await asyncio.sleep(0.3)
    kinds = [(await app.next())["kind"] for _ in range(5)]
    assert kinds[0] is None


async def test_a_silent_stream_beats(world: World, hints: HintListener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HEARTBEAT", 0.1)
    events = hints.stream(await actor_of(world.here.volunteer))
    await anext(events)
    assert await asyncio.wait_for(anext(events), 1) == b": still here\n\n"


async def test_a_session_has_only_so_many_streams(world: World, hints: HintListener) -> None:
    actor = await actor_of(world.here.volunteer)
    apps = [await Open(hints, actor).opened() for _ in range(listening.MOST_STREAMS + 1)]
    ended = await asyncio.gather(*(app.ends(0.3) for app in apps), return_exceptions=True)
    assert [not isinstance(one, BaseException) for one in ended] == [True] + [False] * listening.MOST_STREAMS, (
        "the oldest gives way"
    )


async def test_when_its_connection_was_cut_apps_are_told_to_fetch_everything(world: World, hints: HintListener) -> None:
    app = await Open(hints, await actor_of(world.here.volunteer)).opened()
    async with transaction():
        killed = await fetch_row(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = 'mingxun hints' AND datname = current_database()"""
        )
    assert killed is not None
    assert await app.next(5) == {"kind": None, "subject": None, "neighbourhood": None}
    subject = new_id()
    async with transaction():
        await hint(topic="message", subject=subject, person=world.here.volunteer.id)
    assert (await app.next())["subject"] == str(subject)


async def test_after_a_kill_of_postgresql_a_browsers_stream_goes_on() -> None:
    """Over HTTP, through a real server: hints, a killed database, hints again, and the end of the session."""
    with installation_of_its_own() as installation:
        world = await installation.prepare()

        async def sign_in() -> str:
            async with transaction():
                return await give_session(world.here.volunteer.id, at=datetime.now(UTC))

        async def say() -> None:
            async with transaction():
                await hint(topic="message", subject=new_id(), person=world.here.volunteer.id)

        async def sign_out() -> None:
            async with transaction():
                await execute("UPDATE session SET ended_at = now()")

        token = await installation.in_database(sign_in)
        installation.start_server()
        await installation.wait_until_ready()
        async with (
            httpx.AsyncClient(base_url=installation.url, cookies={"mingxun": token}, timeout=20) as browser,
            browser.stream("GET", "/api/events") as reply,
        ):
            assert reply.status_code == 200
            assert reply.headers["content-type"].startswith("text/event-stream")
            lines = reply.aiter_lines()

            async def heard() -> dict[str, Any]:
                async with asyncio.timeout(10):
                    async for line in lines:
                        if line.startswith("data: "):
                            found: dict[str, Any] = json.loads(line[6:])
                            return found
                raise AssertionError("the stream ended")

            await installation.in_database(say)
            assert (await heard())["kind"] == "message"
            os.kill(int((installation.postgres.cluster / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
            await asyncio.sleep(0.5)
            assert not installation.postgres.started_here
            await asyncio.to_thread(installation.start_database)
            back = time.monotonic()
            assert (await heard())["kind"] is None
            assert time.monotonic() - back < 5
            await installation.in_database(say)
            assert (await heard())["kind"] == "message"
            await installation.in_database(sign_out)
            begun = time.monotonic()
            async with asyncio.timeout(5):
                async for _ in lines:
                    pass
            assert time.monotonic() - begun < 1
