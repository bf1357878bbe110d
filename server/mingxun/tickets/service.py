"""Opening tickets and acting on them: load, decide, write, record. The caller holds the transaction."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from mingxun.areas import load_area
from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch, fetch_row, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.phone_clock import judge
from mingxun.kit.problems import Forbidden, IdTaken, NotFound
from mingxun.ledger import record
from mingxun.people.access import Act as Permission
from mingxun.people.access import Actor
from mingxun.people.schemas import PartyKind
from mingxun.places import load_location
from mingxun.tickets import rules
from mingxun.tickets.facts import (
    TicketClaimed,
    TicketDeclined,
    TicketHandedOver,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketVerified,
)
from mingxun.tickets.loading import load_detail, load_row, reader_of, standing_of
from mingxun.tickets.photos import attach_photos
from mingxun.tickets.problems import (
    AlreadyClaimed,
    CannotVerifyOwnWork,
    NotInNeighbourhood,
    NotYourParty,
    TicketChanged,
    TicketRefused,
)
from mingxun.tickets.rules import Refusal
from mingxun.tickets.schemas import (
    Act,
    Category,
    DeclineTicket,
    HandOverTicket,
    OpenTicket,
    ReopenTicket,
    ResolveTicket,
    TicketDetail,
    TicketState,
    Urgency,
    VerifyTicket,
)
from mingxun.tickets.tables import Ticket, TicketEvent

if TYPE_CHECKING:
    from asyncpg import Record

_PERMISSIONS = {
    Act.CLAIM: Permission.CLAIM_TICKET,
    Act.DECLINE: Permission.DECLINE_TICKET,
    Act.HAND_OVER: Permission.HAND_OVER_TICKET,
    Act.RESOLVE: Permission.RESOLVE_TICKET,
    Act.VERIFY: Permission.VERIFY_TICKET,
    Act.REOPEN: Permission.REOPEN_TICKET,
}
_KINDS = {
    Act.CLAIM: "claimed",
    Act.DECLINE: "declined",
    Act.HAND_OVER: "handed_over",
    Act.RESOLVE: "resolved",
    Act.VERIFY: "verified",
    Act.REOPEN: "reopened",
}


async def open_ticket(neighbourhood: UUID, wanted: OpenTicket, *, actor: Actor, clock: Clock, zone: ZoneInfo) -> TicketDetail:
    """Open a ticket under the phone's id; the same id with the same content by the same person is the same ticket.

    Raises IdTaken, NotInNeighbourhood, PhotoUnusable. Locks the id, and the neighbourhood's counter of the day, until the end.
    """
    now = clock.now()
    fingerprint = _fingerprint(wanted)
    seen = judge(wanted.seen_at, wanted.sent_at, now)
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"ticket {wanted.id}")
    known = await fetch_row("SELECT neighbourhood, opened_by, fingerprint FROM ticket WHERE id = $1", wanted.id)
    if known is not None:
        if tuple(known) != (neighbourhood, actor.person, fingerprint):
            raise IdTaken
        return await load_detail(wanted.id, actor=actor, now=now)
    await _check_place(neighbourhood, wanted)
    party = await _party_for(neighbourhood, wanted)
    times = rules.deadlines(wanted.category, wanted.urgency, handed_at=now, zone=zone)
    number = await _next_number(neighbourhood, now, zone)
    await Ticket.insert(
        Ticket(
            id=wanted.id,
            neighbourhood=neighbourhood,
            number=number,
            category=wanted.category.value,
            urgency=wanted.urgency.value,
            what=wanted.what.strip(),
            details=wanted.details.strip(),
            location=wanted.location,
            area=wanted.area,
            whereabouts=wanted.whereabouts.strip(),
            party=party,
            parties=[party] if party else [],
            state=TicketState.OPEN.value,
            opened_by=actor.person,
            opened_at=now,
            seen_at=seen.at,
            phone_at=seen.said,
            clock_off=seen.clock_off,
            claim_by=times.claim_by,
            resolve_by=times.resolve_by,
            fingerprint=fingerprint,
            version=1,
        )
    ).run()
    await _step(wanted.id, neighbourhood, 1, "opened", actor.person, party, "", wanted.photos, now)
    fact = TicketOpened(
        neighbourhood=neighbourhood,
        subject=wanted.id,
        number=rules.spoken_number(number),
        category=wanted.category,
        urgency=wanted.urgency,
        opened_by=actor.person,
        party=party,
        location=wanted.location,
        area=wanted.area,
        step=1,
    )
    await record(fact, actor=actor.person, at=now)
    return await load_detail(wanted.id, actor=actor, now=now)


def _fingerprint(wanted: OpenTicket) -> bytes:
    """Of what a report says. `sent_at` is another one with each sending, and was not there in older versions."""
    said = msgspec.structs.asdict(wanted)
    del said["sent_at"]
    return hashlib.sha256(msgspec.json.encode(said)).digest()


async def claim_ticket(ticket: UUID, *, actor: Actor, expected: int | None, clock: Clock) -> TicketDetail:
    """Claim for the party; of two at once exactly one succeeds. Raises AlreadyClaimed and what `_begin` raises."""
    row = await _begin(ticket, Act.CLAIM, actor, expected)
    if row is not None:
        await _advance(row, Act.CLAIM, actor, clock, "", ())
        await record(TicketClaimed(**_about(row)), actor=actor.person, at=clock.now())
    return await load_detail(ticket, actor=actor, now=clock.now())


async def decline_ticket(
    ticket: UUID, wanted: DeclineTicket, *, actor: Actor, expected: int | None, clock: Clock
) -> TicketDetail:
    """Say no for the party; a coordinator hands it on. Raises what `_begin` raises."""
    row = await _begin(ticket, Act.DECLINE, actor, expected, note=wanted.reason)
    if row is not None:
        await _advance(row, Act.DECLINE, actor, clock, wanted.reason, ())
        await record(TicketDeclined(**_about(row)), actor=actor.person, at=clock.now())
    return await load_detail(ticket, actor=actor, now=clock.now())


async def hand_over_ticket(
    ticket: UUID, wanted: HandOverTicket, *, actor: Actor, expected: int | None, clock: Clock, zone: ZoneInfo
) -> TicketDetail:
    """Give it to another party of the neighbourhood, which gets the whole time. Raises what `_begin` raises.

    Whoever hands it away still sees it: their party was once its party.
    """
    row = await _begin(ticket, Act.HAND_OVER, actor, expected, note=wanted.note, to=wanted.party)
    if row is not None:
        times = rules.deadlines(Category(row["category"]), Urgency(row["urgency"]), handed_at=clock.now(), zone=zone)
        await _advance(row, Act.HAND_OVER, actor, clock, wanted.note, (), party=wanted.party, times=times)
        fact = TicketHandedOver(**{**_about(row), "party": wanted.party}, from_party=row["party"])
        await record(fact, actor=actor.person, at=clock.now())
    return await load_detail(ticket, actor=actor, now=clock.now())


async def resolve_ticket(
    ticket: UUID, wanted: ResolveTicket, *, actor: Actor, expected: int | None, clock: Clock
) -> TicketDetail:
    """Say that it is mended, with a photo of how it looks now. Raises PhotoUnusable, and what `_begin` raises."""
    row = await _begin(ticket, Act.RESOLVE, actor, expected, note=wanted.note, photos=wanted.photos)
    if row is not None:
        await _advance(row, Act.RESOLVE, actor, clock, wanted.note, wanted.photos)
        await record(TicketResolved(**_about(row)), actor=actor.person, at=clock.now())
    return await load_detail(ticket, actor=actor, now=clock.now())


async def verify_ticket(ticket: UUID, wanted: VerifyTicket, *, actor: Actor, expected: int | None, clock: Clock) -> TicketDetail:
    """Say that one has seen it mended. Raises CannotVerifyOwnWork, PhotoUnusable, and what `_begin` raises."""
    row = await _begin(ticket, Act.VERIFY, actor, expected, note=wanted.note, photos=wanted.photos)
    if row is not None:
        await _advance(row, Act.VERIFY, actor, clock, wanted.note, wanted.photos)
        await record(TicketVerified(**_about(row), resolved_by=row["resolved_by"]), actor=actor.person, at=clock.now())
    return await load_detail(ticket, actor=actor, now=clock.now())


async def reopen_ticket(
    ticket: UUID, wanted: ReopenTicket, *, actor: Actor, expected: int | None, clock: Clock, zone: ZoneInfo
) -> TicketDetail:
    """Say that it is not mended: back to the same party, with the whole time. Raises PhotoUnusable, and what `_begin` raises."""
    row = await _begin(ticket, Act.REOPEN, actor, expected, note=wanted.reason, photos=wanted.photos)
    if row is not None:
        times = rules.deadlines(Category(row["category"]), Urgency(row["urgency"]), handed_at=clock.now(), zone=zone)
        await _advance(row, Act.REOPEN, actor, clock, wanted.reason, wanted.photos, times=times)
        fact = TicketReopened(**_about(row), resolved_by=row["resolved_by"])
        await record(fact, actor=actor.person, at=clock.now())
    return await load_detail(ticket, actor=actor, now=clock.now())


async def _begin(
    ticket: UUID,
    act: Act,
    actor: Actor,
    expected: int | None,
    *,
    note: str = "",
    photos: Sequence[UUID] = (),
    to: UUID | None = None,
) -> "Record | None":
    """Lock the ticket and decide. The row to act on; None when this very act by this person is the last that happened (a retry).

    `expected` is the version that the person saw. Raises NotFound, Forbidden, NotYourParty, CannotVerifyOwnWork, AlreadyClaimed,
    TicketChanged, TicketRefused, NotInNeighbourhood. The lock (FOR NO KEY UPDATE) is held until the transaction ends.
    """
    # The lock first and the joins after it: a joined row read before a wait could be of the party it was with before.
    await execute("SELECT 1 FROM ticket WHERE id = $1 FOR NO KEY UPDATE", ticket)
    row = await load_row(ticket, actor)
    actor.require(_PERMISSIONS[act], row["neighbourhood"])
    last = await fetch_row(
        """SELECT e.kind, e.person, w.name AS by_name, e.note, e.party, e.at,
                  ARRAY(SELECT photo FROM ticket_photo WHERE event = e.id ORDER BY position) AS photos
           FROM ticket_event e JOIN person w ON w.id = e.person WHERE e.ticket = $1 AND e.version = $2""",
        ticket,
        row["version"],
    )
    if last is None:
        raise RuntimeError("a ticket's version has no step")  # each is made with its own
    if (last["kind"], last["person"], last["note"], list(last["photos"])) == (_KINDS[act], actor.person, note, list(photos)) and (
        to is None or to == last["party"]
    ):
        return None
    reader, standing = reader_of(actor, row["neighbourhood"]), standing_of(row)
    refusal = rules.judge(act, reader, standing, to=to)
    now_is = {
        "state": row["state"],
        "version": row["version"],
        "last_act": last["kind"],
        "party_name": row["party_name"],
        "by_name": rules.shown_name(
            last["by_name"], masked=not reader.roles & rules.SEES_ALL and last["party"] not in reader.parties
        ),
        "at": last["at"],
    }
    match refusal:
        case Refusal.NOT_ALLOWED:
            raise Forbidden
        case Refusal.NOT_YOUR_PARTY:
            raise NotYourParty(**now_is)
        case Refusal.OWN_WORK:
            raise CannotVerifyOwnWork
        case Refusal.ALREADY_CLAIMED:
            raise AlreadyClaimed(**now_is)
        case Refusal.WRONG_STATE:
            raise TicketChanged(**now_is)
        case Refusal.NO_PARTY | Refusal.SAME_PARTY:
            raise TicketRefused(refusal=refusal, **now_is)
    if expected is not None and expected != row["version"]:
        raise TicketChanged(**now_is)
    if to is not None and to not in {party.id for party in await _parties_of(row["neighbourhood"])}:
        raise NotInNeighbourhood(field="party")
    return row


async def _advance(
    row: "Record",
    act: Act,
    actor: Actor,
    clock: Clock,
    note: str,
    photos: Sequence[UUID],
    *,
    party: UUID | None = None,
    times: rules.Deadlines | None = None,
) -> None:
    """Write an act down: the new state, and a step of the trail. New `times` start both deadlines, and their alarms, anew."""
    now = clock.now()
    with_party = party or row["party"]
    await execute(
        """UPDATE ticket SET state = $2, version = version + 1, party = $3,
               parties = CASE WHEN $3 = ANY (parties) THEN parties ELSE parties || $3::uuid END,
               claim_by = coalesce($4, claim_by), resolve_by = coalesce($5, resolve_by),
               claim_overdue_at = CASE WHEN $4::timestamptz IS NULL THEN claim_overdue_at END,
               resolve_overdue_at = CASE WHEN $5::timestamptz IS NULL THEN resolve_overdue_at END,
               resolved_by = coalesce($6, resolved_by)
           WHERE id = $1""",
        row["id"],
        rules.TO[act].value,
        with_party,
        times.claim_by if times else None,
        times.resolve_by if times else None,
        actor.person if act is Act.RESOLVE else None,
    )
    await _step(row["id"], row["neighbourhood"], row["version"] + 1, _KINDS[act], actor.person, with_party, note, photos, now)


async def _step(
    ticket: UUID,
    neighbourhood: UUID,
    version: int,
    kind: str,
    person: UUID,
    party: UUID | None,
    note: str,
    photos: Sequence[UUID],
    at: datetime,
) -> None:
    event = new_id()
    await TicketEvent.insert(
        TicketEvent(
            id=event,
            neighbourhood=neighbourhood,
            ticket=ticket,
            version=version,
            at=at,
            kind=kind,
            person=person,
            party=party,
            note=note,
        )
    ).run()
    await attach_photos(photos, ticket=ticket, neighbourhood=neighbourhood, event=event, version=version, owner=person)


def _about(row: "Record") -> dict[str, Any]:
    """What the fact of a step says of the ticket; `row` is from before it."""
    return {
        "neighbourhood": row["neighbourhood"],
        "subject": row["id"],
        "number": rules.spoken_number(row["number"]),
        "category": Category(row["category"]),
        "urgency": Urgency(row["urgency"]),
        "opened_by": row["opened_by"],
        "party": row["party"],
        "step": row["version"] + 1,
    }


async def _check_place(neighbourhood: UUID, wanted: OpenTicket) -> None:
    """Raises NotInNeighbourhood."""
    if wanted.location is not None:
        try:
            await load_location(wanted.location, neighbourhood)
        except NotFound as error:
            raise NotInNeighbourhood(field="location") from error
    if wanted.area is not None:
        try:
            area = await load_area(wanted.area)
        except NotFound as error:
            raise NotInNeighbourhood(field="area") from error
        if area.neighbourhood != neighbourhood:
            raise NotInNeighbourhood(field="area")


async def _party_for(neighbourhood: UUID, wanted: OpenTicket) -> UUID | None:
    """The party named, or the category's. Raises NotInNeighbourhood."""
    parties = await _parties_of(neighbourhood)
    if wanted.party is None:
        return rules.party_for(wanted.category, parties)
    if wanted.party not in {party.id for party in parties}:
        raise NotInNeighbourhood(field="party")
    return wanted.party


async def _parties_of(neighbourhood: UUID) -> list[rules.Party]:
    """In the order in which they were added (ids are made in time's order)."""
    rows = await fetch("SELECT id, kind FROM party WHERE neighbourhood = $1 ORDER BY id", neighbourhood)
    return [rules.Party(row["id"], PartyKind(row["kind"])) for row in rows]


async def _next_number(neighbourhood: UUID, now: datetime, zone: ZoneInfo) -> str:
    """The day's next number. Whoever opens another ticket of the neighbourhood waits here until this transaction ends."""
    day = now.astimezone(zone).date()
    count = await fetch_value(
        """INSERT INTO ticket_counter (neighbourhood, day, last) VALUES ($1, $2, 1)
           ON CONFLICT (neighbourhood, day) DO UPDATE SET last = ticket_counter.last + 1 RETURNING last""",
        neighbourhood,
        day,
    )
    return rules.stored_number(day, int(count))
