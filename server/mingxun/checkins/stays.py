"""How scans make up stays: which coming a scan is, when a stay ends that nobody ended, and what two phones' stories come to.

Pure. The rule, stated once: of several scans of one coming, or of one going, the earliest counts, and the others are kept beside
it; a person's own phone goes before somebody's word, and either before what the service only supposes. Somebody is at one place
at a time: whoever comes to another has left the one before. In which order the phones deliver does not change that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

from mingxun.checkins.schemas import Conflict

SAME_ARRIVAL = timedelta(minutes=10)
"""A scan this shortly before a coming at the same place, for the same shift, is that same coming (two phones, two taps)."""
CONFLICT_TOLERANCE = timedelta(minutes=5)
"""Two scans of one going this close together agree."""
OPEN_AFTER_SHIFT = timedelta(hours=4)
"""How long after its shift a stay is left open; then a check-out was forgotten."""
OPEN_UNSCHEDULED = timedelta(hours=12)
"""The same for an unscheduled round, counted from its beginning."""


class Standing(IntEnum):
    """Whose story goes first: the lower."""

    PHONE = 0
    """The person's own phone, whatever the grade."""
    WORD = 1
    """A leader's or coordinator's word, or a paper sheet."""
    SUPPOSED = 2
    """Nobody said so: the person was seen elsewhere, or the time was up."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay as far as these rules look at it."""

    id: UUID
    location: UUID
    shift: UUID | None
    shift_ends_at: datetime | None
    arrived_at: datetime
    left_at: datetime | None = None
    left_standing: Standing | None = None
    """Of the going that counts; None while it is open."""

    @property
    def supposed(self) -> bool:
        """Open, or ended by supposition only: a real going would end it otherwise."""
        return self.left_at is None or self.left_standing is Standing.SUPPOSED

    @property
    def deadline(self) -> datetime:
        """When an open stay is taken to be forgotten."""
        if self.shift_ends_at is None:
            return self.arrived_at + OPEN_UNSCHEDULED
        return max(self.shift_ends_at, self.arrived_at) + OPEN_AFTER_SHIFT


@dataclass(frozen=True, slots=True)
class End:
    """When a stay that nobody ended is taken to have ended."""

    at: datetime
    assumed: bool
    """False: the person was seen elsewhere then. True: the check-out was forgotten, and the end of the shift stands for it."""


def forgotten_end(stay: Stay, last_seen: datetime | None = None) -> End:
    """The end of a stay whose check-out was forgotten: its shift's end. Of an unscheduled round nothing is known but when
    the person was last seen there, so no time is invented.
    """
    seen = max(stay.arrived_at, last_seen or stay.arrived_at)
    return End(max(stay.shift_ends_at or seen, seen), assumed=True)


def end_at_next(stay: Stay, next_arrival: datetime) -> End:
    """The end of an open stay when the person came somewhere else at `next_arrival`."""
    if next_arrival > stay.deadline:
        return forgotten_end(stay)
    return End(max(next_arrival, stay.arrived_at), assumed=False)


@dataclass(frozen=True, slots=True)
class Coming:
    """What a check-in is: the coming of a stay that is known (`again`), or of a new one."""

    again: Stay | None = None
    """It is the coming of this stay, seen once more."""
    ends_before: End | None = None
    """The stay before it ends so, having been open or supposed to last longer."""
    own_end: End | None = None
    """It was delivered after a later coming: the new stay is over already."""
    conflict: Conflict | None = None


def coming(
    at: datetime, location: UUID, shift: UUID | None, shift_ends_at: datetime | None, before: Stay | None, after: Stay | None
) -> Coming:
    """Decide what a check-in at the instant `at` is.

    `before` is the person's last stay that began at `at` or earlier, `after` the first that began later.
    """
    if before is not None and _same(before, location, shift) and _spans(before, at):
        return Coming(again=before)
    ends_before, conflict = None, None
    if before is not None and (before.left_at is None or before.left_at > at):
        if before.supposed:
            ends_before = end_at_next(before, at)
        else:
            conflict = Conflict.OVERLAPS
    if after is None:
        return Coming(ends_before=ends_before, conflict=conflict)
    if _same(after, location, shift) and after.arrived_at - at <= SAME_ARRIVAL:
        return Coming(again=after, ends_before=ends_before, conflict=conflict)
    stay = Stay(id=after.id, location=location, shift=shift, shift_ends_at=shift_ends_at, arrived_at=at)
    return Coming(ends_before=ends_before, own_end=end_at_next(stay, after.arrived_at), conflict=conflict)


def _same(stay: Stay, location: UUID, shift: UUID | None) -> bool:
    return stay.location == location and (shift is None or stay.shift == shift)


def _spans(stay: Stay, at: datetime) -> bool:
    if stay.left_at is None:
        return at <= stay.deadline
    return stay.arrived_at <= at < stay.left_at


@dataclass(frozen=True, slots=True)
class Going:
    """What a check-out does to its stay."""

    counts: bool
    """It ends the stay; whatever ended it before is kept beside it."""
    left_at: datetime
    """When the stay ends now, whether or not by this."""
    conflict: Conflict | None = None


def going(stay: Stay, at: datetime, standing: Standing) -> Going:
    """Decide what a check-out at the instant `at` does to `stay`, open or ended."""
    left = max(at, stay.arrived_at)
    too_early = Conflict.LEFT_BEFORE_ARRIVING if stay.arrived_at - at > CONFLICT_TOLERANCE else None
    if stay.left_at is None or stay.left_standing is None or stay.left_standing is Standing.SUPPOSED:
        return Going(counts=True, left_at=left, conflict=too_early)
    twice = Conflict.LEFT_TWICE if abs(stay.left_at - at) > CONFLICT_TOLERANCE else None
    counts = (standing, at) < (stay.left_standing, stay.left_at)
    return Going(counts=counts, left_at=left if counts else stay.left_at, conflict=too_early or twice)


def arrival_counts(stay: Stay, stay_standing: Standing, at: datetime, standing: Standing) -> bool:
    """Whether another scan of a stay's coming goes before the one that counts."""
    return (standing, at) < (stay_standing, stay.arrived_at)
