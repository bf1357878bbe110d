"""Somebody's word for another: for those without a phone, and for paper sheets. The caller holds the transaction."""

from uuid import UUID

from mingxun.checkins import rules
from mingxun.checkins.check_in import fingerprint_of, same_again
from mingxun.checkins.check_out import leave, load_leaving
from mingxun.checkins.facts import Vouched
from mingxun.checkins.problems import NotCheckedIn, VouchForSelf, VouchOutOfTime
from mingxun.checkins.receipts import load_attendance
from mingxun.checkins.records import Scan, load_moment, lock
from mingxun.checkins.schemas import AttendanceOut, Conflict, Direction, Flag, Grade, VouchCheckIn, VouchRefusal
from mingxun.checkins.stays import Standing
from mingxun.checkins.writing import Place, arrive
from mingxun.kit.clock import Clock
from mingxun.kit.database import fetch_row
from mingxun.kit.phone_clock import phone_time
from mingxun.kit.problems import Forbidden, NotFound
from mingxun.kit.signing import Keys
from mingxun.ledger import record
from mingxun.people.access import Act, Actor, Role
from mingxun.shifts import ShiftNow, load_shift


async def vouch_check_in(actor: Actor, shift_id: UUID, wanted: VouchCheckIn, *, clock: Clock, keys: Keys) -> AttendanceOut:
    """Record on `actor`'s word that a person came to a shift or left it, exactly once for each `wanted.id`.

    Raises NotFound for a shift or person that is not theirs to know; Forbidden when the person neither lives in a building that
    the actor leads nor serves at one; VouchForSelf, VouchOutOfTime; NotCheckedIn for a going without a coming; IdTaken.
    Holds the person's lock until the transaction ends.
    """
    await lock(wanted.person)
    shift = await load_shift(shift_id)
    actor.require(Act.VOUCH_CHECK_IN, shift.neighbourhood)
    now = clock.now()
    await _require_theirs(actor, shift, wanted.person)
    refusals = rules.may_vouch(for_self=wanted.person == actor.person, at=wanted.at, now=now)
    if VouchRefusal.FOR_SELF in refusals:
        raise VouchForSelf(refusals=list(refusals))
    if refusals:
        raise VouchOutOfTime(refusals=list(refusals))
    at = min(phone_time(wanted.at), now)
    fingerprint = fingerprint_of(keys, wanted.direction, actor.person, shift.id, wanted.person, wanted.at, wanted.reason)
    moment, seen = await load_moment(wanted.person, at, wanted.id, None)
    if seen is not None:
        return await same_again(seen, wanted.person, fingerprint)
    coming = wanted.direction is Direction.IN
    scan = Scan(
        id=wanted.id,
        direction=wanted.direction,
        standing=Standing.WORD,
        at=at,
        received_at=now,
        grade=Grade.VOUCHED,
        flags=frozenset({Flag.EARLY_OR_LATE})
        if coming and rules.early_or_late(at, shift.starts_at, shift.ends_at)
        else frozenset(),
        vouched_by=actor.person,
        reason=wanted.reason,
        fingerprint=fingerprint,
    )
    conflict: Conflict | None
    if coming:
        place = Place(shift.neighbourhood, shift.location, shift.id, shift.ends_at)
        arrived = await arrive(wanted.person, place, scan, moment, actor=actor.person)
        attendance, conflict = arrived.attendance, arrived.conflict
    else:
        leaving = await load_leaving(wanted.person, shift.id, at)
        if leaving is None:
            raise NotCheckedIn("There is no coming to this shift that this could end; enter the coming first.")
        attendance, conflict = leaving.stay.id, await leave(leaving, scan, actor=actor.person)
    fact = Vouched(
        neighbourhood=shift.neighbourhood,
        subject=attendance,
        attendance=attendance,
        person=wanted.person,
        location=shift.location,
        shift=shift.id,
        direction=wanted.direction,
        at=at,
        vouched_by=actor.person,
        conflict=conflict,
    )
    await record(fact, actor=actor.person, at=now)
    return (await load_attendance(attendance))[1]


async def _require_theirs(actor: Actor, shift: ShiftNow, person: UUID) -> None:
    """Coordinators speak for everyone in the neighbourhood; building leaders for who lives in their building or serves at it.

    Raises NotFound when the person has nothing to do with the neighbourhood, Forbidden.
    """
    row = await fetch_row(
        """SELECT p.building, l.area,
               p.neighbourhood IS NOT DISTINCT FROM $2
               OR EXISTS (SELECT FROM membership m WHERE m.person = p.id AND m.neighbourhood = $2 AND m.ended_at IS NULL)
               OR EXISTS (SELECT FROM assignment a WHERE a.person = p.id AND a.shift = $3) AS belongs
           FROM person p, location l WHERE p.id = $1 AND l.id = $4""",
        person,
        shift.neighbourhood,
        shift.id,
        shift.location,
    )
    if row is None or not row["belongs"]:
        raise NotFound("There is no such person in this neighbourhood.")
    # Who may see everybody's attendance speaks for everybody.
    if actor.may(Act.LIST_ALL_ATTENDANCE, shift.neighbourhood):
        return
    if not actor.areas(Role.BUILDING_LEADER, shift.neighbourhood) & {row["building"], row["area"]}:
        raise Forbidden("You can vouch for those who live in your building, and for shifts at it; ask a coordinator for others.")
