"""Decisions about shifts. Pure: values and `now` in, verdict out.

How many places are left is judged here only to say why somebody can't sign up; the database counts when a place is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import Enum, auto
from uuid import UUID
from zoneinfo import ZoneInfo

from mingxun.people.schemas import Role
from mingxun.shifts.schemas import Effect, NeedRole, ShiftFault, ShiftState, SignUpRefusal, WithdrawRefusal

LONGEST = timedelta(hours=24)
"""Of one shift. Longer duties are several shifts, so that somebody is always relieved. The database holds it, too."""
FURTHEST = timedelta(days=730)
"""How far ahead a shift may start: beyond, it is a slip of the year."""
AFTERWARDS = timedelta(days=31)
"""How long what happened can still be entered, from a paper sheet or from memory: so far back a new shift may start, and so long
after its end a planner adds people to a shift by hand and takes off who was not there. As far back as anybody's word for a coming
is taken (`kit.phone_clock.BELIEVABLE`), so that what is entered can be vouched for, too."""
MOVED_BACK = timedelta(days=1)
"""How far back a shift that is planned already may be moved: people look forward to it, so farther is a slip of the day."""
EARLY_CHECK_IN = timedelta(minutes=60)
"""How long before a shift begins a check-in is taken to be for it. Our assumption; earlier ones are flagged, not refused."""
LIST_DAYS = 14
"""How many days, today included, a list of shifts shows when nobody says."""
FIRST_AID_SKILL = "急救"
"""A skill of the roster that contains this (急救, 急救员证, 红十字急救 …) fits a need for first aid."""

PLANNERS = frozenset({Role.COORDINATOR, Role.SECRETARY, Role.SUBDISTRICT_ADMIN})
"""Who plans shifts, and whom those on one call about it."""
LEADERS = PLANNERS | {Role.BUILDING_LEADER}
"""Who sees the full names and telephones of those on a shift without being on it: they have to call who is missing."""

_MOST_SPECIFIC_FIRST = (NeedRole.FIRST_AID, NeedRole.PARTY_MEMBER, NeedRole.BUILDING_LEADER, NeedRole.ANYONE)
"""Rarest first, so that a place that anyone could fill stays free for anyone."""


class Way(Enum):
    """How somebody comes onto a shift, which says until when they can."""

    AHEAD = auto()
    """They sign up, until it begins."""
    ON_THE_SPOT = auto()
    """They check in there, until it ends."""
    BY_HAND = auto()
    """A planner puts them on it, until `AFTERWARDS` is over, too."""


@dataclass(frozen=True, slots=True)
class NeedNow:
    """A need as it stands."""

    id: UUID
    role: NeedRole
    minimum: int
    desired: int
    maximum: int
    taken: int

    @property
    def free(self) -> bool:
        """Whether a place is left in it."""
        return self.taken < self.maximum


@dataclass(frozen=True, slots=True)
class Clash:
    """A shift on which a person serves at the same time."""

    shift: UUID
    neighbourhood: UUID
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every reason at once, so that nobody learns them one by one."""

    refusals: tuple[SignUpRefusal, ...] = ()
    conflict: Clash | None = None
    missing: tuple[NeedRole, ...] = ()
    """What the places left ask for that the person is not known to have."""
    choices: tuple[UUID, ...] = ()
    """The needs that the person can fill, best first. Empty when refused."""

    @property
    def allowed(self) -> bool:
        """Nothing stands against it."""
        return not self.refusals


def fillable(*, party_member: bool, roles: frozenset[Role], skills: Sequence[str]) -> frozenset[NeedRole]:
    """The kinds of need that a person with these roles (in the shift's neighbourhood) and skills can fill."""
    can = {NeedRole.ANYONE}
    if party_member:
        can.add(NeedRole.PARTY_MEMBER)
    if Role.BUILDING_LEADER in roles:
        can.add(NeedRole.BUILDING_LEADER)
    if any(FIRST_AID_SKILL in skill for skill in skills):
        can.add(NeedRole.FIRST_AID)
    return frozenset(can)


def may_take_place(
    *,
    state: ShiftState,
    starts_at: datetime,
    ends_at: datetime,
    needs: Sequence[NeedNow],
    can_fill: frozenset[NeedRole],
    already_in: bool,
    conflict: Clash | None,
    now: datetime,
    way: Way = Way.AHEAD,
) -> Verdict:
    """Decide whether a person may take a place at the instant `now` (aware, UTC).

    `conflict` is the first other shift of theirs that overlaps.
    """
    refusals: list[SignUpRefusal] = []
    if state is ShiftState.CANCELLED:
        refusals.append(SignUpRefusal.CANCELLED)
    if is_closed(ends_at, now=now) if way is Way.BY_HAND else now >= ends_at:
        refusals.append(SignUpRefusal.ENDED)
    elif now >= starts_at and way is Way.AHEAD:
        refusals.append(SignUpRefusal.STARTED)
    if already_in:
        return Verdict(refusals=(*refusals, SignUpRefusal.ALREADY_IN))
    if conflict is not None:
        refusals.append(SignUpRefusal.OVERLAPS)
    free = [need for need in needs if need.free]
    fitting = sorted((n for n in free if n.role in can_fill), key=lambda n: _MOST_SPECIFIC_FIRST.index(n.role))
    missing: tuple[NeedRole, ...] = ()
    if not free:
        refusals.append(SignUpRefusal.FULL)
    elif not fitting:
        refusals.append(SignUpRefusal.NO_FITTING_NEED)
        missing = tuple(role for role in _MOST_SPECIFIC_FIRST if any(n.role is role for n in free))
    choices = () if refusals else tuple(need.id for need in fitting)
    return Verdict(refusals=tuple(refusals), conflict=conflict, missing=missing, choices=choices)


def may_withdraw(*, state: ShiftState, starts_at: datetime, in_it: bool, now: datetime) -> tuple[WithdrawRefusal, ...]:
    """Why a person can't give their place back at `now`; empty when they can."""
    if state is ShiftState.CANCELLED:
        return (WithdrawRefusal.CANCELLED,)
    refusals = []
    if now >= starts_at:
        refusals.append(WithdrawRefusal.STARTED)
    if not in_it:
        refusals.append(WithdrawRefusal.NOT_IN)
    return tuple(refusals)


def times_fit(starts_at: datetime, ends_at: datetime, *, now: datetime) -> tuple[ShiftFault, ...]:
    """What is wrong with the times of a shift that is planned at `now`, but for its being past (`is_past`)."""
    faults = []
    if ends_at <= starts_at:
        faults.append(ShiftFault.ENDS_TOO_EARLY)
    if ends_at - starts_at > LONGEST:
        faults.append(ShiftFault.TOO_LONG)
    if starts_at - now > FURTHEST:
        faults.append(ShiftFault.TOO_FAR_AHEAD)
    return tuple(faults)


def is_past(starts_at: datetime, *, now: datetime, moved: bool = False) -> bool:
    """Whether a new shift, or one that is `moved`, would have started too long ago."""
    return now - starts_at > (MOVED_BACK if moved else AFTERWARDS)


def is_closed(ends_at: datetime, *, now: datetime) -> bool:
    """Whether even a planner can no longer say who was on a shift that ended then."""
    return now >= ends_at + AFTERWARDS


@dataclass(frozen=True, slots=True)
class NeedPlan:
    """A need as somebody wants it: of an existing one its `id`."""

    id: UUID | None
    role: NeedRole
    minimum: int
    desired: int
    maximum: int


def needs_out_of_order(needs: Sequence[NeedPlan]) -> tuple[int, ...]:
    """Which of the needs, counted from 0, don't hold 0 ≤ minimum ≤ desired ≤ maximum."""
    return tuple(i for i, n in enumerate(needs) if not 0 <= n.minimum <= n.desired <= n.maximum)


def needs_unknown(needs: Sequence[NeedPlan], existing: Sequence[NeedNow]) -> tuple[int, ...]:
    """Which of the wanted needs name one that is not there, or one that was named before."""
    known = {need.id for need in existing}
    found = []
    for i, need in enumerate(needs):
        if need.id is not None:
            if need.id not in known:
                found.append(i)
            known.discard(need.id)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class BelowTaken:
    """A need that more people fill than it would have places."""

    need: NeedNow
    maximum: int


def needs_below_taken(needs: Sequence[NeedPlan], existing: Sequence[NeedNow]) -> tuple[BelowTaken, ...]:
    """The needs that people would drop out of: nobody ever does through an edit, so it is refused until they are unassigned.

    One that is left out counts as having no place, and so does one that is to ask for another role: those in it may not have it.
    """
    wanted = {need.id: need for need in needs if need.id is not None}
    found = []
    for need in existing:
        plan = wanted.get(need.id)
        maximum = 0 if plan is None or (plan.role is not need.role and plan.role is not NeedRole.ANYONE) else plan.maximum
        if need.taken > maximum:
            found.append(BelowTaken(need, maximum))
    return tuple(found)


def effects(*, times: bool, place: bool, words: bool) -> tuple[Effect, ...]:
    """What a change of a shift's times, place, or words does to everyone on it; words are told only when nothing else changed."""
    found = [effect for changed, effect in ((times, Effect.MOVED), (place, Effect.RELOCATED)) if changed]
    if words and not found:
        found.append(Effect.INFORMED)
    return tuple(found)


def surname(name: str) -> str:
    """What somebody outside a shift sees of a name on it: the first character."""
    return name[:1]


def local_midnight(now: datetime, zone: ZoneInfo, *, days: int = 0) -> datetime:
    """The instant at which the local day of `now`, or that many days later, begins."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=days), time.min, zone)


_FIRST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
_LAST_INSTANT = datetime(2200, 1, 1, tzinfo=UTC)


def clipped(instant: datetime) -> datetime:
    """An instant that a client asks about, brought to where calendars and the database can reckon with it."""
    return min(max(instant, _FIRST_INSTANT), _LAST_INSTANT)


def window(since: datetime | None, until: datetime | None, *, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The time that a list of shifts is about: from today's local midnight, for two weeks, where nobody says otherwise."""
    since = local_midnight(now, zone) if since is None else clipped(since)
    return since, local_midnight(since, zone, days=LIST_DAYS) if until is None else clipped(until)
