"""Promise 20 and ASVS 14.3.3: what a phone keeps of people, where their names stand, and what is left after signing out."""

import json
import re
from typing import Any
from urllib.parse import unquote

from playwright.async_api import Browser, Request, expect

from tests.faults.handset import Handset
from tests.faults.stage import Someone, Stage
from tests.journeys.phone import eventually
from tests.world import PASSWORD

EVERYTHING = """async () => {
  const found = { local: { ...localStorage }, session: { ...sessionStorage }, caches: {}, databases: {} };
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const reply = await cache.match(request);
      found.caches[request.url] = /json|text|javascript/.test(reply.headers.get('content-type') ?? '') ? await reply.text() : '';
    }
  }
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((resolve) => { const asked = indexedDB.open(name); asked.onsuccess = () => resolve(asked.result) });
    for (const store of db.objectStoreNames) {
      const asked = db.transaction(store).objectStore(store).getAll();
      found.databases[`${name}/${store}`] = await new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result) });
    }
    db.close();
  }
  return found;
}"""


async def _everything(phone: Handset) -> dict[str, Any]:
    """All that a script of this site can read in the browser."""
    found: dict[str, Any] = await phone.page.evaluate(EVERYTHING)
    return found


async def _sign_out(phone: Handset) -> None:
    await phone.open("/me")
    await phone.press("退出登录")


async def test_after_signing_out_nothing_readable_stays_on_the_phone(stage: Stage, browser: Browser) -> None:
    reader, who, place, what = stage.coordinator_new(), stage.someone_new(), await stage.new_place(), stage.word()
    ticket = await stage.made(stage.leader, "POST", f"{stage.area}/tickets", json=stage.ticket_body(what=what, location=place.id))
    shift = await stage.new_shift()
    await stage.assign(shift, who)
    phone = await Handset.new(stage, browser, reader)
    await phone.start(f"/tickets/{ticket['id']}")
    await phone.sees(what)
    for path in ("/now", "/people", f"/people/{who.id}", f"/plan/{shift}", "/places", "/tickets"):
        await phone.open(path)
        await expect(phone.page.locator("main[aria-busy=true]")).to_have_count(0)
    await phone.report(await stage.new_place(), stage.word(), stage.picture())
    await phone.has_sent()
    canaries = [
        what,
        place.name,
        who.phone.removeprefix("+86"),
        reader.name,
        reader.phone.removeprefix("+86"),
        str(ticket["id"]),
    ]

    async def kept() -> str:
        text = json.dumps(await _everything(phone), ensure_ascii=False)
        return text if what in text else ""

    before = await eventually(kept, "what is kept to be read without a network")
    assert who.phone.removeprefix("+86") not in before, "others' personal data is not kept even while signed in"
    await _sign_out(phone)
    await expect(phone.page).to_have_url(re.compile("/sign-in"))
    left = await _everything(phone)
    text = json.dumps(left, ensure_ascii=False)
    for canary in canaries:
        assert canary not in text, canary
    rows = {store: rows for store, rows in left["databases"].items() if rows}
    assert set(rows) <= {"mingxun/facts"}
    assert len(rows.get("mingxun/facts", [])) <= 1, "the phone's own random id"
    assert not [url for url in left["caches"] if "/api/" in url]
    assert [cookie["name"] for cookie in await phone.context.cookies() if cookie["name"] == "mingxun"] == []
    await phone.page.go_back()
    await phone.page.wait_for_timeout(300)
    shown = await phone.page.locator("body").inner_text()
    assert not [canary for canary in canaries if canary in shown], "going back shows what was there"
    await phone.close()


async def test_what_is_not_sent_stays_after_a_warning_and_only_that(stage: Stage, browser: Browser) -> None:
    who, place, what = stage.someone_new(), await stage.new_place(), stage.word()
    phone = await Handset.new(stage, browser, who)
    await phone.start()
    await phone.cut()
    assert await phone.report(place, what) == "已保存在手机"
    # The network is there, and the server takes nothing: the item can't go before the person does.
    await phone.context.route(
        "**/api/**/tickets",
        lambda route: route.fulfill(status=503, body="") if route.request.method == "POST" else route.continue_(),
    )
    await phone.restore()
    await _sign_out(phone)
    await phone.sees("还有 1 条没上传")
    await phone.sees(re.compile("现在退出，它们留在手机里，等您下次在这部手机登录再送"))
    assert (await stage.send(who, "GET", "/api/me")).status_code == 200, "nothing happens before the warning is answered"
    await phone.press("留着，先退出")
    await expect(phone.page).to_have_url(re.compile("/sign-in"))
    rows = {store: rows for store, rows in (await _everything(phone))["databases"].items() if rows}
    assert set(rows) <= {"mingxun/facts", "mingxun/outbox", "mingxun/contents"}
    assert [item["body"]["what"] for item in rows["mingxun/outbox"]] == [what]
    assert what not in await phone.page.locator("body").inner_text(), "only whoever wrote it sees it"
    await phone.context.unroute_all(behavior="ignoreErrors")
    await phone.sign_in(who.phone, PASSWORD)
    await phone.has_sent()
    assert await stage.count("ticket WHERE opened_by = $1 AND what = $2", who.id, what) == 1
    await phone.close()


async def test_no_address_that_the_app_asks_for_or_shows_holds_a_name_or_number(stage: Stage, browser: Browser) -> None:
    """Addresses end up in the logs of proxies, in histories and over shoulders."""
    who = stage.someone_new()
    phone = await Handset.new(stage, browser, stage.coordinator)
    asked: list[str] = []

    def remember(request: Request) -> None:
        asked.append(request.url)
        asked.append(request.headers.get("referer", ""))

    phone.context.on("request", remember)
    await phone.start("/people")
    await phone.page.get_by_label(re.compile("^找")).first.fill(who.name)
    await expect(phone.page.get_by_text(who.name, exact=True).first).to_be_visible()
    asked.append(phone.page.url)
    await phone.page.get_by_text(who.name, exact=True).first.tap()
    await phone.heads(who.name)
    asked.append(phone.page.url)
    text = "\n".join(unquote(address) for address in asked)
    for canary in (who.name, who.phone.removeprefix("+86"), stage.coordinator.name):
        assert canary not in text, [address for address in text.split("\n") if canary in address][:2]
    await phone.close()


async def test_a_password_can_be_pasted(stage: Stage, browser: Browser) -> None:
    who: Someone = stage.someone_new()
    phone = await Handset.new(stage, browser)
    await phone.open("/sign-in")
    await phone.write("手机号", who.phone.removeprefix("+86"))
    await phone.page.evaluate("(text) => navigator.clipboard.writeText(text)", PASSWORD)
    await phone.page.get_by_label("密码", exact=True).focus()
    await phone.page.keyboard.press("Control+V")
    await phone.press("登录")
    await expect(phone.page).not_to_have_url(re.compile("/sign-in"))
    await phone.close()
