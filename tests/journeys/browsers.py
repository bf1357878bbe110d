"""One page of a real browser, driven the same way in Chromium (DevTools), Firefox (WebDriver BiDi) and WebKitGTK (WebDriver)."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import httpx
from playwright.async_api import Playwright

from tests.installation import free_port

HAND = (Path(__file__).parent / "hand.js").read_text()
STARTING = 60.0
"""Seconds for a browser to come up."""


class Browser(Protocol):
    """Keeps what it stored for as long as it runs, whatever pages come and go."""

    name: str

    async def open(self, url: str) -> None:
        """Load it, with a hand in it (`hand.js`)."""

    async def run(self, script: str, *given: Any) -> Any:
        """The body of an async function in the page, which has `given`, and whose value is JSON."""

    async def network(self, on: bool) -> None:
        """Have the phone believe in it or not, where the browser can be told. The cable itself is the test's business."""


class Chromium:
    """Through Playwright, as the other journeys."""

    name = "Chromium"

    def __init__(self, playwright: Playwright, executable: str) -> None:
        self._playwright = playwright
        self._executable = executable

    async def start(self) -> None:
        self._browser = await self._playwright.chromium.launch(
            executable_path=self._executable, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        self._context = await self._browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        self._page = await self._context.new_page()

    async def open(self, url: str) -> None:
        # As a person does who finds the app gone: the old page is not asked.
        await self._page.close()
        self._page = await self._context.new_page()
        await self._page.goto(url)
        await self._page.evaluate(HAND)

    async def run(self, script: str, *given: Any) -> Any:
        return await self._page.evaluate(f"async (given) => {{ {script} }}", list(given))

    async def network(self, on: bool) -> None:
        await self._context.set_offline(not on)

    async def close(self) -> None:
        await self._browser.close()


class Firefox:
    """Debian's Firefox ESR, which speaks WebDriver BiDi by itself."""

    name = "Firefox ESR"

    def __init__(self, executable: str) -> None:
        self._executable = executable
        self._folder = tempfile.TemporaryDirectory(prefix="mx-firefox-", ignore_cleanup_errors=True)
        self._count = 0

    async def start(self) -> None:
        port = free_port()
        self._process = subprocess.Popen(
            [self._executable, "--headless", "--no-remote", "--profile", self._folder.name, f"--remote-debugging-port={port}"],
            env={**os.environ, "HOME": self._folder.name, "MOZ_CRASHREPORTER_DISABLE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._session = aiohttp.ClientSession()
        self._socket = await _insist(lambda: self._session.ws_connect(f"ws://127.0.0.1:{port}/session", max_msg_size=0))
        await self._ask("session.new", {"capabilities": {}})
        tree = await self._ask("browsingContext.getTree", {})
        self._context = tree["contexts"][0]["context"]

    async def _ask(self, method: str, params: Mapping[str, Any]) -> Any:
        self._count += 1
        await self._socket.send_json({"id": self._count, "method": method, "params": params})
        while True:
            heard = await self._socket.receive_json()
            if heard.get("id") != self._count:
                continue
            if heard["type"] != "success":
                raise AssertionError(f"{method}: {heard.get('error')}: {heard.get('message')}")
            return heard["result"]

    async def open(self, url: str) -> None:
        before = self._context
        made = await self._ask("browsingContext.create", {"type": "tab"})
        self._context = made["context"]
        await self._ask("browsingContext.close", {"context": before})
        await self._ask("browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"})
        await self._evaluate(HAND)

    async def _evaluate(self, expression: str) -> Any:
        result = await self._ask(
            "script.evaluate",
            {"expression": expression, "target": {"context": self._context}, "awaitPromise": True, "userActivation": True},
        )
        if result["type"] == "exception":
            raise AssertionError(result["exceptionDetails"]["text"])
        return result["result"].get("value")

    async def run(self, script: str, *given: Any) -> Any:
        said = await self._evaluate(
            f"(async (given) => {{ {script} }})({json.dumps(given)}).then((one) => JSON.stringify(one ?? null))"
        )
        return json.loads(said)

    async def network(self, on: bool) -> None:
        return

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            await self._ask("browser.close", {})
        await self._session.close()
        await _end(self._process)
        self._folder.cleanup()


class WebKit:
    """Debian's WebKitGTK with its own driver, on a screen of its own."""

    name = "WebKitGTK"

    def __init__(self, driver: str, xvfb: str) -> None:
        self._driver = driver
        self._xvfb = xvfb
        self._folder = tempfile.TemporaryDirectory(prefix="mx-webkit-", ignore_cleanup_errors=True)
        self._processes: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        reader, writer = os.pipe()
        self._processes.append(
            subprocess.Popen(
                [self._xvfb, "-displayfd", str(writer), "-screen", "0", "800x900x24", "-nolisten", "tcp"],
                pass_fds=[writer],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        os.close(writer)
        with os.fdopen(reader, "rb") as said:
            display = await asyncio.wait_for(asyncio.to_thread(said.readline), STARTING)
        port = free_port()
        environment = {
            **os.environ,
            "DISPLAY": f":{display.decode().strip()}",
            "HOME": self._folder.name,
            "XDG_RUNTIME_DIR": self._folder.name,
            "GDK_BACKEND": "x11",
            "LANG": "C.UTF-8",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "NO_AT_BRIDGE": "1",
        }
        self._processes.append(
            subprocess.Popen(
                [self._driver, f"--port={port}"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=300)
        wanted = {"capabilities": {"alwaysMatch": {"timeouts": {"script": 280_000, "pageLoad": 120_000}}}}
        made = await _insist(lambda: self._client.post("/session", json=wanted))
        self._session = _value(made)["sessionId"]

    async def _ask(self, command: str, body: Mapping[str, Any]) -> Any:
        return _value(await self._client.post(f"/session/{self._session}/{command}", json=body))

    async def open(self, url: str) -> None:
        await self._ask("url", {"url": url})
        await self._ask("execute/sync", {"script": HAND, "args": []})

    async def run(self, script: str, *given: Any) -> Any:
        whole = f"""const told = arguments[arguments.length - 1]
            ;(async (given) => {{ {script} }})(arguments[0]).then((value) => told({{ value: value ?? null }}), (error) => told({{ error: String(error) }}))"""
        said = await self._ask("execute/async", {"script": whole, "args": [list(given)]})
        if "error" in said:
            raise AssertionError(said["error"])
        return said["value"]

    async def network(self, on: bool) -> None:
        return

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            await self._client.delete(f"/session/{self._session}")
        await self._client.aclose()
        for process in reversed(self._processes):
            await _end(process)
        self._folder.cleanup()


def _value(answer: httpx.Response) -> Any:
    value = answer.json()["value"]
    if answer.status_code != 200:
        raise AssertionError(f"{value.get('error')}: {value.get('message')}")
    return value


async def _insist(ask: Any) -> Any:
    """Ask somebody who is only just coming up."""
    end = asyncio.get_running_loop().time() + STARTING
    while True:
        try:
            return await ask()
        except (aiohttp.ClientError, httpx.TransportError):
            if asyncio.get_running_loop().time() > end:
                raise
            await asyncio.sleep(0.1)


async def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        await asyncio.to_thread(process.wait, 10)
    except subprocess.TimeoutExpired:
        process.kill()
        await asyncio.to_thread(process.wait)


def installed(*names: str) -> list[str] | None:
    """Where these programs are; None unless all are."""
    found = [shutil.which(name) for name in names]
    return [one for one in found if one] if all(found) else None


@contextlib.asynccontextmanager
async def running(browser: Any) -> AsyncIterator[Browser]:
    """Started, and ended with all that it started."""
    try:
        await browser.start()
        yield browser
    finally:
        await browser.close()
