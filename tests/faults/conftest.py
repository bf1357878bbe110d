"""One stage, and one browser, for the tests of promises that don't need an installation of their own."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from tests.faults.stage import Stage
from tests.installation import Installation
from tests.journeys.phone import chromium
from tests.journeys.scene import FLAGS


@pytest.fixture(scope="session")
async def stage() -> AsyncIterator[Stage]:
    """Two server processes on one database, which every test shares. For the whole run: files of other folders may come in between."""
    environment = {"MINGXUN_PROCESSES": "1", "MINGXUN_TRUSTED_PROXIES": "127.0.0.1"}
    installation = Installation(durable=False, environment=environment)
    try:
        made = await Stage.of(installation)
        yield made
        await made.close()
    finally:
        installation.stop()


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture(scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """Chromium, whose contexts are phones."""
    launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield launched
    await launched.close()
