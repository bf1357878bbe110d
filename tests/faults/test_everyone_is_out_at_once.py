"""Promise 18: after signing out, a new password or the end of an account, nothing of it lives for longer than a second.

Sessions, open streams of live updates and invitations, on two server processes, however the request that ended them came in.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from mingxun.kit import database
from mingxun.kit.clock import SystemClock
from mingxun.people.access import Role
from mingxun.people.accounts import disable_account
from tests.faults.stage import Someone, Stage
from tests.world import PASSWORD, add_membership, add_person, give_session

pytestmark = pytest.mark.alone

WITHIN = 1.0


@contextlib.asynccontextmanager
async def _stream(stage: Stage, token: str, process: int) -> AsyncIterator[asyncio.Task[float]]:
    """An open stream; the task ends when the server ends it, and says when (monotonic seconds)."""
    connected = asyncio.Event()

    async def listen() -> float:
        headers = {"Cookie": f"mingxun={token}"}
        async with (
            httpx.AsyncClient(base_url=f"http://localhost:{stage.ports[process]}", timeout=30) as client,
            client.stream("GET", "/api/events", headers=headers) as reply,
        ):
            assert reply.status_code == 200
            async for _ in reply.aiter_raw():
                connected.set()
        return time.monotonic()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(connected.wait(), 10)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _someone_with_sessions(stage: Stage, count: int) -> tuple[Someone, list[str]]:
    """A coordinator who is signed in in several browsers."""

    async def make() -> tuple[Someone, list[str]]:
        async with database.transaction():
            person = await add_person(stage.word(), f"+86198{time.time_ns() % 10**8:08d}", neighbourhood=stage.world.here.id)
            await add_membership(person, Role.COORDINATOR, stage.world.here.area)
            tokens = [await give_session(person.id, at=datetime.now(UTC)) for _ in range(count)]
            return Someone(person.id, person.name, person.phone, tokens[0]), tokens

    return await stage.installation.in_database(make)


async def _dead(stage: Stage, tokens: list[str], since: float, streams: list["asyncio.Task[float]"]) -> float:
    """Wait for every token to be refused by both processes and every stream to end; how long the last one took, in seconds."""
    last = 0.0
    while last == 0:
        replies = [await stage.send(token, "GET", "/api/me", process=process) for token in tokens for process in (0, 1)]
        if all(reply.status_code == 401 for reply in replies):
            last = time.monotonic() - since
        assert time.monotonic() - since < 10
    ended = await asyncio.wait_for(asyncio.gather(*streams), 10)
    return max(last, *(at - since for at in ended)) if ended else last


async def test_signing_out_ends_that_session_at_once_and_no_other(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    _, (out, stays) = await _someone_with_sessions(stage, 2)
    async with _stream(stage, out, 0) as first, _stream(stage, out, 1) as second, _stream(stage, stays, 1) as other:
        reply = await stage.send(out, "DELETE", "/api/session", process=0)
        since = time.monotonic()
        assert reply.status_code == 204
        took = await _dead(stage, [out], since, [first, second])
        assert not other.done()
    assert (await stage.send(stays, "GET", "/api/me", process=0)).status_code == 200
    with capsys.disabled():
        print(f"\nsigned out: all of it dead after {took:.2f} s")
    assert took <= WITHIN


async def _invitation(stage: Stage, who: Someone, name: str) -> str:
    """The token of an invitation made by `who`."""
    body = {"name": name, "role": "volunteer", "area": str(stage.world.here.id)}
    made = await stage.made(who, "POST", f"{stage.area}/invitations", json=body)
    return str(made["url"].rpartition("#")[2])


async def _invitation_is_over(stage: Stage, token: str) -> bool:
    replies = [await stage.send(None, "POST", "/api/invitation/preview", process=n, json={"token": token}) for n in (0, 1)]
    return [reply.status_code for reply in replies] == [410, 410]


async def test_a_new_password_ends_every_other_session_and_invitation(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    who, (own, *others) = await _someone_with_sessions(stage, 3)
    invitation = await _invitation(stage, who, "被邀请的")
    assert not await _invitation_is_over(stage, invitation)
    async with _stream(stage, others[0], 0) as first, _stream(stage, others[1], 1) as second, _stream(stage, own, 1) as mine:
        body = {"current": PASSWORD, "new": "换 一 个 新 的 长 句 子"}
        reply = await stage.send(own, "PUT", "/api/me/password", json=body, process=1)
        since = time.monotonic()
        assert reply.status_code == 204, reply.text
        assert await _invitation_is_over(stage, invitation)
        took = await _dead(stage, others, since, [first, second])
        assert not mine.done()
    assert (await stage.send(own, "GET", "/api/me")).status_code == 200
    refused = await stage.send(None, "POST", "/api/session", json={"phone": who.phone, "password": PASSWORD})
    assert refused.status_code == 401, "the old password still opens"
    with capsys.disabled():
        print(f"\npassword changed: all of it dead after {took:.2f} s")
    assert took <= WITHIN


async def test_the_end_of_an_account_ends_everything_of_it(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    who, tokens = await _someone_with_sessions(stage, 2)
    invitation = await _invitation(stage, who, "被邀请的人")

    async def shut() -> float:
        async with database.transaction():
            await disable_account(who.id, actor=None, clock=SystemClock())
        return time.monotonic()

    async with _stream(stage, tokens[0], 0) as first, _stream(stage, tokens[1], 1) as second:
        since = await stage.installation.in_database(shut)
        took = await _dead(stage, tokens, since, [first, second])
    assert await _invitation_is_over(stage, invitation)
    refused = await stage.send(None, "POST", "/api/session", json={"phone": who.phone, "password": PASSWORD})
    assert refused.status_code == 401
    with capsys.disabled():
        print(f"\naccount shut: all of it dead after {took:.2f} s")
    assert took <= WITHIN
