"""Promise 9: two phones that could not know of each other do the same thing, or opposite things. Both stay recorded, the order follows
a rule that is written down (`checkins.stays`), and whoever came second is told so in words.
"""

import json
import re
from datetime import UTC, datetime, timedelta

import httpx

from mingxun.kit.ids import new_id
from tests.faults.stage import Stage
from tests.installation import ROOT

WORDS = (ROOT / "pwa" / "src" / "api" / "sentences.ts").read_text("utf-8")


def _told_in_words(reply: httpx.Response) -> None:
    """The refusal has a sentence in the app, in each language, and names what it needs."""
    slug = reply.json()["type"].rpartition("/")[2]
    assert len(re.findall(rf"^ +'?{slug}'?:", WORDS, re.MULTILINE)) == 2, slug


async def test_leaving_said_by_oneself_and_by_a_leader_is_kept_twice_and_shown_as_a_contradiction(stage: Stage) -> None:
    who, shift = stage.someone_new(), await stage.new_shift(begins_in=timedelta(minutes=-60))
    await stage.assign(shift, who)
    came = datetime.now(UTC) - timedelta(minutes=50)
    stay = await stage.made(who, "POST", "/api/check-ins", json={**stage.scan_body(at=came), "shift": shift})
    assert stay["shift"] == shift
    says_leader = came + timedelta(minutes=15)
    says_self = came + timedelta(minutes=40)
    word = {"id": str(new_id()), "person": str(who.id), "direction": "out", "at": says_leader.isoformat(), "reason": "先走了"}
    leaders = await stage.made(stage.coordinator, "POST", f"/api/shifts/{shift}/vouched-check-ins", json=word)
    own = await stage.made(who, "POST", "/api/check-outs", json={**stage.scan_body(at=says_self), "attendance": stay["id"]})
    assert leaders["id"] == own["id"] == stay["id"]
    kept = await stage.database.fetch(
        "SELECT at, vouched_by FROM evidence WHERE attendance = $1 AND direction = 'out' ORDER BY at", stay["id"]
    )
    assert [(row["at"], row["vouched_by"]) for row in kept] == [(says_leader, stage.coordinator.id), (says_self, None)]
    assert own["conflict"] == "left_twice"
    seen = await stage.made(stage.coordinator, "GET", f"/api/attendance/{stay['id']}")
    assert seen["conflict"] == "left_twice"
    # The same, whichever of the two arrives first.
    assert own["left"]["at"] == seen["left"]["at"]
    other, at = stage.someone_new(), came
    await stage.assign(shift, other)
    second = await stage.made(other, "POST", "/api/check-ins", json={**stage.scan_body(at=at), "shift": shift})
    await stage.made(other, "POST", "/api/check-outs", json={**stage.scan_body(at=says_self), "attendance": second["id"]})
    word = {**word, "id": str(new_id()), "person": str(other.id)}
    await stage.made(stage.coordinator, "POST", f"/api/shifts/{shift}/vouched-check-ins", json=word)
    turned = await stage.made(stage.coordinator, "GET", f"/api/attendance/{second['id']}")
    assert (turned["left"]["at"], turned["conflict"]) == (seen["left"]["at"], seen["conflict"])


async def test_the_same_arrival_kept_by_two_phones_of_one_person_is_one_stay(stage: Stage) -> None:
    who, now = stage.someone_new(), datetime.now(UTC)
    scans = [{**stage.scan_body(at=now - timedelta(minutes=30 - n)), "device": f"phone-number-{n}"} for n in range(2)]
    receipts = [await stage.made(who, "POST", "/api/check-ins", json=scan) for scan in reversed(scans)]
    assert receipts[0]["id"] == receipts[1]["id"]
    assert await stage.count("attendance WHERE person = $1", who.id) == 1
    assert await stage.count("evidence e JOIN attendance a ON a.id = e.attendance WHERE a.person = $1", who.id) == 2
    # The earlier one says when they came, although it arrived later.
    assert datetime.fromisoformat(receipts[1]["arrived"]["at"]) == now - timedelta(minutes=30)


async def test_of_two_who_claim_the_same_ticket_the_second_learns_who_has_it(stage: Stage) -> None:
    ticket = await stage.new_ticket()
    seen = await stage.made(stage.handler, "GET", f"/api/tickets/{ticket}")
    headers = {"If-Match": f'"{seen["version"]}"'}
    won = await stage.send(stage.handler, "POST", f"/api/tickets/{ticket}/claim", headers=headers)
    lost = await stage.send(stage.second_handler, "POST", f"/api/tickets/{ticket}/claim", headers=headers, process=1)
    assert (won.status_code, lost.status_code) == (200, 409)
    told = lost.json()
    assert (told["type"], told["by_name"]) == ("/problems/already-claimed", stage.handler.name)
    assert told["party_name"] == stage.world.here.property.name
    _told_in_words(lost)


async def test_of_two_opposite_acts_on_a_ticket_the_second_learns_what_became_of_it(stage: Stage) -> None:
    """One phone claims, the other declines; one says that it is mended, the other that it is not."""
    ticket = await stage.new_ticket()
    as_seen = {"If-Match": '"1"'}
    assert (await stage.send(stage.handler, "POST", f"/api/tickets/{ticket}/claim", headers=as_seen)).status_code == 200
    body = {"reason": "不归我们管"}
    lost = await stage.send(stage.second_handler, "POST", f"/api/tickets/{ticket}/decline", headers=as_seen, json=body)
    assert (lost.status_code, lost.json()["state"], lost.json()["by_name"]) == (409, "claimed", stage.handler.name)
    _told_in_words(lost)
    mended = await stage.resolved_ticket()
    version = {"If-Match": f'"{(await stage.made(stage.leader, "GET", f"/api/tickets/{mended}"))["version"]}"'}
    assert (
        await stage.send(stage.leader, "POST", f"/api/tickets/{mended}/verification", headers=version, json={})
    ).status_code == 200
    against = await stage.send(
        stage.coordinator, "POST", f"/api/tickets/{mended}/reopening", headers=version, json={"reason": "还是坏的"}
    )
    assert (against.status_code, against.json()["last_act"]) == (409, "verified")
    _told_in_words(against)
    story = [
        row["kind"]
        for row in await stage.database.fetch("SELECT kind FROM ticket_event WHERE ticket = $1 ORDER BY version", mended)
    ]
    assert story == ["opened", "claimed", "resolved", "verified"]
    assert json.loads(against.text)["version"] == 4
