"""The people of the trail and what each does on the screen of their own phone, step by step."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from playwright.async_api import Browser, Playwright, expect

from tests.installation import ROOT, Installation
from tests.journeys.phone import Phone, eventually
from tests.journeys.pictures import film, snapshot
from tests.push_service import PushService
from tests.world import PASSWORD, World

ROSTER = ROOT / "tests" / "data" / "roster" / "volunteers.xlsx"
PLACE = "东门岗亭"
SHIFT = "傍晚巡逻"
HERE = (31.12543, 121.52371)
"""Where all of it happens, latitude and longitude."""
SHANGHAI = ZoneInfo("Asia/Shanghai")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


@dataclass(frozen=True)
class Volunteer:
    """Somebody on the neighbourhood's roster."""

    name: str
    phone: str
    """As they type it."""
    password: str


FIRST = Volunteer("于娜国", "17260181590", "茶 花 开 了 三 朵")
SECOND = Volunteer("黎英海", "13948219935", "rain over the east gate")


class Scene:
    """An installation with its people's phones."""

    def __init__(
        self, installation: Installation, world: World, service: PushService, playwright: Playwright, chromium: str, folder: Path
    ) -> None:
        self.installation = installation
        self.world = world
        self.service = service
        self.shift = ""
        """Its path on the coordinator's screen."""
        self._playwright = playwright
        self._chromium = chromium
        self._folder = folder
        self._browsers: list[Browser] = []
        self.phones: list[Phone] = []
        self.coordinator: Phone
        self.leader: Phone
        self.handler: Phone
        self.first: Phone

    async def close(self) -> None:
        for phone in self.phones:
            await phone.close()
        for browser in self._browsers:
            await browser.close()

    async def browser(self, *flags: str) -> Browser:
        browser = await self._playwright.chromium.launch(executable_path=self._chromium, args=[*FLAGS, *flags])
        self._browsers.append(browser)
        return browser

    async def phone(self, owner: str, browser: Browser) -> Phone:
        phone = await Phone.of(owner, browser, self.installation.url, self.service, at=HERE)
        self.phones.append(phone)
        return phone

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """What the database holds."""
        connection = await asyncpg.connect(self.installation.postgres.dsn)
        try:
            return [dict(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    async def person(self, name: str) -> Any:
        [row] = await self.rows("SELECT id FROM person WHERE neighbourhood = $1 AND name = $2", self.world.here.id, name)
        return row["id"]

    def faults(self) -> list[str]:
        return [fault for phone in self.phones for fault in phone.faults]

    # Before anybody scans

    async def set_up(self) -> None:
        """The coordinator takes the roster in, names the place, prints its poster; the others sign in and switch push on."""
        browser = await self.browser()
        here = self.world.here
        self.coordinator = await self.phone("coordinator", browser)
        await self.coordinator.open("/sign-in")
        await self.coordinator.heads("登录明巡")
        await self.coordinator.look("sign-in")
        await self.coordinator.sign_in(here.coordinator.phone, PASSWORD)
        await self.coordinator.heads("现在")
        await self.coordinator.look("now")
        await self._import_roster(self.coordinator)
        posters = await self._add_place(self.coordinator)
        self.leader = await self.phone("leader", browser)
        self.handler = await self.phone("handler", browser)
        for phone, person in ((self.leader, here.building_leader), (self.handler, here.handler)):
            await phone.sign_in(person.phone, PASSWORD)
            await phone.press("我的")
            await phone.heads(person.name)
            await phone.switch_push_on()
            await phone.look("me")
        camera = self._folder / "poster.mjpeg"
        film(posters, camera)
        self.field = await self.browser(f"--use-file-for-fake-video-capture={camera}")

    async def _import_roster(self, phone: Phone) -> None:
        await phone.press("我的")
        await phone.press(re.compile("^导入名册"))
        await phone.heads("导入名册")
        await phone.look("import")
        await phone.take("选文件", ROSTER.read_bytes(), file=ROSTER.name, kind="application/octet-stream")
        ready = phone.button(re.compile(r"^导入 \d+ 人"))
        await expect(ready).to_be_visible()
        await phone.look("import-preview")
        people = int(re.findall(r"\d+", await ready.inner_text())[0])
        await ready.tap()
        await phone.sees("导入好了")
        await phone.look("imported")
        [found] = await self.rows(
            "SELECT count(*) FROM person p WHERE neighbourhood = $1 AND NOT EXISTS (SELECT FROM account WHERE person = p.id)",
            self.world.here.id,
        )
        assert found["count"] == people > 100
        await phone.press("去看人员")
        await phone.heads("人员")
        await phone.look("people")

    async def _add_place(self, phone: Phone) -> bytes:
        await phone.open("/places")
        await phone.heads("点位")
        await phone.look("places")
        await phone.press("加点位")
        await phone.heads("加点位")
        await phone.write("名字", PLACE)
        await phone.page.get_by_label("属于").select_option(label="9号楼")
        await phone.page.get_by_text("用我现在的位置").tap()
        await phone.press("看看我在哪")
        await phone.sees(re.compile("误差大约"))
        await phone.look("new-place")
        await phone.press("加上")
        await phone.sees("扫不出来的人输这个，也印在海报上。")
        await phone.look("place")
        await phone.press("打印这张海报")
        await phone.sees("海报做好了")
        await phone.look("poster")
        async with phone.page.expect_download() as download:
            await phone.press("存成文件")
        return Path(await (await download.value).path()).read_bytes()

    # Joining, and being asked

    async def invite(self, volunteer: Volunteer) -> str:
        """The coordinator makes an invitation for somebody on the roster; the link that they copy."""
        phone = self.coordinator
        await phone.open("/people/invite")
        await phone.heads("邀请人")
        await phone.page.get_by_text("名册里的人", exact=True).tap()
        await phone.press("从名册里选")
        sheet = phone.page.get_by_role("dialog")
        await sheet.get_by_label("找人").fill(volunteer.name)
        await phone.press(re.compile(volunteer.name), within=sheet)
        await expect(sheet).to_have_count(0)
        await phone.look("invite")
        await phone.press("做一个邀请")
        await phone.sees(f"给{volunteer.name}的邀请")
        await phone.press("复制链接")
        await phone.sees(re.compile("复制好了"))
        await phone.look("invitation")
        copied = await phone.page.evaluate("navigator.clipboard.readText()")
        [link] = re.findall(r"https?://\S+", copied)
        return str(link)

    async def join(self, volunteer: Volunteer, owner: str) -> Phone:
        """They are invited, open the link on their own phone, set a password, and switch push on."""
        link = await self.invite(volunteer)
        phone = await self.phone(owner, self.field)
        await phone.open(link)
        await phone.sees(f"{volunteer.name}，您好")
        await phone.look("invited")
        await phone.write("手机号", volunteer.phone)
        await phone.write("给自己定一个密码", volunteer.password)
        await phone.press("加入")
        await phone.sees("好了，您进来了")
        await phone.switch_push_on()
        await phone.look("joined")
        await phone.press("开始用")
        await phone.heads(re.compile(".+"))
        await phone.look("today")
        return phone

    async def plan_shift(self) -> None:
        """It begins in twenty minutes, so that a check-in now is for it."""
        phone = self.coordinator
        begins = (datetime.now(UTC) + timedelta(minutes=20)).astimezone(SHANGHAI)
        await phone.open("/plan")
        await phone.heads("排班")
        await phone.look("plan")
        await phone.press("排一班")
        await phone.heads("排一班")
        await phone.write("叫什么", SHIFT)
        await phone.press("选点位")
        await phone.press(re.compile(PLACE), within=phone.page.get_by_role("dialog"))
        await phone.write("哪一天", f"{begins:%Y-%m-%d}")
        await phone.write("从", f"{begins:%H:%M}")
        await phone.write("到", f"{begins + timedelta(hours=2):%H:%M}")
        await phone.look("new-shift")
        await phone.press("排好了")
        await expect(phone.page).to_have_url(re.compile("/plan/[0-9a-f-]{36}$"))
        self.shift = phone.page.url.removeprefix(phone.url)
        await phone.sees(SHIFT)
        await phone.look("planned")

    async def assign(self, volunteer: Volunteer) -> None:
        phone = self.coordinator
        await phone.open(self.shift)
        await phone.page.get_by_label(re.compile("^找名字")).fill(volunteer.name)
        await phone.press(re.compile("^排上"), within=phone.page.get_by_role("listitem").filter(has_text=volunteer.name))
        await phone.sees(re.compile(f"^{volunteer.name}排上了"))
        await phone.look("assigned")

    async def be_called(self, phone: Phone) -> None:
        """The phone rings for the shift; the app is opened from the notification, and says what is next."""
        message = await phone.ring()
        assert message["path"] == self.shift.replace("/plan/", "/shifts/")
        assert SHIFT in message["title"] + message["body"]
        await phone.open(message["path"])
        await phone.sees(PLACE)
        await phone.look("shift")
        await phone.open("/")
        await expect(phone.button("扫码签到")).to_be_visible()
        await phone.look("due")

    # At the place

    async def scan(self, phone: Phone) -> None:
        await phone.press("扫码签到")

    async def report(self, phone: Phone, category: str, said: str) -> None:
        """From what the check-in showed: the camera opens at once, then two touches."""
        await phone.take("报问题", snapshot((92, 110, 120)), file="IMG_0001.jpg")
        await phone.heads("报问题")
        await expect(phone.page.get_by_alt_text("拍的第 1 张")).to_be_visible()
        await phone.press(category)
        await phone.write("说一句（可以不写）", said)
        await expect(phone.button(re.compile(PLACE))).to_be_visible()
        await phone.look("report")
        await phone.press("报上去")

    # Until somebody has seen it mended

    async def mend(self, said: str) -> str:
        """The property company's handler is told, claims it, mends it, and shows that; the ticket's path."""
        phone = self.handler
        message = await phone.ring()
        assert said in message["title"] + message["body"]
        await phone.open(message["path"])
        await phone.sees(said)
        await phone.look("ticket")
        await phone.press("认领")
        await phone.sees(re.compile("^认领了"))
        await phone.look("claimed")
        await phone.take("拍现在的样子", snapshot((40, 130, 90)), file="IMG_0002.jpg")
        await phone.write("怎么办好的？（可以不写）", "换了新的")
        await phone.look("mended")
        await phone.press(re.compile("^办结，请"))
        await phone.sees(re.compile("^办结了"))
        await phone.look("resolved")
        return str(message["path"])

    async def verify(self, said: str) -> None:
        """The leader of the building is asked to look, looks, and says so."""
        phone = self.leader
        message = await phone.ring()
        assert said in message["title"] + message["body"]
        await phone.open(message["path"])
        await phone.sees("去看一眼：修好了吗？")
        await phone.look("to-verify")
        await phone.press("修好了")
        await phone.sees(re.compile("^核实了"))
        await phone.look("verified")

    # What must be so in the end

    async def everything_once(self, volunteer: Volunteer, phone: Phone, said: str) -> None:
        """One stay, one ticket with its story and its photos, each push taken once and shown, every message there."""
        person = await self.person(volunteer.name)
        here = self.world.here

        [stay] = await self.rows("SELECT * FROM attendance WHERE person = $1", person)
        assert str(stay["shift"]) == self.shift.rsplit("/", 1)[-1]
        [evidence] = await self.rows("SELECT * FROM evidence WHERE attendance = $1", stay["id"])
        assert (evidence["direction"], evidence["grade"], evidence["flags"]) == ("in", "poster_place", [])

        [ticket] = await self.rows("SELECT * FROM ticket WHERE opened_by = $1", person)
        assert (ticket["what"], ticket["state"]) == (said, "verified")
        assert ticket["location"] == stay["location"]
        events = await self.rows("SELECT * FROM ticket_event WHERE ticket = $1 ORDER BY version", ticket["id"])
        assert [(event["kind"], event["person"]) for event in events] == [
            ("opened", person),
            ("claimed", here.handler.id),
            ("resolved", here.handler.id),
            ("verified", here.building_leader.id),
        ]
        assert [event["at"] for event in events] == sorted(event["at"] for event in events)
        photos = await self.rows(
            "SELECT p.owner, p.id FROM ticket_photo t JOIN photo p ON p.id = t.photo WHERE t.ticket = $1 ORDER BY p.received_at",
            ticket["id"],
        )
        assert [photo["owner"] for photo in photos] == [person, here.handler.id]
        assert len(await self.rows("SELECT id FROM photo WHERE owner = $1", person)) == 1

        [assigned] = await self.rows("SELECT * FROM assignment WHERE person = $1", person)
        assert assigned["state"] == "active"
        told = await self.rows("SELECT kind, push FROM message WHERE person = $1 ORDER BY at, id", person)
        assert [(one["kind"], one["push"]) for one in told] == [
            ("assigned", "shown"),
            ("checked_in", "inbox_only"),
            ("ticket_claimed", "shown"),
            ("ticket_resolved", "shown"),
            ("ticket_verified", "shown"),
        ]
        await self.every_push_once(phone, person)

    async def every_push_once(self, phone: Phone, person: Any) -> None:
        """The push service took each message once, at the first try; each was shown, and the server knows."""
        assert phone.subscribed is not None
        assert phone.subscribed.tries == len(phone.subscribed.received) == len(phone.rung)
        deliveries = await self.rows(
            """SELECT d.message, d.state, d.attempts, m.kind FROM delivery d JOIN message m ON m.id = d.message
               WHERE m.person = $1 ORDER BY m.at, m.id""",
            person,
        )
        assert [str(one["message"]) for one in deliveries] == [message["message"] for message in phone.rung]
        assert {(one["state"], one["attempts"]) for one in deliveries} == {("shown", 1)}

    async def all_shown(self, person: Any, count: int) -> None:
        """Wait until the phone has told the server that it showed `count` messages."""

        async def look() -> bool:
            [found] = await self.rows("SELECT count(*) FROM message WHERE person = $1 AND push = 'shown'", person)
            return bool(found["count"] == count)

        await eventually(look, f"{count} messages known to be shown")
