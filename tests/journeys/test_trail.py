"""The whole trail, from a roster to a repair that somebody has seen, on the screens of four phones in Chromium.

Only three things are not as in the neighbourhood: the camera sees a film of the real poster, the push service is a local one (it
checks the signature and decrypts with the browser's keys; a test hands the message to the service worker), and everybody is quick.
"""

import re
from typing import Any
from uuid import UUID

from playwright.async_api import expect

from tests.journeys.phone import Phone, eventually
from tests.journeys.scene import FIRST, PLACE, SECOND, SHIFT, Scene, Volunteer
from tests.world import PASSWORD


async def test_from_the_roster_to_a_repair_that_somebody_has_seen(scene: Scene) -> None:
    volunteer = scene.first = await scene.join(FIRST, "volunteer")
    await scene.assign(FIRST)
    await scene.be_called(volunteer)

    await scene.scan(volunteer)
    await volunteer.sees("签到成功")
    await volunteer.sees("记录充分")
    await volunteer.sees(f"算在「{SHIFT}」")
    await volunteer.look("checked-in")
    await scene.report(volunteer, "路灯", "岗亭边的灯不亮")
    await volunteer.sees("报上去了")
    await volunteer.sees("交给和畅物业了")
    await volunteer.look("reported")

    path = await scene.mend("岗亭边的灯不亮")
    await scene.verify("岗亭边的灯不亮")

    for _ in range(3):
        message = await volunteer.ring()
        assert message["path"] == path
    await volunteer.open(path)
    await volunteer.sees(re.compile("看过，修好了"))
    await volunteer.look("seen-mended")
    await volunteer.open("/inbox")
    await volunteer.heads("消息")
    await volunteer.look("inbox")
    await scene.handler.ring()
    await finished(scene, volunteer, FIRST, "岗亭边的灯不亮")


async def test_without_a_network_from_check_in_to_report_everything_arrives_once(scene: Scene) -> None:
    volunteer = await scene.join(SECOND, "offline")
    await scene.assign(SECOND)
    await scene.be_called(volunteer)
    await ready_for_a_cellar(volunteer)
    await volunteer.cut()

    await scene.scan(volunteer)
    await volunteer.heads("已保存在手机")
    await volunteer.sees(PLACE)
    await volunteer.look("check-in-kept")
    await scene.report(volunteer, "门禁治安", "东门的锁坏了")
    await volunteer.sees("已保存在手机")
    await volunteer.look("report-kept")
    await volunteer.press("好了")

    # The phone goes into a pocket, and the browser throws the page away.
    await volunteer.page.close()
    volunteer.page = await volunteer.context.new_page()
    await volunteer.open("/")
    waiting = volunteer.page.get_by_role("button", name=re.compile("3 条待上传"))
    await expect(waiting.first).to_be_visible()
    await volunteer.look("opened-without-network")
    await waiting.first.tap()
    await volunteer.sees(f"签到 · {PLACE}")
    await volunteer.sees(re.compile("^报问题 · "))
    await volunteer.look("waiting")
    person = await scene.person(SECOND.name)
    for table, column in (("attendance", "person"), ("ticket", "opened_by"), ("photo", "owner")):
        assert await scene.rows(f"SELECT id FROM {table} WHERE {column} = $1", person) == []

    await volunteer.restore()
    await volunteer.sees("都上传了，手机里没有留着的。")
    await volunteer.look("all-sent")
    await volunteer.press("关掉", within=volunteer.page.get_by_role("dialog"))
    await expect(volunteer.page.get_by_role("button", name="都上传了")).to_be_visible()
    await expect(volunteer.button("签退")).to_be_visible()
    await volunteer.look("present")

    await scene.mend("东门的锁坏了")
    await scene.verify("东门的锁坏了")
    for _ in range(3):
        await volunteer.ring()
    await scene.handler.ring()
    await finished(scene, volunteer, SECOND, "东门的锁坏了")


async def test_the_coordinator_sees_whom_a_message_reached(scene: Scene) -> None:
    await scene.coordinator.open(scene.shift)
    await scene.coordinator.sees("通知到了谁")
    for who in (FIRST, SECOND):
        told = scene.coordinator.page.get_by_role("list", name="通知到了谁").get_by_role("listitem").filter(has_text=who.name)
        await expect(told).to_contain_text(re.compile("排上了.*(看过了|手机上显示了)"))
    await scene.coordinator.look("reached")


async def test_a_phone_goes_on_ringing_for_whoever_signs_in_again(scene: Scene) -> None:
    """The app lost what it kept, as phones without room do. Signing in ends the session that push hung on; it is given to the new one."""
    phone, person = scene.handler, scene.world.here.handler
    before = await _live_phones(scene, person.id)
    await phone.page.evaluate(
        "new Promise((done) => { const gone = indexedDB.deleteDatabase('mingxun'); gone.onsuccess = gone.onblocked = () => done() })"
    )
    await phone.sign_in(person.phone, PASSWORD)

    async def renewed() -> bool:
        now = await _live_phones(scene, person.id)
        return len(now) == 1 and now != before

    await eventually(renewed, "the subscription is the new session's")
    await phone.open("/me")
    await expect(phone.page.get_by_role("switch", name=re.compile("有事叫我"))).to_be_checked()
    await phone.press("发一条试试")
    assert (await phone.ring())["title"] == "通知开好了"
    await phone.look("rings-again")


async def _live_phones(scene: Scene, person: UUID) -> list[dict[str, Any]]:
    return await scene.rows(
        """SELECT p.session FROM push_subscription p JOIN session s ON s.id = p.session
           WHERE p.person = $1 AND p.retired_at IS NULL AND s.ended_at IS NULL""",
        person,
    )


async def test_in_english_as_well(scene: Scene) -> None:
    """Each screen of the trail once more, in the other language."""
    [ticket] = await scene.rows("SELECT id FROM ticket WHERE opened_by = $1", await scene.person(FIRST.name))
    shift = scene.shift.rsplit("/", 1)[-1]
    visits = (
        (scene.coordinator, ["/now", "/plan", "/plan/new", scene.shift, "/people", "/people/import", "/people/invite", "/places", "/places/new", "/tickets"]),
        (scene.first, ["/", f"/shifts/{shift}", "/scan?number=1", "/report", f"/tickets/{ticket['id']}", "/tickets", "/inbox"]),
        (scene.handler, ["/tickets", f"/tickets/{ticket['id']}"]),
    )  # fmt: skip
    for phone, paths in visits:
        await phone.open("/me")
        await phone.page.get_by_text("English", exact=True).tap()
        await expect(phone.page.locator("html")).to_have_attribute("lang", "en")
        await phone.look("en-me")
        for path in paths:
            await phone.open(path)
            await expect(phone.page.locator("main")).to_be_visible()
            await expect(phone.page.locator("main[aria-busy=true]")).to_have_count(0)
            await phone.look("en" + re.sub(r"[0-9a-f-]{36}", "one", re.sub(r"[/?=]", "-", path)))
    assert scene.faults() == []


async def ready_for_a_cellar(phone: Phone) -> None:
    """The app has been open for a moment: what it needs without a network has been fetched by now."""
    await phone.page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    await phone.page.wait_for_function(
        """async () => {
            for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) if (url.endsWith('.wasm')) return true
            return false
        }"""
    )


async def finished(scene: Scene, volunteer: Phone, who: Volunteer, said: str) -> None:
    """Nothing went wrong on any screen, nothing is left over, nothing came twice."""
    people = scene.world.here
    await scene.all_shown(await scene.person(who.name), 4)
    await scene.all_shown(people.handler.id, len(scene.handler.rung))
    await scene.all_shown(people.building_leader.id, len(scene.leader.rung))
    await scene.everything_once(who, volunteer, said)
    await scene.every_push_once(scene.handler, people.handler.id)
    await scene.every_push_once(scene.leader, people.building_leader.id)
    for phone in scene.phones:
        await phone.quiet()
    assert scene.service.complaints == []
    assert set(scene.service.answered) == {201}
    assert scene.faults() == []
