"""What happened about presence. `subject` is the stay."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from mingxun.checkins.schemas import Conflict, Direction, Flag, Grade
from mingxun.ledger import Fact


class CheckedIn(Fact, frozen=True, kw_only=True, tag="checked_in"):
    """Somebody came, and a new stay began (perhaps a past one, delivered late)."""

    attendance: UUID
    person: UUID
    location: UUID
    shift: UUID | None
    at: datetime
    grade: Grade
    flags: list[Flag]
    conflict: Conflict | None


class ScannedAgain(Fact, frozen=True, kw_only=True, tag="scanned_again"):
    """One more scan of a coming or going that was known already; `counts` when it is the earlier one and moved the time."""

    silent: ClassVar[bool] = True
    attendance: UUID
    person: UUID
    location: UUID
    evidence: UUID
    direction: Direction
    at: datetime
    counts: bool
    conflict: Conflict | None


class ScanFlagged(Fact, frozen=True, kw_only=True, tag="scan_flagged"):
    """A scan that was delivered later, `actor`'s, showed something odd about this one; it has the flag since."""

    silent: ClassVar[bool] = True
    attendance: UUID
    person: UUID
    evidence: UUID
    flag: Flag


class CheckedOut(Fact, frozen=True, kw_only=True, tag="checked_out"):
    """Somebody left, and their stay ended."""

    attendance: UUID
    person: UUID
    location: UUID
    shift: UUID | None
    at: datetime
    grade: Grade
    flags: list[Flag]
    conflict: Conflict | None


class Vouched(Fact, frozen=True, kw_only=True, tag="vouched"):
    """A leader or coordinator said that somebody came or left. The person is told, so that a wrong word doesn't stand.

    Why is in the evidence.
    """

    attendance: UUID
    person: UUID
    location: UUID
    shift: UUID | None
    direction: Direction
    at: datetime
    vouched_by: UUID
    conflict: Conflict | None


class StayClosed(Fact, frozen=True, kw_only=True, tag="stay_closed"):
    """A stay was ended by supposition: the person came elsewhere, or (`assumed`) the check-out was forgotten; they are told."""

    attendance: UUID
    person: UUID
    location: UUID
    shift: UUID | None
    left_at: datetime
    assumed: bool
