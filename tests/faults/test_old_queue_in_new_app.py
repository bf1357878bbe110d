"""Promise 14: what waits on a phone in an older version's store is delivered by the app, and the server, as they are now."""

from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser

from tests.faults.handset import Handset
from tests.faults.stage import Someone, Stage
from tests.faults.stored_items import FORMATS, NOW, Stored

AS_IT_WAS = """async ({ database, outbox, facts }) => {
  const db = await new Promise((resolve, reject) => {
    const asked = indexedDB.open(database.name, database.version);
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => resolve(asked.result);
    asked.onupgradeneeded = () => {
      for (const { name, keyPath, autoIncrement, indexes } of database.stores) {
        const store = asked.result.createObjectStore(name, { ...(keyPath ? { keyPath } : {}), ...(autoIncrement ? { autoIncrement } : {}) });
        for (const [index, path, unique] of indexes ?? []) store.createIndex(index, path, { unique });
      }
    };
  });
  const tx = db.transaction(['facts', 'outbox', 'contents'], 'readwrite');
  for (const [key, value] of Object.entries(facts)) tx.objectStore('facts').put(value, key);
  for (const { item, bytes } of outbox) {
    tx.objectStore('outbox').add(item);
    if (bytes) tx.objectStore('contents').put({ id: item.id, bytes: Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0)).buffer });
  }
  await new Promise((resolve, reject) => { tx.oncomplete = resolve; tx.onabort = () => reject(tx.error) });
  db.close();
}"""
"""Makes the store with the browser's own means, as the older app left it."""


SHAPE = """async () => {
  const db = await new Promise((resolve) => { const asked = indexedDB.open('mingxun'); asked.onsuccess = () => resolve(asked.result) });
  const stores = [...db.objectStoreNames].map((name) => {
    const { keyPath, autoIncrement, indexNames } = db.transaction(name).objectStore(name);
    const store = db.transaction(name).objectStore(name);
    const indexes = [...indexNames].map((one) => [one, store.index(one).keyPath, store.index(one).unique]);
    return { name, keyPath, autoIncrement, indexes };
  });
  const { version } = db;
  db.close();
  return { version, stores };
}"""


async def _resolved_of(stage: Stage, who: Someone) -> str:
    ticket = await stage.new_ticket(who)
    await stage.made(stage.handler, "POST", f"/api/tickets/{ticket}/claim")
    photos = [await stage.new_photo(stage.handler)]
    await stage.made(stage.handler, "POST", f"/api/tickets/{ticket}/resolution", json={"photos": photos})
    return ticket


@pytest.mark.parametrize("form", FORMATS)
async def test_a_queue_that_an_older_app_left_is_delivered_whole(stage: Stage, browser: Browser, form: str) -> None:
    who, place = stage.someone_new(), await stage.new_place()
    stored = Stored(stage, who, place, form=form, resolved=await _resolved_of(stage, who))
    me = await stage.made(who, "GET", "/api/me")
    phone = await Handset.new(stage, browser, who)
    await phone.open("/healthz")  # of this site, and not the app
    facts = {"me": me, "neighbourhood": str(stage.world.here.id), "device": "6f1c9d52-7d0e-4f43-9d0e-3f0f2b1f7c11"}
    await phone.page.evaluate(AS_IT_WAS, {"database": stored.database, "outbox": stored.outbox, "facts": facts})
    await phone.open("/")
    await phone.has_sent()
    await phone.close()
    ids = {name: UUID(value) for name, value in stored.ids.items()}
    [stay] = await stage.database.fetch("SELECT id, left_at FROM attendance WHERE person = $1", who.id)
    assert stay["id"] == ids["check_in"]
    assert stay["left_at"] is not None
    [made] = await stage.database.fetch("SELECT id FROM ticket WHERE opened_by = $1 AND what = $2", who.id, stored.what)
    assert made["id"] == ids["ticket"]
    assert (
        await stage.count(
            "photo p JOIN ticket_photo tp ON tp.photo = p.id WHERE tp.ticket = $1 AND p.owner = $2", ids["ticket"], who.id
        )
        == 1
    )
    acted = stored.outbox[3]["item"]["url"].split("/")[3]
    assert await stage.count("ticket_event WHERE ticket = $1 AND kind = 'verified' AND person = $2", UUID(acted), who.id) == 1


async def test_the_newest_file_of_stored_items_is_what_the_app_stores_today(stage: Stage, browser: Browser) -> None:
    """Whoever changes the shape adds a file, so that phones that hold this one are not forgotten."""
    who, place = stage.someone_new(), await stage.new_place()
    phone = await Handset.new(stage, browser, who)
    await phone.start()
    await phone.cut()
    await phone.check_in(place)
    await phone.report(place, stage.word(), stage.picture())
    kept = {item["kind"]: item for item in await phone.kept()}
    shape = await phone.page.evaluate(SHAPE)
    await phone.close()
    stored = Stored(stage, who, place, form=NOW)
    known = {one["item"]["kind"]: one["item"] for one in stored.outbox}
    for kind in ("check-in", "photo", "ticket"):
        assert _form(kept[kind]) == _form(known[kind]), kind
    assert sorted(shape["stores"], key=lambda one: str(one["name"])) == sorted(
        map(_whole, stored.database["stores"]), key=lambda one: str(one["name"])
    )
    assert shape["version"] == stored.database["version"]


def _form(item: dict[str, Any]) -> dict[str, Any]:
    """Which fields it has, and of what kind where the sender looks."""
    inner = {name: sorted(item[name]) for name in ("body", "content") if item[name] is not None}
    return {
        "fields": sorted(set(item) - {"seq"}),
        "v": item["v"],
        "method": item["method"],
        "keyed": item["idempotencyKey"] is not None,
        **inner,
    }


def _whole(store: dict[str, Any]) -> dict[str, Any]:
    return {"keyPath": None, "autoIncrement": False, "indexes": [], **store}
