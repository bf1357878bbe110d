"""Tickets as they are read from the database, and how one looks to a reader."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from mingxun.kit.database import fetch, fetch_row
from mingxun.kit.paging import BadCursor, Cursor, page_of
from mingxun.kit.problems import BadRequest, NotFound
from mingxun.people.access import Act as Permission
from mingxun.people.access import Actor
from mingxun.people.schemas import PartyKind, PartyOut
from mingxun.tickets import rules
from mingxun.tickets.photos import PhotoSize, photo_out, photo_url
from mingxun.tickets.rules import Reader, Standing
from mingxun.tickets.schemas import (
    Category,
    ListOrder,
    PhotoOut,
    TicketDetail,
    TicketEvent,
    TicketOut,
    TicketPage,
    TicketState,
    Urgency,
)

if TYPE_CHECKING:
    from asyncpg import Record

_COLUMNS = """t.id, t.neighbourhood, t.number, t.category, t.urgency, t.what, t.details, t.state,
    t.location, l.name AS location_name, l.plate, a.name AS area_name, t.whereabouts,
    t.party, p.kind AS party_kind, p.name AS party_name, p.phone AS party_phone, t.parties,
    t.opened_by, t.opened_at, t.seen_at, t.phone_at, t.clock_off, t.claim_by, t.resolve_by, t.resolved_by, t.version, shown.photo AS shown_photo"""
_JOINED = """LEFT JOIN location l ON l.id = t.location
    LEFT JOIN area a ON a.id = coalesce(t.area, l.area)
    LEFT JOIN party p ON p.id = t.party
    LEFT JOIN LATERAL (
        SELECT tp.photo FROM ticket_photo tp JOIN photo ph ON ph.id = tp.photo AND ph.owner = tp.owner
        WHERE tp.ticket = t.id ORDER BY tp.position LIMIT 1
    ) shown ON true"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None means not narrowed."""

    states: tuple[TicketState, ...] = ()
    category: Category | None = None
    party: UUID | None = None
    unassigned: bool = False
    """Those that no party has: nobody will mend them until a coordinator hands them to one."""
    location: UUID | None = None
    mine: bool = False
    """Those that the reader opened."""
    overdue: bool = False
    """Those with a deadline that has passed."""
    since: datetime | None = None
    """Opened then or later."""


def reader_of(actor: Actor, neighbourhood: UUID) -> Reader:
    """The actor as the rules of a neighbourhood's tickets see them."""
    return Reader(person=actor.person, roles=actor.roles(neighbourhood), parties=actor.parties(neighbourhood))


def standing_of(row: "Record") -> Standing:
    """How a ticket stands, from a row of `load_row`."""
    return Standing(
        state=TicketState(row["state"]),
        party=row["party"],
        party_kind=PartyKind(row["party_kind"]) if row["party_kind"] else None,
        parties=frozenset(row["parties"]),
        opened_by=row["opened_by"],
        resolved_by=row["resolved_by"],
    )


async def load_row(ticket: UUID, actor: Actor) -> "Record":
    """A ticket that the actor may see. Raises NotFound for any other."""
    row = await fetch_row(f"SELECT {_COLUMNS} FROM ticket t {_JOINED} WHERE t.id = $1", ticket)
    if row is None or not rules.may_see(reader_of(actor, row["neighbourhood"]), standing_of(row)):
        raise NotFound("There is no such ticket, or not for you.")
    return row


async def load_detail(ticket: UUID, *, actor: Actor, now: datetime) -> TicketDetail:
    """A ticket with its trail, as the actor may see it. Raises NotFound."""
    row = await load_row(ticket, actor)
    events = await fetch(
        """SELECT e.id, e.at, e.kind, e.person, w.name AS by_name, e.note, e.party, p.kind AS party_kind, p.name AS party_name,
                  p.phone AS party_phone
           FROM ticket_event e JOIN person w ON w.id = e.person LEFT JOIN party p ON p.id = e.party
           WHERE e.ticket = $1 ORDER BY e.version""",
        ticket,
    )
    photos = await fetch(
        """SELECT tp.event, tp.photo, ph.width, ph.height FROM ticket_photo tp
           LEFT JOIN photo ph ON ph.id = tp.photo AND ph.owner = tp.owner WHERE tp.ticket = $1 ORDER BY tp.position""",
        ticket,
    )
    of_event: dict[UUID, list[PhotoOut]] = {}
    for photo in photos:
        if photo["width"] is not None:
            of_event.setdefault(photo["event"], []).append(photo_out(photo["photo"], photo["width"], photo["height"]))
    reader, standing = reader_of(actor, row["neighbourhood"]), standing_of(row)
    return TicketDetail(
        **_listed(row, now),
        details=row["details"],
        seen_at=row["seen_at"],
        phone_at=row["phone_at"],
        clock_off=row["clock_off"],
        opened_by_name=_name(events[0], reader),
        mine=row["opened_by"] == actor.person,
        version=row["version"],
        photos=of_event.get(events[0]["id"], []),
        photos_on_the_way=sum(photo["width"] is None for photo in photos),
        timeline=[
            TicketEvent(
                at=event["at"],
                kind=event["kind"],
                by_name=_name(event, reader),
                party=_party(event),
                note=event["note"],
                photos=of_event.get(event["id"], []),
            )
            for event in events
        ],
        acts=rules.possible_acts(reader, standing),
    )


async def list_tickets(
    neighbourhood: UUID, filters: Filters, *, order: ListOrder, cursor: str | None, limit: int, actor: Actor, now: datetime
) -> TicketPage:
    """A page of a neighbourhood's tickets that the actor may see. Raises BadCursor; BadRequest for an unusable `since`."""
    values: list[Any] = []

    def value(given: object) -> str:
        values.append(given)
        return f"${len(values)}"

    where = [f"t.neighbourhood = {value(neighbourhood)}"]
    if not actor.may(Permission.LIST_ALL_TICKETS, neighbourhood):
        parties = value(list(actor.parties(neighbourhood)))
        where.append(f"(t.parties && {parties}::uuid[] OR t.opened_by = {value(actor.person)})")
    if len(filters.states) == 1:
        where.append(f"t.state = {value(filters.states[0].value)}")
    elif filters.states:
        where.append(f"t.state = ANY ({value([state.value for state in filters.states])}::text[])")
    if filters.category is not None:
        where.append(f"t.category = {value(filters.category.value)}")
    if filters.party is not None:
        where.append(f"t.party = {value(filters.party)}")
    if filters.unassigned:
        where.append("t.party IS NULL")
    if filters.location is not None:
        where.append(f"t.location = {value(filters.location)}")
    if filters.mine:
        where.append(f"t.opened_by = {value(actor.person)}")
    if filters.overdue:
        at = value(now)
        where.append(
            "t.state IN ('open', 'declined', 'claimed')"
            f" AND (t.resolve_by < {at} OR (t.state <> 'claimed' AND t.claim_by < {at}))"
        )
    if filters.since is not None:
        since = rules.in_utc(filters.since)
        if since is None:
            raise BadRequest("`since` takes an instant with its offset, e.g. 2026-09-16T09:48:00Z.")
        where.append(f"t.opened_at >= {value(since)}")
    column, direction, beyond = ("opened_at", "DESC", "<") if order is ListOrder.NEWEST else ("resolve_by", "ASC", ">")
    if cursor is not None:
        after, after_id = Cursor.decode(cursor, datetime, UUID)
        after = rules.in_utc(after)
        if after is None:
            raise BadCursor
        where.append(f"(t.{column}, t.id) {beyond} ({value(after)}::timestamptz, {value(after_id)}::uuid)")
    # The page is cut before anything is joined to it.
    rows = await fetch(
        f"""SELECT {_COLUMNS} FROM (
                SELECT * FROM ticket t WHERE {" AND ".join(where)}
                ORDER BY t.{column} {direction}, t.id {direction} LIMIT {value(limit + 1)}
            ) t {_JOINED} ORDER BY t.{column} {direction}, t.id {direction}""",
        *values,
    )
    page, more = page_of(rows, limit)
    return TicketPage(
        items=[TicketOut(**_listed(row, now)) for row in page],
        next_cursor=Cursor.encode(page[-1][column], page[-1]["id"]) if more else None,
    )


def _listed(row: "Record", now: datetime) -> dict[str, Any]:
    """The fields of a TicketOut."""
    state = TicketState(row["state"])
    return {
        "id": row["id"],
        "number": rules.spoken_number(row["number"]),
        "neighbourhood": row["neighbourhood"],
        "category": Category(row["category"]),
        "urgency": Urgency(row["urgency"]),
        "what": row["what"],
        "state": state,
        "location": row["location"],
        "location_name": row["location_name"],
        "plate": row["plate"],
        "area_name": row["area_name"],
        "whereabouts": row["whereabouts"],
        "party": _party(row),
        "opened_at": row["opened_at"],
        "claim_by": rules.running_claim_by(state, row["claim_by"]),
        "resolve_by": rules.running_resolve_by(state, row["resolve_by"]),
        "overdue": rules.is_overdue(state, row["claim_by"], row["resolve_by"], now=now),
        "thumbnail_url": photo_url(row["shown_photo"], PhotoSize.THUMBNAIL) if row["shown_photo"] else None,
    }


def _party(row: "Record") -> PartyOut | None:
    if row["party"] is None:
        return None
    return PartyOut(id=row["party"], kind=PartyKind(row["party_kind"]), name=row["party_name"], phone=row["party_phone"])


_IN_A_PARTYS_NAME = frozenset({"claimed", "declined", "resolved"})


def _name(event: "Record", reader: Reader) -> str:
    """Who took a step. Handlers see whole names of their own party's people only."""
    known = bool(reader.roles & rules.SEES_ALL) or event["person"] == reader.person
    colleague = event["kind"] in _IN_A_PARTYS_NAME and event["party"] in reader.parties
    return rules.shown_name(event["by_name"], masked=not (known or colleague))
