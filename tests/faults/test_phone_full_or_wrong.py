"""Promises 12 and 13: the phone's storage is full or thrown away, and its clock is two days off."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.faults.handset import Handset
from tests.faults.stage import Stage
from tests.faults.stored_items import ticket

DAYS_OFF = timedelta(hours=48)


def _clock_off_by(offset: timedelta) -> str:
    """A script by which the phone's clock is off; timers run as ever."""
    return f"""(() => {{
      const Right = Date, off = {round(offset.total_seconds() * 1000)};
      globalThis.Date = class Date extends Right {{
        constructor(...given) {{ if (given.length) super(...given); else super(Right.now() + off) }}
        static now() {{ return Right.now() + off }}
      }};
    }})()"""


FILL = """async () => {
  const db = await new Promise((resolve) => {
    const asked = indexedDB.open('photos of a holiday');
    asked.onupgradeneeded = () => asked.result.createObjectStore('kept', { autoIncrement: true });
    asked.onsuccess = () => resolve(asked.result);
  });
  const put = (size) => new Promise((resolve) => {
    const tx = db.transaction('kept', 'readwrite');
    tx.objectStore('kept').add(new Uint8Array(size));
    tx.oncomplete = () => resolve(true);
    tx.onabort = () => resolve(false);
  });
  let filled = 0;
  for (const size of [100000, 10000, 1000, 100]) while (await put(size)) filled += size;
  db.close();
  return filled;
}"""
"""Takes all the room that the browser gives to this site."""


async def test_a_full_phone_never_says_that_it_saved_and_counts_right(stage: Stage, browser: Browser) -> None:
    """Full by the browser's own count, which it is told to keep small."""
    who, place, other = stage.someone_new(), await stage.new_place(), await stage.new_place()
    kept, not_kept = stage.word(), stage.word()
    # Without the worker, whose files would not fit; the server can't be reached, as without a network.
    phone = await Handset.new(stage, browser, who, init="delete Navigator.prototype.serviceWorker")
    storage = await phone.context.new_cdp_session(phone.page)
    await storage.send("Storage.overrideQuotaForOrigin", {"origin": phone.url, "quotaSize": 300_000})
    await phone.open("/")
    await expect(phone.page.locator("main[aria-busy=true]")).to_have_count(0)
    await phone.context.route("**/api/**", lambda route: route.abort("internetdisconnected"))
    assert await phone.report(place, kept) == "已保存在手机"
    assert await phone.page.evaluate(FILL) > 0
    for said in (await phone.report(other, not_kept, stage.picture()), await phone.check_in(other)):
        assert "已保存" not in said
        assert re.search("没存下来：手机空间不够", await phone.page.locator("main").inner_text())
    assert [item["body"]["what"] for item in await phone.kept()] == [kept]
    await expect(phone.page.get_by_role("button", name=re.compile(r"\b1 条待上传")).first).to_be_visible()
    # The person makes room, as they were told, and the network is back.
    await phone.page.evaluate("indexedDB.deleteDatabase('photos of a holiday')")
    await phone.context.unroute_all(behavior="ignoreErrors")
    await phone.hurry()
    await phone.has_sent()
    assert [row[0] for row in await stage.database.fetch("SELECT what FROM ticket WHERE opened_by = $1", who.id)] == [kept]
    assert await stage.count("attendance WHERE person = $1", who.id) == 0
    await phone.close()


async def test_after_the_browser_threw_the_store_away_nothing_is_said_to_wait_that_is_gone(
    stage: Stage, browser: Browser
) -> None:
    who, place, again = stage.someone_new(), await stage.new_place(), stage.word()
    phone = await Handset.new(stage, browser, who)
    await phone.start()
    await phone.cut()
    await phone.report(place, stage.word())
    await phone.press("好了")
    await expect(phone.page.get_by_role("button", name=re.compile("1 条待上传")).first).to_be_visible()
    storage = await phone.context.new_cdp_session(phone.page)
    await storage.send("Storage.clearDataForOrigin", {"origin": phone.url, "storageTypes": "indexeddb"})
    await expect(phone.page.get_by_role("button", name=re.compile("待上传"))).to_have_count(0)
    await phone.restore()
    await phone.start()
    assert await phone.report(place, again) == "报上去了"
    assert [row[0] for row in await stage.database.fetch("SELECT what FROM ticket WHERE opened_by = $1", who.id)] == [again]
    await phone.close()


@pytest.mark.parametrize("offset", [DAYS_OFF, -DAYS_OFF], ids=["ahead", "behind"])
async def test_with_a_clock_two_days_off_both_times_are_kept_the_order_stays_and_it_is_said(
    stage: Stage, browser: Browser, offset: timedelta
) -> None:
    who, places = stage.someone_new(), [await stage.new_place() for _ in range(3)]
    began = datetime.now(UTC)
    phone = await Handset.new(stage, browser, who, init=_clock_off_by(offset))
    await phone.start()
    assert await phone.check_in(places[0]) == "签到成功"
    await phone.sees("手机的钟不太准")
    await phone.sees("时间已经帮您校过了")
    await phone.cut()
    assert await phone.check_in(places[1]) == "已保存在手机"
    assert await phone.check_in(places[2]) == "已保存在手机"
    await phone.restore()
    await phone.has_sent()
    await phone.close()
    ended = datetime.now(UTC)
    rows = await stage.database.fetch(
        """SELECT a.location, e.at, e.phone_at, e.received_at, e.flags FROM evidence e JOIN attendance a ON a.id = e.attendance
           WHERE a.person = $1 AND e.direction = 'in' ORDER BY e.at""",
        who.id,
    )
    assert [str(row["location"]) for row in rows] == [place.id for place in places]
    for row in rows:
        assert "clock_off" in row["flags"]
        assert abs(row["phone_at"] - row["received_at"] - offset) < timedelta(minutes=1)
        assert began - timedelta(seconds=2) <= row["at"] <= ended
        assert began <= row["received_at"] <= ended


async def test_what_was_put_off_by_a_wrong_clock_does_not_wait_until_that_time_comes(stage: Stage, browser: Browser) -> None:
    """A try failed while the clock was two days ahead; then the phone got the right time from its network."""
    who = stage.someone_new()
    phone = await Handset.new(stage, browser, who)
    await phone.start()
    put_off = ticket(stage, who, stage.word())
    later = (datetime.now(UTC) + DAYS_OFF).timestamp() * 1000
    put_off["item"].update(tries=1, nextTryAt=later, setback={"why": "status", "status": 502})
    await phone.keep([put_off])
    await phone.start()
    await phone.has_sent()
    assert await stage.count("ticket WHERE opened_by = $1", who.id) == 1
    await phone.close()
