"""The app in a real browser, on a phone that can be looked into, lied to and killed."""

import asyncio
import contextlib
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import psutil
from playwright.async_api import Browser, BrowserContext, Error, FilePayload, Playwright, expect

from tests.faults.stage import Place, Someone, Stage
from tests.installation import ROOT
from tests.journeys.phone import PATIENCE, SIZE, Phone, eventually
from tests.journeys.scene import FLAGS, HERE
from tests.push_service import A_DAY, PushService

assert (ROOT / "pwa" / "dist" / "index.html").exists(), "build the app first: scripts/test does"

expect.set_options(timeout=PATIENCE * 1000)

SETTINGS: dict[str, Any] = {
    "viewport": SIZE,
    "has_touch": True,
    "is_mobile": True,
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
    "reduced_motion": "reduce",
    "geolocation": {"latitude": HERE[0], "longitude": HERE[1], "accuracy": 12},
    "permissions": ["geolocation", "clipboard-read", "clipboard-write"],
}

_OPEN = """
const open = () => new Promise((resolve, reject) => {
  const asked = indexedDB.open('mingxun');
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});
const all = (db, store) => new Promise((resolve) => {
  const asked = db.transaction(store).objectStore(store).getAll();
  asked.onsuccess = () => resolve(asked.result);
});
"""
_OUTBOX = f"""async () => {{ {_OPEN}
  const db = await open();
  const found = await all(db, 'outbox');
  db.close();
  return found;
}}"""
_KEEP = f"""async (items) => {{ {_OPEN}
  const db = await open();
  const tx = db.transaction(['outbox', 'contents'], 'readwrite', {{ durability: 'strict' }});
  for (const {{ item, bytes }} of items) {{
    tx.objectStore('outbox').add(item);
    if (bytes) tx.objectStore('contents').put({{ id: item.id, bytes: Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0)).buffer }});
  }}
  await new Promise((resolve, reject) => {{ tx.oncomplete = resolve; tx.onabort = () => reject(tx.error) }});
  db.close();
}}"""


class Handset(Phone):
    """One person's phone, with the app of the stage's first server process on it."""

    def __init__(self, stage: Stage, context: BrowserContext, url: str) -> None:
        super().__init__("handset", url, PushService(), context)
        self.stage = stage
        context.set_default_timeout(PATIENCE * 1000)

    @classmethod
    async def new(cls, stage: Stage, browser: Browser, who: Someone | None = None, *, init: str = "", url: str = "") -> Self:
        """A new phone, on which `who` is signed in; `init` is a script that runs before the app's."""
        context = await browser.new_context(base_url=url or stage.installation.url, **SETTINGS)
        phone = cls(stage, context, url or stage.installation.url)
        if init:
            await context.add_init_script(init)
        if who is not None:
            await phone.become(who)
        phone.page = await context.new_page()
        return phone

    async def become(self, who: Someone) -> None:
        """Have their session, in a cookie that is kept like the server's own."""
        cookie = {
            "name": "mingxun",
            "value": who.token,
            "url": self.url,
            "httpOnly": True,
            "sameSite": "Lax",
            "expires": time.time() + A_DAY,
        }
        await self.context.add_cookies([cookie])  # type: ignore[list-item]

    async def start(self, path: str = "/") -> None:
        """Open the app, and wait until it is ready for a cellar: what it needs without a network has been fetched."""
        await self.open(path)
        await self.page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        await expect(self.page.locator("main[aria-busy=true]")).to_have_count(0)

    # What it keeps

    async def kept(self) -> list[dict[str, Any]]:
        """The outbox, oldest first."""
        found: list[dict[str, Any]] = await self.page.evaluate(_OUTBOX)
        return found

    async def keep(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Put items into the outbox as the app itself stores them: `item`, and `bytes` in base64 for a photo."""
        await self.page.evaluate(_KEEP, list(items))

    async def has_sent(self, count: int = 0, *, seconds: float = PATIENCE) -> None:
        """Wait until only `count` items are left."""

        async def look() -> bool:
            return len(await self.kept()) == count

        await eventually(
            look, f"{count} items left in the outbox: {[item.get('setback') for item in await self.kept()]}", seconds=seconds
        )

    async def hurry(self) -> None:
        """As a phone does when its network is back."""
        await self.page.evaluate("dispatchEvent(new Event('online'))")

    # What a person does

    async def check_in(self, place: Place) -> str:
        """Open the poster's link; the heading in the end."""
        await self.open("/c/" + place.code.rpartition("/")[2])
        choose = self.page.get_by_role("button", name=re.compile("^临时巡一圈"))
        end = self.page.get_by_role("heading", level=1, name=re.compile("^(签到成功|已保存在手机)$")).or_(
            self.page.get_by_role("alert")
        )
        await expect(choose.or_(end).first).to_be_visible()
        if await choose.is_visible():
            await choose.tap()
        await expect(end.first).to_be_visible()
        return await end.first.inner_text()

    async def report(self, place: Place, said: str, picture: bytes | None = None) -> str:
        """Fill the form in and send it; the heading in the end."""
        await self.open(f"/report?location={place.id}")
        if picture is not None:
            file: FilePayload = {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": picture}
            await self.page.locator("input[type=file]").first.set_input_files([file])
            await expect(self.page.get_by_alt_text("拍的第 1 张")).to_be_visible()
        await self.press("垃圾")
        await self.write("说一句（可以不写）", said)
        await self.press("报上去")
        end = self.page.get_by_role("status").get_by_role("heading", level=2).or_(self.page.get_by_role("alert"))
        await expect(end.first).to_be_visible()
        return await end.first.inner_text()

    async def see_what_waits(self) -> None:
        """Open the list of what is not sent yet."""
        await self.page.locator("header").get_by_role("button", name=re.compile("待上传|没送到|正在上传|都上传了")).first.tap()
        await expect(self.page.get_by_role("dialog").get_by_role("heading", name="待上传的")).to_be_visible()

    def waiting(self, said: str) -> Any:
        """What the list says of one item."""
        return self.page.get_by_role("dialog").get_by_role("listitem").filter(has_text=said)


class Pocket:
    """A phone with a profile on disk: its browser can be killed at any instant, and started again with what it had written."""

    def __init__(self, stage: Stage, playwright: Playwright, chromium: str, folder: Path, url: str) -> None:
        self._stage = stage
        self._playwright = playwright
        self._chromium = chromium
        self._folder = folder
        self._url = url

    async def open(self, who: Someone) -> Handset:
        """Start it. Its owner's session is given to it anew: a browser writes its cookies down only now and then."""
        context = await self._playwright.chromium.launch_persistent_context(
            self._folder, executable_path=self._chromium, args=FLAGS, base_url=self._url, **SETTINGS
        )
        phone = Handset(self._stage, context, self._url)
        await phone.become(who)
        phone.page = context.pages[0] if context.pages else await context.new_page()
        return phone

    async def kill(self, phone: Handset) -> None:
        """kill −9 of every process of this browser, and of no other."""
        mark = f"--user-data-dir={self._folder}"
        for process in psutil.process_iter(["cmdline"]):
            if mark in (process.info["cmdline"] or []):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        with contextlib.suppress(Error):
            await phone.close()


async def quietly(work: "asyncio.Task[Any]") -> None:
    """Await what a killed browser leaves behind."""
    with contextlib.suppress(Error, AssertionError, asyncio.CancelledError):
        await work
