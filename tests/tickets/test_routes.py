"""A ticket's way over HTTP: who may do what with it, and what they are told when they may not."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest

from mingxun.kit.database import fetch, fetch_value
from mingxun.people.access import Role
from tests.tickets.conftest import Desk
from tests.world import add_membership, add_person

ROLES = ("volunteer", "building_leader", "coordinator", "secretary", "handler")
BODIES: dict[str, dict[str, Any]] = {
    "claim": {},
    "decline": {"reason": "不归我们管"},
    "hand-over": {"note": "请业委会看看"},
    "resolution": {"photos": ["11111111-1111-4111-8111-111111111111"]},
    "verification": {},
    "reopening": {"reason": "还是满的"},
}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def facts_of(ticket: str) -> list[str]:
    return [row["kind"] for row in await fetch("SELECT kind FROM fact WHERE subject = $1::uuid ORDER BY seq", ticket)]


async def test_a_ticket_goes_from_being_seen_to_being_seen_mended(desk: Desk) -> None:
    here = desk.here
    before = await desk.photo(here.volunteer, seed=1)
    opened = await desk.open(photos=[before], whereabouts="3号垃圾房门口", details="从早上起")
    assert opened["state"] == "open"
    assert opened["party"]["name"] == here.property.name
    assert opened["acts"] == []
    claimed = await desk.done(here.handler, opened, "claim")
    assert (claimed["state"], claimed["acts"]) == ("claimed", ["hand_over", "resolve"])
    after = await desk.photo(here.handler, seed=2)
    resolved = await desk.done(here.handler, opened, "resolution", photos=[after], note="加了一趟清运")
    assert (resolved["state"], resolved["acts"]) == ("resolved", [])
    assert (await desk.get(here.volunteer, opened)).json()["acts"] == ["verify", "reopen"]
    reopened = await desk.done(here.volunteer, opened, "reopening", reason="角落里还有")
    assert (reopened["state"], reopened["party"]["id"]) == ("open", str(here.property.id))
    await desk.done(here.handler, opened, "claim")
    await desk.done(here.handler, opened, "resolution", photos=[await desk.photo(here.handler, seed=3)])
    verified = await desk.done(here.building_leader, opened, "verification", note="看过了")
    assert verified["state"] == "verified"
    assert [event["kind"] for event in verified["timeline"]] == [
        "opened", "claimed", "resolved", "reopened", "claimed", "resolved", "verified",
    ]  # fmt: skip
    assert [len(event["photos"]) for event in verified["timeline"]] == [1, 0, 1, 0, 0, 1, 0]
    names = [event["by_name"] for event in verified["timeline"]]
    assert names[:3] == [here.volunteer.name, here.handler.name, here.handler.name]
    assert [photo["id"] for photo in verified["photos"]] == [before]
    assert verified["thumbnail_url"] == f"/api/photos/{before}?size=thumbnail"
    assert verified["version"] == 7
    assert await facts_of(opened["id"]) == [f"ticket_{event['kind']}" for event in verified["timeline"]]


async def test_a_declined_ticket_is_handed_to_another_party_which_has_the_whole_time(desk: Desk) -> None:
    here = desk.here
    opened = await desk.open(category="parking", urgency="urgent")
    declined = await desk.done(here.handler, opened, "decline", reason="车位归业委会管")
    assert (declined["state"], declined["acts"]) == ("declined", [])
    desk.clock.forward(timedelta(hours=3))
    handed = await desk.done(here.coordinator, opened, "hand-over", party=str(here.owners.id), note="物业说归业委会")
    assert (handed["state"], handed["party"]["name"]) == ("open", here.owners.name)
    at = desk.clock.now()
    assert datetime.fromisoformat(handed["claim_by"]) == at + timedelta(hours=1)
    assert datetime.fromisoformat(handed["resolve_by"]) == at + timedelta(hours=4)
    assert (await desk.get(here.handler, opened)).json()["acts"] == []
    last = await fetch_value("SELECT data FROM fact WHERE kind = 'ticket_handed_over' AND subject = $1::uuid", opened["id"])
    assert str(here.property.id) in last
    assert str(here.owners.id) in last


async def test_coordinators_act_for_the_committee_and_do_not_verify_its_work(desk: Desk) -> None:
    here = desk.here
    opened = await desk.open(category="other", by=here.coordinator)
    assert opened["party"]["id"] == str(here.committee.id)
    assert opened["acts"] == ["claim", "decline", "hand_over"]
    await desk.done(here.coordinator, opened, "claim")
    await desk.done(here.coordinator, opened, "resolution", photos=[str(uuid4())])
    for person, slug in (
        (here.coordinator, "cannot-verify-own-work"),
        (here.secretary, "cannot-verify-own-work"),
        (here.committee_handler, "not-allowed"),
    ):
        reply = await desk.act(person, opened, "verification")
        assert (reply.status_code, reply.json()["type"]) == (403, f"/problems/{slug}")
    assert (await desk.act(desk.world.subdistrict_admin, opened, "verification")).status_code == 200


ALLOWED = {
    "claim": {"handler"},
    "decline": {"handler"},
    "hand-over": {"handler", "coordinator", "secretary"},
    "resolution": {"handler"},
    "verification": {"volunteer", "building_leader", "coordinator", "secretary"},
    "reopening": {"volunteer", "building_leader", "coordinator", "secretary"},
}
"""With a ticket of the property company that the volunteer opened."""


@pytest.mark.parametrize("act", BODIES)
@pytest.mark.parametrize("role", ROLES)
async def test_each_act_by_each_role_here(desk: Desk, act: str, role: str) -> None:
    ticket = await _ready_for(desk, act)
    reply = await desk.act(desk.here.people()[role], ticket, act, **_body(desk, act))
    if role in ALLOWED[act]:
        assert reply.status_code == 200, reply.text
    else:
        assert reply.status_code == 403, reply.text
        assert reply.json()["type"] in {"/problems/not-allowed", "/problems/not-your-party"}
        assert (await desk.get(desk.here.coordinator, ticket)).json()["version"] == ticket["version"]


@pytest.mark.parametrize("act", BODIES)
@pytest.mark.parametrize("role", ROLES)
async def test_for_people_of_another_neighbourhood_a_ticket_does_not_exist(desk: Desk, act: str, role: str) -> None:
    ticket = await _ready_for(desk, act)
    foreigner = desk.world.there.people()[role]
    reply = await desk.act(foreigner, ticket, act, **_body(desk, act))
    assert reply.status_code == 404
    assert (await desk.get(foreigner, ticket)).status_code == 404
    assert (await desk.get(desk.here.coordinator, ticket)).json()["version"] == ticket["version"]


@pytest.mark.parametrize("who", ["stranger", "anonymous", "foreigner"])
async def test_who_has_no_role_here_opens_and_lists_nothing(desk: Desk, anonymous: Any, who: str) -> None:
    client = {
        "stranger": await desk.client_of(desk.world.stranger),
        "foreigner": await desk.client_of(desk.world.there.coordinator),
        "anonymous": anonymous,
    }[who]
    path = f"/api/neighbourhoods/{desk.here.id}/tickets"
    body = {"id": str(uuid4()), "category": "waste", "what": "x", "seen_at": "2026-09-16T09:48:00Z"}
    expected = 401 if who == "anonymous" else 404
    assert (await client.get(path)).status_code == expected
    assert (await client.post(path, json=body)).status_code == expected
    assert await fetch_value("SELECT count(*) FROM ticket WHERE id = $1::uuid", body["id"]) == 0


@pytest.mark.parametrize("role", [*ROLES, "subdistrict_admin"])
async def test_every_member_can_open_a_ticket(desk: Desk, role: str) -> None:
    by = desk.world.subdistrict_admin if role == "subdistrict_admin" else desk.here.people()[role]
    opened = await desk.open(by)
    assert opened["mine"]
    assert (await desk.get(by, opened)).status_code == 200


async def _ready_for(desk: Desk, act: str) -> Any:
    if act in {"claim", "decline"}:
        return await desk.open()
    if act in {"hand-over", "resolution"}:
        return await desk.claimed()
    return await desk.resolved()


def _body(desk: Desk, act: str) -> dict[str, Any]:
    return BODIES[act] | ({"party": str(desk.here.owners.id)} if act == "hand-over" else {})


async def test_the_same_ticket_sent_twice_is_one(desk: Desk) -> None:
    identity, photo = str(uuid4()), str(uuid4())
    first = await desk.open(id=identity, photos=[photo])
    again = await desk.open(id=identity, photos=[photo])
    assert again == first
    assert await facts_of(identity) == ["ticket_opened"]
    changes: list[dict[str, Any]] = [
        {"photos": []},
        {"photos": [photo], "what": "别的"},
        {"photos": [photo], "by": desk.here.building_leader},
    ]
    for different in changes:
        reply = await desk.ask_open(id=identity, **different)
        assert (reply.status_code, reply.json()["type"]) == (409, "/problems/id-taken")


async def test_numbers_count_up_within_the_local_day_and_each_neighbourhood(desk: Desk) -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    desk.clock.at = datetime(2031, 9, 16, 23, 59, tzinfo=shanghai)
    numbers = [(await desk.open())["number"] for _ in range(2)]
    there = (await desk.open(desk.world.there.volunteer, at=desk.world.there))["number"]
    desk.clock.forward(timedelta(minutes=2))
    tomorrow = (await desk.open())["number"]
    desk.clock.at = datetime(2032, 9, 16, 12, tzinfo=shanghai)
    next_year = (await desk.open())["number"]
    assert (numbers, there, tomorrow, next_year) == (["0916-01", "0916-02"], "0916-01", "0917-01", "0916-01")


async def test_a_ticket_names_only_what_its_neighbourhood_has(desk: Desk) -> None:
    there = desk.world.there
    for field, value in (("party", there.property.id), ("area", there.buildings[0].id), ("location", uuid4()), ("area", uuid4())):
        wrong: dict[str, Any] = {field: str(value)}
        reply = await desk.ask_open(**wrong)
        assert reply.status_code == 422
        assert reply.json()["field"] == field
    opened = await desk.open(area=str(desk.here.buildings[0].id), party=str(desk.here.owners.id))
    assert (opened["area_name"], opened["party"]["id"]) == ("9号楼", str(desk.here.owners.id))
    reply = await desk.act(desk.here.coordinator, opened, "hand-over", party=str(there.property.id), note="x")
    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/not-in-neighbourhood")


async def test_a_ticket_without_a_party_waits_for_a_coordinator(desk: Desk) -> None:
    here = desk.here
    await fetch("UPDATE party SET kind = 'department' WHERE neighbourhood = $1", here.id)
    opened = await desk.open()
    assert opened["party"] is None
    reply = await desk.act(here.coordinator, opened, "claim")
    assert (reply.status_code, reply.json()["refusal"]) == (409, "no_party")
    handed = await desk.done(here.coordinator, opened, "hand-over", party=str(here.property.id), note="给物业")
    assert (await desk.get(here.handler, opened)).json()["acts"] == ["claim", "decline", "hand_over"]
    assert handed["party"]["id"] == str(here.property.id)


async def test_a_claim_sent_again_is_no_second_claim(desk: Desk) -> None:
    opened = await desk.open()
    first = await desk.done(desk.here.handler, opened, "claim")
    again = await desk.done(desk.here.handler, opened, "claim")
    assert again == first
    assert await facts_of(opened["id"]) == ["ticket_opened", "ticket_claimed"]


async def test_every_act_sent_again_without_a_key_changes_nothing_more(desk: Desk) -> None:
    for act in BODIES:
        ticket = await _ready_for(desk, act)
        body = _body(desk, act)
        if act == "resolution":
            body["photos"] = [str(uuid4())]
        who = desk.here.volunteer if act in {"verification", "reopening"} else desk.here.handler
        first, again = await desk.done(who, ticket, act, **body), await desk.done(who, ticket, act, **body)
        assert again == first
        if act in {"decline", "hand-over", "reopening"}:
            body = {
                key: "另一句话" if isinstance(value, str) and key in {"reason", "note"} else value for key, value in body.items()
            }
            assert (await desk.act(who, ticket, act, **body)).status_code in {403, 409}


async def test_a_later_claim_by_a_colleague_is_told_who_was_quicker(desk: Desk) -> None:
    here = desk.here
    colleague = await add_person("王师傅", "+8619900019999", neighbourhood=here.id)
    await add_membership(colleague, Role.HANDLER, here.area, here.property)
    opened = await desk.open()
    await desk.done(here.handler, opened, "claim")
    reply = await desk.act(colleague, opened, "claim")
    assert reply.status_code == 409
    told = reply.json()
    assert told["type"] == "/problems/already-claimed"
    assert (told["party_name"], told["by_name"], told["state"], told["version"]) == (
        here.property.name,
        here.handler.name,
        "claimed",
        2,
    )


@pytest.mark.parametrize("first", ["claim", "decline", "resolution"])
async def test_of_two_handlers_without_a_network_the_slower_is_told_who_was_quicker_and_what_they_did(
    desk: Desk, first: str
) -> None:
    """Both saw the same version; what the first did is delivered before what the second did."""
    here = desk.here
    colleague = await add_person("王师傅", "+8619900019999", neighbourhood=here.id)
    await add_membership(colleague, Role.HANDLER, here.area, here.property)
    ticket = await desk.claimed() if first == "resolution" else await desk.open()
    seen, kinds = {"If-Match": str(ticket["version"])}, {"claim": "claimed", "decline": "declined", "resolution": "resolved"}
    assert (await desk.act(here.handler, ticket, first, headers=seen, **_one(first, "甲"))).status_code == 200
    for second in ("resolution",) if first == "resolution" else ("claim", "decline"):
        reply = await desk.act(colleague, ticket, second, headers=seen, **_one(second, "乙"))
        told = reply.json()
        quicker = "already-claimed" if first == second == "claim" else "ticket-changed"
        assert (reply.status_code, told["type"]) == (409, f"/problems/{quicker}")
        assert (told["last_act"], told["by_name"], told["party_name"]) == (kinds[first], here.handler.name, here.property.name)
        assert instant(told["at"]) == desk.clock.now()
    assert [step["kind"] for step in (await desk.get(here.coordinator, ticket)).json()["timeline"]][-1] == kinds[first]


def _one(act: str, reason: str) -> dict[str, Any]:
    bodies: dict[str, dict[str, Any]] = {"decline": {"reason": reason}, "resolution": {"photos": [str(uuid4())]}}
    return bodies.get(act, {})


async def test_an_act_on_what_was_seen_is_refused_when_the_ticket_has_moved_on(desk: Desk) -> None:
    opened = await desk.open()
    here = desk.here
    await desk.done(here.coordinator, opened, "hand-over", party=str(here.owners.id), note="业委会的事")
    await desk.done(here.coordinator, opened, "hand-over", party=str(here.property.id), note="还是物业")
    reply = await desk.act(here.handler, opened, "decline", headers={"If-Match": '"1"'}, reason="不归我们")
    assert reply.status_code == 409
    told = reply.json()
    assert told["type"] == "/problems/ticket-changed"
    assert (told["state"], told["version"], told["last_act"], told["party_name"]) == (
        "open",
        3,
        "handed_over",
        here.property.name,
    )
    assert told["by_name"] == here.coordinator.name
    assert (await desk.act(here.handler, opened, "decline", headers={"If-Match": "3"}, reason="不归我们")).status_code == 200


@pytest.mark.parametrize("header", ["x", "0", '"3', "-1", "3.5", "99999999999"])
async def test_a_version_that_is_none_is_refused(desk: Desk, header: str) -> None:
    opened = await desk.open()
    assert (await desk.act(desk.here.handler, opened, "claim", headers={"If-Match": header})).status_code == 400


async def test_of_opposite_acts_the_first_counts_and_the_other_is_told_in_which_state_it_is(desk: Desk) -> None:
    here = desk.here
    ticket = await desk.resolved()
    await desk.done(here.building_leader, ticket, "verification")
    assert (await desk.done(here.volunteer, ticket, "reopening", reason="我看还没好"))["state"] == "open"
    reply = await desk.act(here.coordinator, ticket, "verification")
    assert (reply.status_code, reply.json()["state"], reply.json()["last_act"]) == (409, "open", "reopened")
    assert reply.json()["by_name"] == here.volunteer.name


async def test_handlers_see_what_is_or_was_theirs_and_strangers_names_only_in_part(desk: Desk) -> None:
    here = desk.here
    theirs, others = await desk.open(), await desk.open(category="other")
    assert (await desk.get(here.handler, others)).status_code == 404
    assert (await desk.act(here.handler, others, "claim")).status_code == 404
    seen = (await desk.get(here.handler, theirs)).json()
    assert seen["opened_by_name"] == f"{here.volunteer.name[0]}**"
    assert {event["by_name"] for event in seen["timeline"]} == {f"{here.volunteer.name[0]}**"}
    await desk.done(here.handler, theirs, "claim")
    seen = await desk.done(here.handler, theirs, "hand-over", party=str(here.owners.id), note="给业委会")
    assert [event["by_name"] for event in seen["timeline"]] == [
        f"{here.volunteer.name[0]}**",
        here.handler.name,
        here.handler.name,
    ]
    assert [item["id"] for item in await desk.list(here.handler)] == [theirs["id"]]
    full = (await desk.get(here.building_leader, theirs)).json()
    assert full["opened_by_name"] == here.volunteer.name


async def test_a_retry_with_the_same_key_gets_the_same_answer_and_another_body_is_refused(desk: Desk) -> None:
    client = await desk.client_of(desk.here.volunteer)
    path = f"/api/neighbourhoods/{desk.here.id}/tickets"
    body = {"id": str(uuid4()), "category": "waste", "what": "垃圾", "seen_at": "2026-09-16T09:48:00+08:00"}
    first = await client.post(path, json=body, headers={"Idempotency-Key": "k1"})
    again = await client.post(path, json=body, headers={"Idempotency-Key": "k1"})
    other = await client.post(path, json=body | {"what": "别的"}, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("what", ""), ("what", "  "), ("what", "x" * 121), ("what", "a\nb"), ("category", "weather"), ("photos", ["x"]),
        ("state", "verified"),
        ("opened_by", "11111111-1111-4111-8111-111111111111"), ("seen_at", "2026-09-16T09:48:00"), ("whereabouts", "x" * 121),
        ("photos", [str(uuid4()) for _ in range(9)]), ("details", "a\x00b"), ("whereabouts", "a\x00"),
    ],
)  # fmt: skip
async def test_what_the_contract_does_not_allow_is_refused(desk: Desk, field: str, value: Any) -> None:
    assert (await desk.ask_open(**{field: value})).status_code == 400


@pytest.mark.parametrize("seen_at", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_phone_that_believes_anything_is_no_hindrance(desk: Desk, seen_at: str) -> None:
    opened = await desk.open(seen_at=seen_at)
    assert instant(opened["opened_at"]) == instant(opened["seen_at"]) == desk.clock.now()
    assert opened["clock_off"]
    assert opened["phone_at"]


@pytest.mark.parametrize("off", [timedelta(hours=48), timedelta(hours=-48), timedelta(minutes=3)])
async def test_of_a_phone_whose_clock_is_off_both_times_are_kept_and_it_is_said(desk: Desk, off: timedelta) -> None:
    now = desk.clock.now()
    seen = now - timedelta(minutes=30)
    opened = await desk.open(seen_at=(seen + off).isoformat(), sent_at=(now + off).isoformat())
    for told in (opened, (await desk.get(desk.here.handler, opened)).json()):
        assert (instant(told["seen_at"]), instant(told["phone_at"]), told["clock_off"]) == (seen, seen + off, True)


async def test_a_clock_two_minutes_off_is_believed(desk: Desk) -> None:
    seen = desk.clock.now() - timedelta(hours=5)
    sent = desk.clock.now() + timedelta(minutes=2)
    opened = await desk.open(seen_at=seen.isoformat(), sent_at=sent.isoformat())
    assert (instant(opened["seen_at"]), instant(opened["phone_at"]), opened["clock_off"]) == (seen, seen, False)


async def test_an_older_app_that_does_not_say_when_it_sent_is_believed_as_far_as_can_be(desk: Desk) -> None:
    now = desk.clock.now()
    for seen, counts, off in ((now - timedelta(days=2), now - timedelta(days=2), False), (now + timedelta(days=2), now, True)):
        opened = await desk.open(seen_at=seen.isoformat(), attendance=str(uuid4()))
        assert (instant(opened["seen_at"]), instant(opened["phone_at"]), opened["clock_off"]) == (counts, seen, off)


async def test_the_order_of_tickets_and_of_their_steps_is_the_servers_whatever_phones_say(desk: Desk) -> None:
    opened = []
    for off in (timedelta(hours=48), timedelta(hours=-48), timedelta(0)):
        now = desk.clock.now()
        opened.append(await desk.open(seen_at=(now + off).isoformat(), sent_at=(now + off).isoformat()))
        desk.clock.forward(timedelta(minutes=1))
    assert [one["id"] for one in await desk.list(desk.here.coordinator)] == [one["id"] for one in reversed(opened)]
    claimed = await desk.done(desk.here.handler, opened[0], "claim")
    assert [step["kind"] for step in claimed["timeline"]] == ["opened", "claimed"]
    assert instant(claimed["seen_at"]) <= instant(claimed["timeline"][0]["at"]) < instant(claimed["timeline"][1]["at"])


async def test_what_an_older_version_sent_and_kept_is_known_again_when_it_comes_anew(desk: Desk) -> None:
    """The answer was lost, then app and server were updated: the same report now says when it is sent."""
    report: dict[str, Any] = {
        "id": str(uuid4()),
        "category": "waste",
        "urgency": "normal",
        "what": "垃圾满了",
        "details": "",
        "location": None,
        "area": None,
        "whereabouts": "",
        "photos": [],
        "attendance": str(uuid4()),
        "seen_at": "2026-09-16T09:48:00+08:00",
        "party": None,
    }
    before = hashlib.sha256(msgspec.json.encode(report)).digest()
    await desk.open(**report)
    assert await fetch_value("SELECT fingerprint FROM ticket WHERE id = $1::uuid", report["id"]) == before
    for minutes in (1, 2):
        desk.clock.forward(timedelta(minutes=minutes))
        again = await desk.open(**report, sent_at=desk.clock.now().isoformat())
        assert again["number"]
    assert await facts_of(report["id"]) == ["ticket_opened"]


async def test_resolving_takes_a_photo(desk: Desk) -> None:
    ticket = await desk.claimed()
    assert (await desk.act(desk.here.handler, ticket, "resolution", photos=[])).status_code == 400
    assert (await desk.act(desk.here.handler, ticket, "resolution")).status_code == 400
