"""Planning shifts, changing and cancelling them. The caller holds the transaction; the order of locks stands in `loading`."""

from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

import msgspec

from mingxun.kit.database import execute, execute_many, transaction
from mingxun.kit.ids import new_id
from mingxun.ledger import FactId, record
from mingxun.people.access import Act, Actor
from mingxun.places import load_location
from mingxun.shifts import rules
from mingxun.shifts.facts import NeedCount, PersonAffected, ShiftCancelled, ShiftChanged, ShiftCreated, Wording
from mingxun.shifts.joining import conflict_out
from mingxun.shifts.loading import ShiftNow, clashes_at, load_needs, load_shift, lock_persons, lock_to_change, people_on
from mingxun.shifts.problems import NeedsBelowTaken, ShiftChangeConflicts, ShiftClosed, ShiftInPast, ShiftInvalid, ShiftStale
from mingxun.shifts.reading import detail
from mingxun.shifts.rules import Clash, NeedNow, NeedPlan
from mingxun.shifts.schemas import (
    Affected,
    CancelShift,
    CreateShift,
    Effect,
    NeedBelowTaken,
    NeedIn,
    PersonConflict,
    ShiftChange,
    ShiftDetail,
    ShiftFault,
    ShiftState,
    UpdateShift,
)


async def create_shift(actor: Actor, neighbourhood: UUID, wanted: CreateShift, *, now: datetime) -> ShiftDetail:
    """Plan a shift.

    Raises ShiftInvalid with every fault, ShiftInPast; NotFound when the location is not in the neighbourhood; Forbidden.
    """
    actor.require(Act.CREATE_SHIFT, neighbourhood)
    needs = _plans(wanted.needs)
    _check(wanted.starts_at, wanted.ends_at, needs, existing=(), now=now)
    if rules.is_past(wanted.starts_at, now=now):
        raise ShiftInPast
    location = await load_location(wanted.location, neighbourhood)
    identity = new_id()
    await execute(
        """INSERT INTO shift (id, neighbourhood, kind, title, location, starts_at, ends_at, note, supports_property, state,
                              made_by, version)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, 1)""",
        identity,
        neighbourhood,
        wanted.kind.value,
        wanted.title.strip(),
        location.id,
        wanted.starts_at,
        wanted.ends_at,
        wanted.note.strip(),
        wanted.supports_property,
        actor.person,
    )
    await _write_needs(identity, neighbourhood, needs, existing=())
    made = await load_shift(identity)
    fact = ShiftCreated(neighbourhood=neighbourhood, subject=identity, duty=made.duty, needs=_counts(await load_needs(identity)))
    await record(fact, actor=actor.person, at=now)
    return await detail(actor, made, now=now)


async def update_shift(actor: Actor, shift: UUID, wanted: UpdateShift, *, now: datetime) -> ShiftChange:
    """Change a shift, or with `wanted.preview` say what the change would do. Nobody ever drops out through it.

    Raises ShiftStale; ShiftClosed; ShiftInvalid with every fault, ShiftInPast; NeedsBelowTaken; ShiftChangeConflicts, but not in
    a preview, which lists them; NotFound, Forbidden. Locks the shift and, when it moves, the duties of everyone on it.
    """
    before = await lock_to_change(shift)
    actor.require(Act.UPDATE_SHIFT, before.neighbourhood)
    _require_open(before, closed=now >= before.ends_at)
    if wanted.version is not None and wanted.version != before.version:
        raise ShiftStale(version=before.version)
    if not wanted.preview:
        return await _update(actor, before, wanted, now=now)
    return await _previewed(_update(actor, before, wanted, now=now))


async def cancel_shift(actor: Actor, shift: UUID, wanted: CancelShift, *, now: datetime) -> ShiftChange:
    """Cancel a shift, also while it runs, or with `wanted.preview` say whom that touches. Those on it stay known.

    One that is over can be struck out while nobody is on it: it was entered by mistake, or took place without anybody.
    Raises ShiftClosed; NotFound, Forbidden. Locks the shift.
    """
    before = await lock_to_change(shift)
    actor.require(Act.CANCEL_SHIFT, before.neighbourhood)
    _require_open(before, closed=rules.is_closed(before.ends_at, now=now))
    if now >= before.ends_at and await people_on(before.id):
        raise ShiftClosed("The shift took place: first take off who was not there.", state="took_place")
    if not wanted.preview:
        return await _cancel(actor, before, wanted.reason, now=now)
    return await _previewed(_cancel(actor, before, wanted.reason, now=now))


async def _update(actor: Actor, before: ShiftNow, wanted: UpdateShift, *, now: datetime) -> ShiftChange:
    """Write the change; `before` is locked. In a preview that would be refused for conflicts, the times alone stay unwritten."""
    starts_at = wanted.starts_at or before.starts_at
    ends_at = wanted.ends_at or before.ends_at
    existing = await load_needs(before.id)
    standing_plans = [NeedPlan(n.id, n.role, n.minimum, n.desired, n.maximum) for n in existing]
    plans = standing_plans if wanted.needs is None else _plans(wanted.needs)
    _check(starts_at, ends_at, plans, existing=existing, now=now)
    if starts_at != before.starts_at and rules.is_past(starts_at, now=now, moved=True):
        raise ShiftInPast
    below = rules.needs_below_taken(plans, existing)
    if below:
        raise NeedsBelowTaken(
            needs=[
                NeedBelowTaken(
                    need=b.need.id, role=b.need.role, taken=b.need.taken, maximum=b.maximum, excess=b.need.taken - b.maximum
                )
                for b in below
            ]
        )
    location = before.location
    if wanted.location is not None and wanted.location != location:
        location = (await load_location(wanted.location, before.neighbourhood)).id
    title = before.title if wanted.title is None else wanted.title.strip()
    note = before.note if wanted.note is None else wanted.note.strip()

    people = await people_on(before.id)
    moves = (starts_at, ends_at) != (before.starts_at, before.ends_at)
    clashes: dict[UUID, Clash] = {}
    if moves and people:
        await lock_persons(list(people))
        clashes = dict(await clashes_at(before.id, starts_at, ends_at))
        if clashes and not wanted.preview:
            _refuse_conflicts(actor, before, clashes, people)
    effects = rules.effects(times=moves, place=location != before.location, words=(title, note) != (before.title, before.note))
    affected = [PersonAffected(person=p, effect=Effect.CONFLICT) for p in people if p in clashes]
    affected += [
        PersonAffected(person=p, effect=effect)
        for p in people
        for effect in effects
        if not (effect is Effect.MOVED and p in clashes)
    ]
    if not effects and plans == standing_plans:
        return ShiftChange(shift=await detail(actor, before, now=now), affected=[], applied=True)

    await execute(
        """UPDATE shift SET title = $2, note = $3, location = $4, starts_at = $5, ends_at = $6, version = version + 1
           WHERE id = $1""",
        before.id,
        title,
        note,
        location,
        before.starts_at if clashes else starts_at,
        before.ends_at if clashes else ends_at,
    )
    if plans != standing_plans:
        await _write_needs(before.id, before.neighbourhood, plans, existing=existing)
    after = await load_shift(before.id)
    texts = ((Wording.TITLE, before.title, title), (Wording.NOTE, before.note, note))
    reworded = [(wording, old, new) for wording, old, new in texts if old != new]
    fact = ShiftChanged(
        neighbourhood=before.neighbourhood,
        subject=before.id,
        before=before.duty,
        after=after.duty,
        needs_before=_counts(existing),
        needs_after=_counts(await load_needs(before.id)),
        affected=affected,
        reworded=[wording for wording, _, _ in reworded],
    )
    await _keep_wording(await record(fact, actor=actor.person, at=now), before, reworded, now=now)
    shown = await detail(actor, after, now=now)
    if clashes:
        shown = msgspec.structs.replace(shown, starts_at=starts_at, ends_at=ends_at)
    return ShiftChange(shift=shown, affected=_named(affected, people), applied=True)


async def _keep_wording(fact: FactId, shift: ShiftNow, reworded: Sequence[tuple[Wording, str, str]], *, now: datetime) -> None:
    """Write down what the texts were and became: the fact names only which, since what people type must be erasable."""
    await execute_many(
        "INSERT INTO shift_change (fact, neighbourhood, shift, field, before, after, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [(fact, shift.neighbourhood, shift.id, wording.value, old, new, now) for wording, old, new in reworded],
    )


async def _cancel(actor: Actor, before: ShiftNow, reason: str, *, now: datetime) -> ShiftChange:
    """Write the cancellation; `before` is locked."""
    people = await people_on(before.id)
    await execute(
        "UPDATE assignment SET state = 'cancelled', ended_by = $2, ended_at = $3 WHERE shift = $1 AND state = 'active'",
        before.id,
        actor.person,
        now,
    )
    await execute(
        "UPDATE shift SET state = 'cancelled', cancel_reason = $2, version = version + 1 WHERE id = $1", before.id, reason.strip()
    )
    fact = ShiftCancelled(neighbourhood=before.neighbourhood, subject=before.id, duty=before.duty, persons=list(people))
    await record(fact, actor=actor.person, at=now)
    affected = [PersonAffected(person=person, effect=Effect.REMOVED) for person in people]
    after = await load_shift(before.id)
    return ShiftChange(shift=await detail(actor, after, now=now), affected=_named(affected, people), applied=True)


class _Undo(Exception):
    """Carries what a preview found out of the savepoint that is rolled back."""

    def __init__(self, change: ShiftChange) -> None:
        self.change = change


async def _previewed(change: Coroutine[Any, Any, ShiftChange]) -> ShiftChange:
    """Do it and undo it: a preview can't say anything else than what would happen."""
    try:
        async with transaction():
            raise _Undo(await change)
    except _Undo as undo:
        return msgspec.structs.replace(undo.change, applied=False)


def _require_open(shift: ShiftNow, *, closed: bool) -> None:
    """Raises ShiftClosed when the shift is cancelled, or `closed` for what is wanted."""
    if shift.state is ShiftState.CANCELLED:
        raise ShiftClosed(state="cancelled")
    if closed:
        raise ShiftClosed(state="over")


def _check(
    starts_at: datetime, ends_at: datetime, needs: Sequence[NeedPlan], *, existing: Sequence[NeedNow], now: datetime
) -> None:
    """Raises ShiftInvalid with every fault at once."""
    faults = list(rules.times_fit(starts_at, ends_at, now=now))
    out_of_order, unknown = rules.needs_out_of_order(needs), rules.needs_unknown(needs, existing)
    if out_of_order:
        faults.append(ShiftFault.NEEDS_OUT_OF_ORDER)
    if unknown:
        faults.append(ShiftFault.NEED_UNKNOWN)
    if faults:
        raise ShiftInvalid(reasons=faults, needs=sorted({*out_of_order, *unknown}))


def _refuse_conflicts(actor: Actor, shift: ShiftNow, clashes: dict[UUID, Clash], people: dict[UUID, str]) -> NoReturn:
    found = []
    for person, clash in clashes.items():
        seen = conflict_out(clash, shift, sees_all=actor.may(Act.GET_SHIFT, clash.neighbourhood))
        found.append(
            PersonConflict(
                person=person,
                name=people[person],
                shift=seen.shift,
                title=seen.title,
                starts_at=seen.starts_at,
                ends_at=seen.ends_at,
            )
        )
    raise ShiftChangeConflicts(conflicts=found)


async def _write_needs(shift: UUID, neighbourhood: UUID, plans: Sequence[NeedPlan], *, existing: Sequence[NeedNow]) -> None:
    """Make the needs what `plans` says, in its order. One that is left out keeps its row, since places taken once refer to it."""
    kept = {plan.id for plan in plans}
    await execute(
        "UPDATE need SET minimum = 0, desired = 0, maximum = 0 WHERE shift = $1 AND id = ANY($2::uuid[])",
        shift,
        [need.id for need in existing if need.id not in kept],
    )
    await execute_many(
        """INSERT INTO need (id, neighbourhood, shift, position, role, minimum, desired, maximum)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (id) DO UPDATE SET position = excluded.position, role = excluded.role, minimum = excluded.minimum,
               desired = excluded.desired, maximum = excluded.maximum""",
        [
            (plan.id or new_id(), neighbourhood, shift, position, plan.role.value, plan.minimum, plan.desired, plan.maximum)
            for position, plan in enumerate(plans)
        ],
    )


def _plans(needs: Sequence[NeedIn]) -> list[NeedPlan]:
    return [NeedPlan(n.id, n.role, n.minimum, n.desired, n.maximum) for n in needs]


def _counts(needs: Sequence[NeedNow]) -> list[NeedCount]:
    return [NeedCount(need=n.id, role=n.role, minimum=n.minimum, desired=n.desired, maximum=n.maximum) for n in needs]


def _named(affected: Sequence[PersonAffected], people: dict[UUID, str]) -> list[Affected]:
    return [Affected(person=a.person, name=people[a.person], effect=a.effect) for a in affected]
