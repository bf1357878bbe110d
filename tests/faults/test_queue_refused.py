"""Promises 10 and 11, in the real app: every answer that a queued item can get, and a session that ends while there is no network.

The server is the real one; in between, single items are answered as a fault would answer them.
"""

import json
import re
from typing import Any

from playwright.async_api import Browser, Route, expect

from tests.faults.handset import Handset
from tests.faults.stage import Someone, Stage
from tests.faults.stored_items import Stored, ticket
from tests.world import PASSWORD


def _problem(status: int, slug: str, **members: Any) -> dict[str, Any]:
    body = {"type": f"/problems/{slug}", "title": slug, "status": status, "detail": "", "instance": "x", **members}
    return {"status": status, "content_type": "application/problem+json", "body": json.dumps(body)}


def _page(status: int) -> dict[str, Any]:
    return {"status": status, "content_type": "text/html", "body": "<html>Something between us and the server</html>"}


ANSWERS: dict[str, tuple[dict[str, Any], str, bool]] = {
    "400": (_problem(400, "invalid-request"), "有的地方没填对", True),
    "403": (_problem(403, "not-allowed"), "这件事不归您办。要办请找统筹员。", True),
    "404": (_problem(404, "not-found"), "没有这个，或者不归您看。", True),
    "409": (_problem(409, "id-taken"), "请删掉重新做一次", True),
    "413": (_problem(413, "too-large"), "太大了，传不上去。", True),
    "422": (_problem(422, "not-in-neighbourhood"), "不在这个居民区，请重选", True),
    "500": (_problem(500, "internal-error"), "是我们这边出了毛病", False),
    "503": ({**_problem(503, "unavailable", retry_after=1), "headers": {"Retry-After": "1"}}, "服务正在恢复", False),
    "404 of a proxy": (_page(404), "服务器没收下（404），会再试", True),
    "502 of a proxy": (_page(502), "服务器没收下（502），会再试", False),
    "200 of a hotel": (_page(200), "没等到服务器的回执", False),
}
"""What the item is answered with, what the person reads, and whether it waits for them."""


class Between:
    """Something on the way that answers for the server, item by item (by the id in its body or path)."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any] | None] = {}
        """None: no answer at all."""
        self.seen: list[str] = []

    async def handle(self, route: Route) -> None:
        request = route.request
        body = json.loads(request.post_data or "{}") if "json" in request.headers.get("content-type", "") else {}
        item = body.get("id") or request.url.rpartition("/")[2]
        if request.method == "GET" or item not in self.answers:
            await route.continue_()
            return
        self.seen.append(item)
        answer = self.answers[item]
        await (route.abort("connectionreset") if answer is None else route.fulfill(**answer))


async def _phone(stage: Stage, browser: Browser, who: Someone, between: Between) -> Handset:
    # The worker would answer beside the page, and what stands between would not see it.
    phone = await Handset.new(stage, browser, who, init="delete Navigator.prototype.serviceWorker")
    await phone.context.route("**/api/**", between.handle)
    await phone.open("/")
    await expect(phone.page.locator("main[aria-busy=true]")).to_have_count(0)
    return phone


async def _tickets(stage: Stage, who: Someone) -> list[str]:
    return sorted(row[0] for row in await stage.database.fetch("SELECT what FROM ticket WHERE opened_by = $1", who.id))


async def test_whatever_an_item_is_answered_it_stays_the_rest_goes_on_and_the_person_reads_what_to_do(
    stage: Stage, browser: Browser
) -> None:
    who, between = stage.someone_new(), Between()
    phone = await _phone(stage, browser, who, between)
    items, bad, good = [], {}, []
    for name, (answer, _, _) in ANSWERS.items():
        item = ticket(stage, who, f"{stage.word()}坏的")
        between.answers[item["item"]["id"]] = answer
        bad[name] = item["item"]["about"]["what"]
        after = ticket(stage, who, f"{stage.word()}好的")
        good.append(after["item"]["about"]["what"])
        items += [item, after]
    await phone.keep(items)
    await phone.hurry()
    await phone.has_sent(len(bad))
    assert await _tickets(stage, who) == sorted(good)
    await phone.see_what_waits()
    for name, (_, words, parked) in ANSWERS.items():
        row = phone.waiting(bad[name])
        await expect(row).to_contain_text(words)
        await expect(row.get_by_text("没送到", exact=True)).to_have_count(1 if parked else 0)
        for button in ("现在试", "删掉"):
            await expect(row.get_by_role("button", name=button)).to_be_enabled()
    count = sum(parked for _, _, parked in ANSWERS.values())
    await expect(phone.page.get_by_role("button", name=re.compile(f"{count} 条没送到")).first).to_be_attached()
    # Whatever it was is over, and the person presses what they were told to press.
    between.answers.clear()
    for what in bad.values():
        row = phone.waiting(what)
        if await row.count():
            await row.get_by_role("button", name="现在试").tap()
    await phone.has_sent()
    await phone.sees("都上传了，手机里没有留着的。")
    assert await _tickets(stage, who) == sorted([*good, *bad.values()])
    await phone.close()


async def test_an_item_that_never_gets_an_answer_does_not_hold_up_those_behind_it(stage: Stage, browser: Browser) -> None:
    who, between = stage.someone_new(), Between()
    phone = await _phone(stage, browser, who, between)
    stuck, *behind = [ticket(stage, who, stage.word()) for _ in range(4)]
    between.answers[stuck["item"]["id"]] = None
    await phone.keep([stuck, *behind])
    await phone.hurry()
    await phone.has_sent(1)
    assert await _tickets(stage, who) == sorted(one["item"]["about"]["what"] for one in behind)
    await phone.see_what_waits()
    await expect(phone.waiting(stuck["item"]["about"]["what"])).to_contain_text(re.compile("再试|联网后自动上传"))
    between.answers.clear()
    await phone.hurry()
    await phone.has_sent()
    assert len(await _tickets(stage, who)) == 4
    await phone.close()


async def test_too_many_tries_of_one_kind_wait_and_everything_else_goes_on(stage: Stage, browser: Browser) -> None:
    who, between = stage.someone_new(), Between()
    phone = await _phone(stage, browser, who, between)
    limited, same = [Stored(stage, who, await stage.new_place()).only("check-in") for _ in range(2)]
    report, photo = ticket(stage, who, stage.word()), Stored(stage, who, stage.place).only("photo")
    told = {**_problem(429, "too-many-tries", retry_after=600), "headers": {"Retry-After": "600"}}
    between.answers = {one["item"]["id"]: told for one in (limited, same)}
    await phone.keep([limited, same, report, photo])
    await phone.hurry()
    await phone.has_sent(2)
    assert between.seen == [limited["item"]["id"]], "another of the kind was sent although the server had said wait"
    assert len(await _tickets(stage, who)) == 1
    assert await stage.count("photo WHERE owner = $1", who.id) == 1
    await phone.see_what_waits()
    row = phone.page.get_by_role("dialog").get_by_role("listitem").first
    await expect(row).to_contain_text("试得太多了，过 10 分钟再试。")
    between.answers.clear()
    for number in (0, 1):
        await phone.page.get_by_role("dialog").get_by_role("button", name="现在试").first.tap()
        await phone.has_sent(1 - number)
    assert (
        await stage.count(
            "evidence e JOIN attendance a ON a.id = e.attendance WHERE a.person = $1 AND e.direction = 'in'", who.id
        )
        == 2
    )
    await phone.close()


async def test_a_session_that_ended_meanwhile_keeps_the_queue_for_its_author_and_for_nobody_else(
    stage: Stage, browser: Browser
) -> None:
    author, other, place = stage.someone_new(), stage.someone_new(), await stage.new_place()
    what = stage.word()
    phone = await Handset.new(stage, browser, author)
    await phone.start()
    await phone.cut()
    assert await phone.check_in(place) == "已保存在手机"
    assert await phone.report(place, what, stage.picture()) == "已保存在手机"
    # On another device.
    elsewhere = await stage.send(None, "POST", "/api/session", json={"phone": author.phone, "password": PASSWORD})
    token = re.findall(r"mingxun=([^;]+)", ";".join(elsewhere.headers.get_list("set-cookie")))[0]
    sessions = (await stage.send(token, "GET", "/api/me/sessions")).json()["items"]
    for session in sessions:
        if not session["current"]:
            assert (await stage.send(token, "DELETE", f"/api/me/sessions/{session['id']}")).status_code == 204
    await phone.restore()
    await phone.heads("登录明巡")
    await phone.sees("手机里还有 3 条没上传，原来的人登录后自动送出去。")
    await phone.sign_in(other.phone, PASSWORD)
    await phone.see_what_waits()
    await phone.sees("还有 3 条是别人存的，等他们在这部手机登录再送。")
    await expect(phone.page.get_by_text(what)).to_have_count(0)
    await phone.hurry()
    await phone.has_sent(3)
    for table, column in (("attendance", "person"), ("ticket", "opened_by"), ("photo", "owner")):
        for person in (author, other):
            assert await stage.count(f"{table} WHERE {column} = $1", person.id) == 0
    await phone.press("关掉", within=phone.page.get_by_role("dialog"))
    await phone.open("/me")
    await phone.press("退出登录")
    await expect(phone.page).to_have_url(re.compile("/sign-in"))
    await phone.sign_in(author.phone, PASSWORD)
    await phone.has_sent()
    for table, column in (("attendance", "person"), ("ticket", "opened_by"), ("photo", "owner")):
        assert await stage.count(f"{table} WHERE {column} = $1", author.id) == 1
        assert await stage.count(f"{table} WHERE {column} = $1", other.id) == 0
    await phone.close()
