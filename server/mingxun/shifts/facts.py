"""What happens to shifts and to the people on them. Each names whom it concerns, so that whoever announces it need not ask again.

The subject of each is the shift, whose row has the texts: its title, and why it was cancelled.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec

from mingxun.ledger import Fact
from mingxun.shifts.schemas import Effect, NeedRole, ShiftKind


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """A shift as it was when the fact happened."""

    kind: ShiftKind
    location: UUID
    starts_at: datetime
    ends_at: datetime
    made_by: UUID
    """Who planned it: whoever withdraws, leaves them a place to fill."""


class PersonAffected(msgspec.Struct, frozen=True, kw_only=True):
    """What a change does to one person."""

    person: UUID
    effect: Effect


class NeedCount(msgspec.Struct, frozen=True, kw_only=True):
    """A need's numbers."""

    need: UUID
    role: NeedRole
    minimum: int
    desired: int
    maximum: int


class Wording(StrEnum):
    """The texts of a shift that can change. What they were, and became, is in the table `shift_change`."""

    TITLE = "title"
    NOTE = "note"


class ShiftCreated(Fact, frozen=True, kw_only=True, tag="shift_created"):
    """A coordinator planned a shift."""

    silent: ClassVar[bool] = True
    duty: Duty
    needs: list[NeedCount]


class ShiftChanged(Fact, frozen=True, kw_only=True, tag="shift_changed"):
    """A coordinator changed a shift's time, place, words or needs. Everyone in `affected` is to be told."""

    before: Duty
    after: Duty
    needs_before: list[NeedCount]
    needs_after: list[NeedCount]
    affected: list[PersonAffected]
    """Empty when only the needs' numbers changed."""
    reworded: list[Wording] = msgspec.field(default_factory=list)


class ShiftCancelled(Fact, frozen=True, kw_only=True, tag="shift_cancelled"):
    """A coordinator cancelled a shift. Everyone in `persons` was on it and is to be told, with the reason that the shift has."""

    duty: Duty
    persons: list[UUID]


class SignedUp(Fact, frozen=True, kw_only=True, tag="signed_up"):
    """A person took a place themselves, beforehand or on the spot."""

    person: UUID
    need: UUID
    assignment: UUID
    duty: Duty


class Withdrew(Fact, frozen=True, kw_only=True, tag="withdrew"):
    """A person gave their place back. Who planned the shift (`duty.made_by`) is to be told."""

    person: UUID
    need: UUID
    assignment: UUID
    duty: Duty


class Assigned(Fact, frozen=True, kw_only=True, tag="assigned"):
    """A coordinator gave `person` a place; they are to be told."""

    person: UUID
    need: UUID
    assignment: UUID
    duty: Duty


class Unassigned(Fact, frozen=True, kw_only=True, tag="unassigned"):
    """A coordinator took `person` off the shift; they are to be told."""

    person: UUID
    need: UUID
    assignment: UUID
    duty: Duty


ShiftFact = ShiftCreated | ShiftChanged | ShiftCancelled | SignedUp | Withdrew | Assigned | Unassigned
