"""Somebody's phone: a real browser with a screen to touch, notifications that arrive, and no fault that goes unnoticed."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Locator, Page, WebError, expect

from tests.installation import ROOT
from tests.push_service import Browser as Subscribed
from tests.push_service import PushService

SHIM = (Path(__file__).parent / "push-shim.js").read_text()
SHOTS = ROOT / ".tmp" / "journey"
SIZE = {"width": 390, "height": 844}
WITHOUT_NETWORK = re.compile(r"net::ERR_(INTERNET_DISCONNECTED|FAILED)")
"""What Chromium itself writes to the console of a page that asks for something without a network."""
PATIENCE = 20.0
"""Seconds for whatever has to happen: the machine may be busy."""


def chromium() -> str:
    """Where the browser is."""
    found = os.environ.get("MINGXUN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "no Chromium: set MINGXUN_CHROMIUM to one"
    return found


async def eventually(look: Callable[[], Awaitable[Any]], what: str, *, seconds: float = PATIENCE) -> Any:
    """Look until something is there."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while not (found := await look()):
        if clock() > end:
            raise AssertionError(f"still not: {what}")
        await asyncio.sleep(0.05)
    return found


class Worker:
    """The service worker behind a page, as the browser's own push client sees it."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self.page = page
        self.story: list[str] = []
        """What became of it, for whoever has to find out why nothing was shown."""
        self._session = session
        self._registration = ""
        session.on("ServiceWorker.workerRegistrationUpdated", self._registered)
        session.on("ServiceWorker.workerVersionUpdated", self._changed)
        session.on("ServiceWorker.workerErrorReported", lambda event: self.story.append(str(event["errorMessage"])))

    @classmethod
    async def of(cls, page: Page) -> Self:
        worker = cls(page, await page.context.new_cdp_session(page))
        await worker._session.send("ServiceWorker.enable")
        return worker

    def _registered(self, event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            if not one["isDeleted"] and page_origin(one["scopeURL"]) == page_origin(self.page.url):
                self._registration = one["registrationId"]

    def _changed(self, event: dict[str, Any]) -> None:
        self.story += [f"{one['versionId']} {one['status']} {one['runningStatus']}" for one in event["versions"]]

    async def deliver(self, origin: str, data: str) -> None:
        """Give it a push."""

        async def registered() -> str:
            return self._registration

        registration = await eventually(registered, "the registration of the service worker")
        await self._session.send(
            "ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": registration, "data": data}
        )


def page_origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


class Phone:
    """One person's. `await Phone.of(...)`; `await close()`."""

    def __init__(self, owner: str, url: str, service: PushService, context: BrowserContext) -> None:
        self.owner = owner
        self.url = url
        self.context = context
        self.subscribed: Subscribed | None = None
        self.rung: list[dict[str, Any]] = []
        """The messages that were shown, in their order."""
        self.faults: list[str] = []
        self.offline = False
        self._service = service
        self._worker: Worker | None = None
        self._shots = 0
        self.page: Page

    @classmethod
    async def of(
        cls, owner: str, browser: Browser, url: str, service: PushService, *, at: tuple[float, float], language: str = "zh-CN"
    ) -> Self:
        """A phone that stands at latitude and longitude `at`, whose owner allows what the app asks for."""
        context = await browser.new_context(
            base_url=url,
            viewport=SIZE,  # type: ignore[arg-type]
            has_touch=True,
            is_mobile=True,
            device_scale_factor=1,
            locale=language,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            geolocation={"latitude": at[0], "longitude": at[1], "accuracy": 12},
            permissions=["notifications", "geolocation", "camera", "clipboard-read", "clipboard-write"],
            accept_downloads=True,
        )
        phone = cls(owner, url, service, context)
        context.set_default_timeout(PATIENCE * 1000)
        context.on("console", phone._said)
        context.on("weberror", phone._broke)
        await context.expose_function("journeySubscribe", phone._subscribe)
        await context.expose_function("journeySubscription", phone._subscription)
        await context.expose_function("journeyUnsubscribe", phone._unsubscribe)
        await context.add_init_script(SHIM)
        phone.page = await context.new_page()
        return phone

    async def close(self) -> None:
        await self.context.close()

    # Faults

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not (self.offline and WITHOUT_NETWORK.search(message.text)):
            self.faults.append(f"{self.owner}: {message.text} ({message.location.get('url')})")

    def _broke(self, error: WebError) -> None:
        self.faults.append(f"{self.owner}: {error.error}")

    # The push service's side

    def _subscribe(self, key: str) -> dict[str, str]:
        self.subscribed = self._service.browser(vapid_key=key)
        return self._subscription() or {}

    def _subscription(self) -> dict[str, str] | None:
        return {**self.subscribed.subscription, "key": self.subscribed.vapid_key or ""} if self.subscribed else None

    def _unsubscribe(self) -> bool:
        self.subscribed = None
        return True

    async def ring(self) -> dict[str, Any]:
        """Wait for the next push, which the local service has checked and decrypted; hand it to the service worker as the
        browser would; see that the notification stands there. Gives the message."""
        subscribed = self.subscribed
        assert subscribed is not None, f"{self.owner} has not switched push on"

        async def arrived() -> bool:
            return len(subscribed.received) > len(self.rung)

        await eventually(arrived, f"a push for {self.owner}: {self._service.complaints}")
        message = subscribed.received[len(self.rung)].message
        self.rung.append(message)
        worker = await self._worker_of_page()
        await worker.deliver(self.url, json.dumps(message, ensure_ascii=False))

        async def shown() -> bool:
            standing = await self.page.evaluate(
                """async (tag) => (await (await navigator.serviceWorker.getRegistration()).getNotifications({ tag }))
                    .map(({ title, body, data }) => ({ title, body, path: data.path }))""",
                message["tag"],
            )
            return bool(standing == [{key: message[key] for key in ("title", "body", "path")}])

        await eventually(shown, f"the notification {message['title']}, alone with its tag; {worker.story}")
        return message

    async def _worker_of_page(self) -> "Worker":
        if self._worker is None or self._worker.page is not self.page:
            self._worker = await Worker.of(self.page)
        return self._worker

    async def quiet(self) -> None:
        """Every push that came was rung."""
        assert self.subscribed is None or len(self.subscribed.received) == len(self.rung), self.owner

    # The person's side

    async def open(self, path: str) -> None:
        """Open the app at `path`: from a link, or from a notification."""
        await self.page.goto(path)

    async def sign_in(self, number: str, password: str) -> None:
        await self.open("/sign-in")
        await self.write("手机号", number.removeprefix("+86"))
        await self.write("密码", password)
        await self.press("登录")
        await expect(self.page).not_to_have_url(re.compile("/sign-in"))

    async def switch_push_on(self) -> None:
        switch = self.page.get_by_role("switch", name=re.compile("有事叫我"))
        await switch.tap()
        await expect(switch).to_be_checked()
        await expect(switch).to_be_enabled()
        assert self.subscribed is not None

    async def press(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        """Touch a button or a link by its name; a plain one in full."""
        await self.button(name, within=within).tap()

    def button(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> Locator:
        where = within or self.page.locator("body")
        exact = isinstance(name, str)
        return where.get_by_role("button", name=name, exact=exact).or_(where.get_by_role("link", name=name, exact=exact)).first

    async def write(self, label: str, text: str) -> None:
        await self.page.get_by_label(label, exact=True).fill(text)

    async def sees(self, text: str | re.Pattern[str], *, seconds: float = PATIENCE) -> None:
        await expect(self.page.get_by_text(text).first).to_be_visible(timeout=seconds * 1000)

    async def heads(self, title: str | re.Pattern[str], *, seconds: float = PATIENCE) -> None:
        """The screen with this h1 is there, and has what it shows."""
        await expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible(timeout=seconds * 1000)
        await expect(self.page.locator("main[aria-busy=true]")).to_have_count(0)

    async def take(
        self, name: str | re.Pattern[str], picture: bytes, *, file: str = "photo.jpg", kind: str = "image/jpeg"
    ) -> None:
        """Touch what opens the camera or the files, and give it `picture`."""
        async with self.page.expect_file_chooser() as chooser:
            await self.press(name)
        await (await chooser.value).set_files({"name": file, "mimeType": kind, "buffer": picture})

    async def cut(self) -> None:
        """No network from now on, for the page and its service worker."""
        self.offline = True
        await self.context.set_offline(True)

    async def restore(self) -> None:
        await self.context.set_offline(False)
        self.offline = False

    # What can be seen of it

    async def look(self, name: str) -> None:
        """Keep a picture of the screen; what axe finds wrong with it is a fault, and so is scrolling sideways."""
        self._shots += 1
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{self.owner}-{self._shots:02}-{name}.png")
        self.faults += [f"{self.owner}, {name}: {one}" for one in await violations(self.page)]
        wide = await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide:
            self.faults.append(f"{self.owner}, {name}: wider than the screen by {wide} px")


_axe = ""


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the screen as it is."""
    global _axe
    _axe = _axe or (ROOT / "pwa" / "node_modules" / "axe-core" / "axe.min.js").read_text()
    if await page.evaluate("typeof axe") == "undefined":
        await page.evaluate(_axe + ";0")
    found: list[str] = await page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
            .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary.slice(0, 200)}`))"""
    )
    return found
