"""Lists of tickets: filters, order, pages, and what they cost."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from mingxun.kit.database import execute, fetch, fetch_value
from mingxun.kit.paging import Cursor
from mingxun.people.access import Actor, ActorMembership, Language, Role
from mingxun.tickets import loading
from mingxun.tickets.loading import Filters
from mingxun.tickets.schemas import Category, ListOrder, TicketState
from tests.tickets.conftest import Answer, Desk


def ids(found: list[Answer]) -> list[str]:
    return [item["id"] for item in found]


async def add_location(desk: Desk) -> UUID:
    identity = uuid4()
    await execute(
        """INSERT INTO location (id, neighbourhood, area, plate, name, address, fence_radius, key_version, made_at)
           VALUES ($1, $2, $3, '07', '3号垃圾房', '', 80, 1, now())""",
        identity,
        desk.here.id,
        desk.here.grid.id,
    )
    await execute(
        "INSERT INTO location_key (location, version, neighbourhood, number, made_at) VALUES ($1, 1, $2, '123456', now())",
        identity,
        desk.here.id,
    )
    return identity


async def test_a_list_is_narrowed_by_state_category_party_place_opener_and_time(desk: Desk) -> None:
    here = desk.here
    desk.clock.at = datetime(2026, 9, 16, 2, tzinfo=UTC)
    place = await add_location(desk)
    waste = await desk.open(location=str(place))
    desk.clock.forward(timedelta(minutes=1))
    lift = await desk.open(here.building_leader, category="lift")
    claimed = await desk.done(here.handler, lift, "claim")
    desk.clock.forward(timedelta(minutes=1))
    other = await desk.open(here.coordinator, category="other")
    everything = [other["id"], lift["id"], waste["id"]]
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({}, everything),
        ({"state": "open"}, [other["id"], waste["id"]]),
        ({"state": ["open", "claimed"]}, everything),
        ({"state": "verified"}, []),
        ({"category": "lift"}, [lift["id"]]),
        ({"party": str(here.committee.id)}, [other["id"]]),
        ({"location": str(place)}, [waste["id"]]),
        ({"mine": "true"}, [other["id"]]),
        ({"since": claimed["opened_at"]}, [other["id"], lift["id"]]),
        ({"order": "deadline"}, [waste["id"], lift["id"], other["id"]]),
        ({"state": ["open", "open"], "category": "waste", "party": str(here.property.id)}, [waste["id"]]),
    ]
    for query, expected in asked:
        assert ids(await desk.list(here.coordinator, **query)) == expected, query
    found = (await desk.list(here.coordinator, location=str(place)))[0]
    assert (found["location_name"], found["plate"], found["area_name"]) == ("3号垃圾房", "07", here.grid.name)
    assert set(ids(await desk.list(here.handler))) == {waste["id"], lift["id"]}
    assert ids(await desk.list(desk.world.there.coordinator, at=desk.world.there)) == []


async def test_what_no_party_has_can_be_found(desk: Desk) -> None:
    await desk.open()
    nobodys = await desk.open(category="other")
    await execute("UPDATE ticket SET party = NULL WHERE id = $1", UUID(nobodys["id"]))
    found = await desk.list(desk.here.coordinator, unassigned="true")
    assert ids(found) == [nobodys["id"]]


async def test_a_list_of_what_is_overdue_follows_the_clock(desk: Desk) -> None:
    here = desk.here
    desk.clock.at = datetime(2026, 9, 16, 2, tzinfo=UTC)
    late = await desk.open(urgency="urgent")
    desk.clock.forward(timedelta(minutes=1))
    await desk.open()
    desk.clock.forward(timedelta(minutes=59))
    assert ids(await desk.list(here.handler, overdue="true")) == []
    desk.clock.forward(timedelta(seconds=1))
    assert ids(await desk.list(here.handler, overdue="true")) == [late["id"]]
    assert [item["overdue"] for item in await desk.list(here.handler)] == [False, True]
    claimed = await desk.done(here.handler, late, "claim")
    assert (claimed["overdue"], claimed["claim_by"]) == (False, None)
    assert ids(await desk.list(here.handler, overdue="true")) == []
    desk.clock.forward(timedelta(hours=5))
    assert late["id"] in ids(await desk.list(here.handler, overdue="true"))
    await desk.done(here.handler, late, "resolution", photos=[str(uuid4())])
    assert late["id"] not in ids(await desk.list(here.handler, overdue="true"))


@pytest.mark.parametrize("order", ["newest", "deadline"])
@pytest.mark.parametrize("who", ["coordinator", "handler"])
async def test_pages_join_without_gap_or_repetition_even_at_equal_times(desk: Desk, order: str, who: str) -> None:
    made = {(await desk.open())["id"] for _ in range(7)}
    client = await desk.client_of(desk.here.people()[who])
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        query: dict[str, str] = {"limit": "2", "order": order, **cursor}
        reply = (await client.get(f"/api/neighbourhoods/{desk.here.id}/tickets", params=query)).json()
        found += ids(reply["items"])
        if reply["next_cursor"] is None:
            break
        cursor = {"cursor": reply["next_cursor"]}
    assert len(found) == 7
    assert set(found) == made


@pytest.mark.parametrize(
    "query", [{"cursor": "x"}, {"limit": "0"}, {"limit": "101"}, {"state": "gone"}, {"order": "name"}, {"party": "x"}]
)
async def test_what_a_list_does_not_understand_it_refuses(desk: Desk, query: dict[str, str]) -> None:
    client = await desk.client_of(desk.here.coordinator)
    assert (await client.get(f"/api/neighbourhoods/{desk.here.id}/tickets", params=query)).status_code == (
        422 if "cursor" in query else 400
    )


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00"])
async def test_an_instant_without_offset_is_refused_and_one_beyond_the_calendar_is_its_end(desk: Desk, instant: str) -> None:
    client = await desk.client_of(desk.here.coordinator)
    path = f"/api/neighbourhoods/{desk.here.id}/tickets"
    has_offset = instant.count(":") == 3
    assert (await client.get(path, params={"since": instant})).status_code == (200 if has_offset else 400)
    assert (await client.get(path, params={"cursor": Cursor.encode(instant, uuid4())})).status_code == 422


async def _many(desk: Desk) -> None:
    """20,000 tickets over 50 neighbourhoods."""
    here = desk.here
    await execute(
        """INSERT INTO area (id, parent, kind, name, path, neighbourhood, phone, made_at)
           SELECT n.id, $1, 'neighbourhood', 'N' || n.i, ARRAY[$1, n.id], n.id, '', now()
           FROM (SELECT i, gen_random_uuid() AS id FROM generate_series(1, 48) i OFFSET 0) n""",
        desk.world.subdistrict.id,
    )
    await execute(
        """INSERT INTO ticket (id, neighbourhood, number, category, urgency, what, details, whereabouts, party, parties, state,
               opened_by, opened_at, seen_at, claim_by, resolve_by, resolved_by, fingerprint, version)
           SELECT gen_random_uuid(), n.id, '2026-x-' || i, (ARRAY['waste', 'lift', 'other', 'parking'])[i % 4 + 1], 'normal',
               'x', '', '', $1, ARRAY[$1::uuid],
               CASE WHEN i % 10 = 0 THEN 'open' WHEN i % 10 = 1 THEN 'claimed' ELSE 'verified' END, $2,
               now() - make_interval(hours => i), now(), now() - make_interval(hours => i - 4),
               now() - make_interval(hours => i - 24), $2, '', 1
           FROM (SELECT id FROM area WHERE kind = 'neighbourhood') n, generate_series(1, 400) i""",
        here.property.id,
        here.volunteer.id,
    )
    await execute("ANALYZE ticket")


def _actor(desk: Desk, role: Role) -> Actor:
    member = ActorMembership(
        id=uuid4(),
        role=role,
        area=desk.here.id,
        path=desk.here.area.path,
        party=desk.here.property.id if role is Role.HANDLER else None,
        neighbourhoods=frozenset({desk.here.id}),
    )
    return Actor(person=uuid4(), session=uuid4(), language=Language.ZH, memberships=(member,))


async def test_a_list_among_twenty_thousand_reads_an_index_and_few_rows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await _many(desk)
    assert await fetch_value("SELECT count(*) FROM ticket") == 20_000
    plans: list[dict[str, Any]] = []

    async def explained(sql: str, *args: Any) -> list[Any]:
        rows = await fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *args)
        plans.append(json.loads(rows[0][0])[0]["Plan"])
        return []

    monkeypatch.setattr(loading, "fetch", explained)
    now = datetime.now(UTC)
    unfinished = (TicketState.OPEN, TicketState.CLAIMED, TicketState.DECLINED)
    shapes = {
        "newest": (Filters(), ListOrder.NEWEST, Role.COORDINATOR),
        "newest of a category": (Filters(category=Category.LIFT), ListOrder.NEWEST, Role.VOLUNTEER),
        "time left, one state": (Filters(states=(TicketState.OPEN,)), ListOrder.DEADLINE, Role.COORDINATOR),
        "time left, unfinished": (Filters(states=unfinished), ListOrder.DEADLINE, Role.COORDINATOR),
        "time left, of a party": (Filters(states=unfinished, party=desk.here.property.id), ListOrder.DEADLINE, Role.HANDLER),
        "newest, a handler's": (Filters(), ListOrder.NEWEST, Role.HANDLER),
        "overdue": (Filters(overdue=True), ListOrder.DEADLINE, Role.COORDINATOR),
        "mine": (Filters(mine=True), ListOrder.NEWEST, Role.VOLUNTEER),
    }
    for name, (filters, order, role) in shapes.items():
        for cursor in (None, Cursor.encode(now - timedelta(days=2), uuid4())):
            plans.clear()
            await loading.list_tickets(
                desk.here.id, filters, order=order, cursor=cursor, limit=50, actor=_actor(desk, role), now=now
            )
            nodes = list(_nodes(plans[0]))
            assert not [node for node in nodes if node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "ticket"], name
            touched = plans[0]["Shared Hit Blocks"] + plans[0]["Shared Read Blocks"]
            assert touched < 800, (name, touched)


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)
