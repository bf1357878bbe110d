"""Promise 3: a server or worker that is started while the database is away does not give up; it waits, and says so."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.installation import Installation

pytestmark = pytest.mark.alone


@pytest.fixture
def installation() -> Iterator[Installation]:
    one = Installation(durable=False)
    try:
        yield one
    finally:
        one.stop()


async def test_a_server_and_a_worker_started_before_the_database_serve_once_it_is_there(installation: Installation) -> None:
    installation.start_database()
    await installation.prepare()
    installation.postgres.stop()
    server, worker = installation.start("server", "serve"), installation.start("worker", "worker")
    async with httpx.AsyncClient(base_url=installation.url) as client:
        for _ in range(300):
            try:
                alive = await client.get("/healthz")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.1)
        else:
            raise AssertionError(installation.log_tail())
        assert alive.status_code == 200
        for path in ("/readyz", "/api/me"):
            reply = await client.get(path, headers={"Cookie": "mingxun=some-session"})
            assert reply.status_code == 503, reply.text
            assert reply.headers["content-type"] == "application/problem+json"
    await asyncio.to_thread(installation.start_database)
    assert await installation.wait_until_ready() <= 5
    await asyncio.sleep(1)
    assert server.poll() is None
    assert worker.poll() is None
