"""Stopping, with phones connected."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from mingxun.kit import database
from tests.installation import Installation
from tests.world import World, give_session

pytestmark = pytest.mark.alone


@pytest.fixture
async def running() -> AsyncIterator[tuple[Installation, World]]:
    installation = Installation(durable=False)
    installation.start_database()
    try:
        yield installation, await installation.prepare()
    finally:
        installation.stop()


async def test_the_server_stops_at_once_although_live_updates_are_open(running: tuple[Installation, World]) -> None:
    installation, world = running

    async def session() -> str:
        async with database.transaction():
            return await give_session(world.here.coordinator.id, at=datetime.now(UTC))

    token = await installation.in_database(session)
    server = installation.start("server", "serve")
    await installation.wait_until_ready()
    async with (
        httpx.AsyncClient(base_url=installation.url, headers={"Cookie": f"mingxun={token}"}, timeout=15) as client,
        client.stream("GET", "/api/events") as stream,
    ):
        assert stream.status_code == 200
        chunks = stream.aiter_bytes()
        assert b"connected" in await anext(chunks)
        started = time.monotonic()
        server.terminate()
        async for _ in chunks:  # the stream ends in good order, not by a broken connection
            pass
    assert await asyncio.to_thread(server.wait, 15) == 0
    assert time.monotonic() - started < 5, "granian would have waited 10 s for the stream"
    assert "refused to gracefully stop" not in installation.log_tail()
