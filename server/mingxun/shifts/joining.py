"""Taking a place and giving it back. The caller holds the transaction; the order of locks stands in `loading`."""

from datetime import datetime
from uuid import UUID

from mingxun.kit.database import fetch_row
from mingxun.kit.ids import new_id
from mingxun.kit.problems import NotFound
from mingxun.ledger import record
from mingxun.people.access import Act, Actor
from mingxun.shifts import rules
from mingxun.shifts.candidates import can_fill, require_member
from mingxun.shifts.facts import Assigned, SignedUp, Unassigned, Withdrew
from mingxun.shifts.loading import ShiftNow, load_standing, lock_to_join
from mingxun.shifts.problems import ShiftClosed, SignUpRefused, WithdrawRefused
from mingxun.shifts.rules import Clash, Verdict, Way
from mingxun.shifts.schemas import AssignmentOut, Conflict, ShiftState, SignUpRefusal, WithdrawRefusal

_TRIES = 3
"""Looks at the needs again when every fitting place went to others between looking and taking: mostly the second look
says that it is full, but somebody may have withdrawn."""


async def sign_up(actor: Actor, shift: UUID, *, now: datetime) -> AssignmentOut:
    """Give `actor` a place on the shift; the one they have, if they are on it already.

    Raises SignUpRefused with every reason, also when the last place goes to someone else at this moment. NotFound, Forbidden.
    Locks the shift (shared) and the person's duties until the transaction ends.
    """
    found = await lock_to_join(shift, actor.person)
    actor.require(Act.SIGN_UP, found.neighbourhood)
    return await _join(found, actor.person, judged_at=now, now=now)


async def take_place(shift: UUID, person: UUID, *, at: datetime, now: datetime) -> AssignmentOut:
    """Give a person who checks in a place on the shift, also after it began; the one they have, if they are on it already.

    `at` is when they scanned: it decides whether the shift was over, however late the scan arrives. Else as `sign_up`; whether
    the person belongs to the neighbourhood is the caller's question. The caller's own locks come before those taken here.
    """
    return await _join(await lock_to_join(shift, person), person, judged_at=at, now=now, way=Way.ON_THE_SPOT)


async def assign(actor: Actor, shift: UUID, person: UUID, *, need: UUID | None, now: datetime) -> AssignmentOut:
    """Give a person a place by hand, also after the shift if they were there; the one they have, if they are on it already.

    `need`: that one, instead of the best that fits. Raises SignUpRefused with every reason; NotFound when the person does not
    belong to the neighbourhood, or the need not to the shift; Forbidden. Locks as `sign_up`.
    """
    found = await lock_to_join(shift, person)
    actor.require(Act.ASSIGN, found.neighbourhood)
    await require_member(person, found.neighbourhood)
    return await _join(found, person, judged_at=now, now=now, way=Way.BY_HAND, assigned_by=actor, only=need)


async def withdraw(actor: Actor, shift: UUID, *, now: datetime) -> None:
    """Give `actor`'s place back. Raises WithdrawRefused with every reason; NotFound, Forbidden. Locks as `sign_up`."""
    found = await lock_to_join(shift, actor.person)
    actor.require(Act.WITHDRAW, found.neighbourhood)
    place = (await load_standing(found, actor.person)).place
    refusals = rules.may_withdraw(state=found.state, starts_at=found.starts_at, in_it=place is not None, now=now)
    if refusals or place is None:
        raise WithdrawRefused(_WITHDRAW_DETAIL[refusals[0]], reasons=list(refusals))
    await _leave(found, actor.person, state="withdrawn", by=actor.person, now=now)
    fact = Withdrew(
        neighbourhood=found.neighbourhood,
        subject=found.id,
        person=actor.person,
        need=place.need,
        assignment=place.id,
        duty=found.duty,
    )
    await record(fact, actor=actor.person, at=now)


async def unassign(actor: Actor, shift: UUID, person: UUID, *, now: datetime) -> None:
    """Take a person off the shift, however they came onto it; after it, who was not there.

    Raises ShiftClosed; NotFound, also when the person is not on it; Forbidden. Locks as `sign_up`.
    """
    found = await lock_to_join(shift, person)
    actor.require(Act.UNASSIGN, found.neighbourhood)
    if found.state is ShiftState.CANCELLED or rules.is_closed(found.ends_at, now=now):
        raise ShiftClosed(state="cancelled" if found.state is ShiftState.CANCELLED else "over")
    left = await _leave(found, person, state="unassigned", by=actor.person, now=now)
    if left is None:
        raise NotFound("This person is not on the shift.")
    assignment, need = left
    fact = Unassigned(
        neighbourhood=found.neighbourhood, subject=found.id, person=person, need=need, assignment=assignment, duty=found.duty
    )
    await record(fact, actor=actor.person, at=now)


async def _join(
    shift: ShiftNow,
    person: UUID,
    *,
    judged_at: datetime,
    now: datetime,
    way: Way = Way.AHEAD,
    assigned_by: Actor | None = None,
    only: UUID | None = None,
) -> AssignmentOut:
    """Decide and take the place; `shift` and `person` are locked."""
    by = assigned_by.person if assigned_by else person
    for _ in range(_TRIES):
        standing = await load_standing(shift, person)
        if standing.place is not None:
            return AssignmentOut(shift=shift.id, person=person, need=standing.place.need, assigned=standing.place.assigned)
        needs = [need for need in standing.needs if only is None or need.id == only]
        if not needs:
            raise NotFound("The shift has no such need.")
        verdict = rules.may_take_place(
            state=shift.state,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            needs=needs,
            can_fill=await can_fill(person, shift.neighbourhood, needs),
            already_in=False,
            conflict=standing.conflict,
            now=judged_at,
            way=way,
        )
        if not verdict.allowed:
            raise _refused(verdict, shift, sees_all=assigned_by is None)
        for need in verdict.choices:
            assignment = await _take(shift, need, person, assigned=assigned_by is not None, by=by, now=now)
            if assignment is not None:
                kind = SignedUp if assigned_by is None else Assigned
                fact = kind(
                    neighbourhood=shift.neighbourhood,
                    subject=shift.id,
                    person=person,
                    need=need,
                    assignment=assignment,
                    duty=shift.duty,
                )
                await record(fact, actor=by, at=now)
                return AssignmentOut(shift=shift.id, person=person, need=need, assigned=assigned_by is not None)
    raise _refused(Verdict(refusals=(SignUpRefusal.FULL,)), shift, sees_all=True)


async def _take(shift: ShiftNow, need: UUID, person: UUID, *, assigned: bool, by: UUID, now: datetime) -> UUID | None:
    """Take a place in `need`; None when there is none left.

    Looking and taking are one statement that locks the need first, so nobody comes between. The database counts by itself.
    """
    row = await fetch_row(
        """WITH place AS (SELECT id FROM need WHERE id = $3 AND taken < maximum FOR NO KEY UPDATE)
           INSERT INTO assignment (id, neighbourhood, shift, need, person, starts_at, ends_at, state, assigned, made_by, made_at)
           SELECT $1, $2, $4, place.id, $5, $6, $7, 'active', $8, $9, $10 FROM place RETURNING id""",
        new_id(),
        shift.neighbourhood,
        need,
        shift.id,
        person,
        shift.starts_at,
        shift.ends_at,
        assigned,
        by,
        now,
    )
    return None if row is None else row["id"]


async def _leave(shift: ShiftNow, person: UUID, *, state: str, by: UUID, now: datetime) -> tuple[UUID, UUID] | None:
    """End the person's assignment, which frees its place; the assignment and its need, or None when they are not on the shift."""
    row = await fetch_row(
        """UPDATE assignment SET state = $3, ended_by = $4, ended_at = $5
           WHERE shift = $1 AND person = $2 AND state = 'active' RETURNING id, need""",
        shift.id,
        person,
        state,
        by,
        now,
    )
    return None if row is None else (row["id"], row["need"])


def _refused(verdict: Verdict, shift: ShiftNow, *, sees_all: bool) -> SignUpRefused:
    return SignUpRefused(
        " ".join(_DETAIL[reason] for reason in verdict.refusals),
        reasons=list(verdict.refusals),
        conflict=None if verdict.conflict is None else conflict_out(verdict.conflict, shift, sees_all=sees_all),
        missing=list(verdict.missing),
    )


def conflict_out(clash: Clash, shift: ShiftNow, *, sees_all: bool) -> Conflict:
    """The shift in the way, as a reader may know it: a coordinator learns of one in another neighbourhood only when it is."""
    known = sees_all or clash.neighbourhood == shift.neighbourhood
    return Conflict(
        shift=clash.shift if known else None,
        title=clash.title if known else None,
        starts_at=clash.starts_at,
        ends_at=clash.ends_at,
    )


_DETAIL = {
    SignUpRefusal.STARTED: "The shift has begun; ask the coordinator to add you.",
    SignUpRefusal.ENDED: "The shift is over; for 31 days after it, a coordinator can add who was there.",
    SignUpRefusal.CANCELLED: "The shift was cancelled.",
    SignUpRefusal.ALREADY_IN: "They are on this shift already.",
    SignUpRefusal.OVERLAPS: "It overlaps with the shift in `conflict`; withdraw from that one first.",
    SignUpRefusal.NO_FITTING_NEED: "The places left ask for what `missing` names.",
    SignUpRefusal.FULL: "All places are taken.",
}
_WITHDRAW_DETAIL = {
    WithdrawRefusal.STARTED: "The shift has begun; ask the coordinator to take you off.",
    WithdrawRefusal.CANCELLED: "The shift was cancelled; there is nothing to give back.",
    WithdrawRefusal.NOT_IN: "You are not on this shift.",
}
