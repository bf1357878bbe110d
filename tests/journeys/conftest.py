"""A real installation, a push service beside it, and Chromium."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import async_playwright

from tests.installation import Installation
from tests.journeys.phone import chromium
from tests.journeys.scene import Scene
from tests.push_service import push_service


@pytest.fixture(scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """The neighbourhood with its roster, a place whose poster hangs before the cameras, and a shift that begins soon."""
    folder = tmp_path_factory.mktemp("journey")
    installation = Installation(folder, durable=False, environment={"MINGXUN_PROCESSES": "1"})
    installation.start_database()
    try:
        world = await installation.prepare()
        installation.start_server()
        installation.start_worker()
        await installation.wait_until_ready()
        async with push_service() as service, async_playwright() as playwright:
            made = Scene(installation, world, service, playwright, chromium(), folder)
            try:
                await made.set_up()
                await made.plan_shift()
                yield made
            finally:
                await made.close()
    finally:
        installation.stop()
