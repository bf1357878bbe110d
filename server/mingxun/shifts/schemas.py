"""Requests and responses about shifts and who takes them."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from mingxun.kit.schema import Instant, Reason, Request, Response, Text, Title


class ShiftKind(StrEnum):
    """What a shift is for."""

    PATROL = "patrol"
    """小区巡逻."""
    PIONEER_POST = "pioneer_post"
    """党员先锋岗."""
    TYPHOON_FLOOD = "typhoon_flood"
    """防汛防台."""
    HOT_WEATHER = "hot_weather"
    """高温关怀."""
    COLD_WEATHER = "cold_weather"
    """寒潮关怀."""
    PUBLIC_SPACE = "public_space"
    """公共空间管理."""
    WASTE_SORTING = "waste_sorting"
    """垃圾分类."""
    GARDEN = "garden"
    """社区花园."""


class NeedRole(StrEnum):
    """Whom a need wants. Each but `anyone` gates its places."""

    ANYONE = "anyone"
    PARTY_MEMBER = "party_member"
    BUILDING_LEADER = "building_leader"
    FIRST_AID = "first_aid"


class ShiftState(StrEnum):
    OPEN = "open"
    CANCELLED = "cancelled"


class SignUpRefusal(StrEnum):
    """Why a person may not take a place. Each has a sentence in the app, in every language."""

    STARTED = "started"
    """The shift has begun; a coordinator can still add people by hand."""
    ENDED = "ended"
    """The shift is over; for 31 days more, a coordinator can add who was there."""
    CANCELLED = "cancelled"
    """The shift was cancelled."""
    ALREADY_IN = "already_in"
    """The person is on this shift already."""
    OVERLAPS = "overlaps"
    """The person serves elsewhere during this time; `conflict` names that shift."""
    NO_FITTING_NEED = "no_fitting_need"
    """Every place left asks for something the person is not known to have; `missing` names it."""
    FULL = "full"
    """All places are taken."""


class WithdrawRefusal(StrEnum):
    """Why a person can't give their place back themselves."""

    STARTED = "started"
    """The shift has begun; ask the coordinator, who can take the person off."""
    CANCELLED = "cancelled"
    """The shift was cancelled, so there is no place to give back."""
    NOT_IN = "not_in"
    """The person is not on this shift."""


class ShiftFault(StrEnum):
    """What is wrong with a shift as somebody wants to plan it."""

    ENDS_TOO_EARLY = "ends_too_early"
    """It must end after it starts."""
    TOO_LONG = "too_long"
    """It may last 24 hours at most; make two of it."""
    TOO_FAR_AHEAD = "too_far_ahead"
    """It may start two years from now at most."""
    NEEDS_OUT_OF_ORDER = "needs_out_of_order"
    """Of a need: the minimum may not be above the desired number, nor that above the maximum; `needs` says which."""
    NEED_UNKNOWN = "need_unknown"
    """A need's `id` is not one of this shift, or stands there twice; leave `id` out for a new one; `needs` says which."""


class Effect(StrEnum):
    """What a change of a shift does to somebody on it."""

    MOVED = "moved"
    """It is at another time."""
    RELOCATED = "relocated"
    """It is at another place."""
    REMOVED = "removed"
    """It is cancelled, so they don't serve."""
    CONFLICT = "conflict"
    """They serve elsewhere at the new time: it can't be moved there before that is settled."""
    INFORMED = "informed"
    """Its title, note or the like is another; they keep their place and time."""


Places = Annotated[int, Meta(ge=0, le=500)]


class NeedIn(Request, frozen=True, kw_only=True):
    """How many people of a kind a shift wants. 0 ≤ minimum ≤ desired ≤ maximum, maximum ≥ 1."""

    id: UUID | None = None
    """Of an existing need, when a shift is updated. A need that is left out then takes nobody any more."""
    role: NeedRole = NeedRole.ANYONE
    minimum: Places
    desired: Places
    maximum: Annotated[int, Meta(ge=1, le=500)]


class CreateShift(Request, frozen=True, kw_only=True):
    kind: ShiftKind
    title: Title
    location: UUID
    starts_at: Instant
    ends_at: Instant
    """After `starts_at`, by at most 24 hours."""
    note: Text = ""
    supports_property: bool = False
    """补充物业力量: it adds to the property company's own duty and never replaces it."""
    needs: Annotated[list[NeedIn], Meta(min_length=1, max_length=8)]


class UpdateShift(Request, frozen=True, kw_only=True):
    """Fields left out stay as they are. With `preview` nothing changes: the answer says who would be affected."""

    title: Title | None = None
    location: UUID | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    note: Text | None = None
    needs: Annotated[list[NeedIn], Meta(min_length=1, max_length=8)] | None = None
    version: int | None = None
    """The `version` that the change was made on; 409 `shift-changed` when it changed since. None: whatever it is now."""
    preview: bool = False


class CancelShift(Request, frozen=True, kw_only=True):
    reason: Reason
    preview: bool = False


class AssignPerson(Request, frozen=True, kw_only=True):
    person: UUID
    need: UUID | None = None
    """The first that fits when left out."""


class NeedOut(Response, frozen=True, kw_only=True):
    id: UUID
    role: NeedRole
    minimum: int
    desired: int
    maximum: int
    taken: int


class Assignee(Response, frozen=True, kw_only=True):
    """Somebody on a shift. `phone` is for leaders and coordinators; None for others."""

    person: UUID
    name: str
    need: UUID
    assigned: bool
    """True when a coordinator put them there, False when they signed up."""
    phone: str | None
    belongs: bool
    """False, for leaders and coordinators to see: they have no role in the neighbourhood any more. They stay on the shift until
    somebody takes them off it, or gives them a role again."""


class ShiftOut(Response, frozen=True, kw_only=True):
    id: UUID
    neighbourhood: UUID
    kind: ShiftKind
    title: str
    location: UUID
    location_name: str
    plate: str
    starts_at: Instant
    ends_at: Instant
    state: ShiftState
    supports_property: bool
    taken: int
    minimum: int
    desired: int
    maximum: int
    lacking: int
    """How many are missing to the minimum of each need: volunteers to spare don't make up for a missing first-aider. What a
    cancelled shift would lack, too."""
    mine: bool
    """The reader is on it; of a cancelled shift: was."""


class Contact(Response, frozen=True, kw_only=True):
    """Whom to call about a shift."""

    person: UUID | None
    """None: the residents' committee of the neighbourhood."""
    name: str
    phone: str


class ShiftDetail(ShiftOut, frozen=True, kw_only=True):
    version: int
    """Grows by one with every change of the shift itself."""
    note: str
    cancel_reason: str | None
    needs: list[NeedOut]
    assignees: list[Assignee]
    """Everyone on it; of a cancelled shift, everyone who was. Leaders and those on it see names, others surnames only."""
    refusals: list[SignUpRefusal]
    """Why the reader may not sign up now, every reason at once; empty when they may."""
    contact: Contact | None
    """For those on it and for leaders: who planned it, as long as they plan here. Else the residents' committee, if it has a
    number."""


class ShiftPage(Response, frozen=True, kw_only=True):
    items: list[ShiftOut]
    next_cursor: str | None


class Affected(Response, frozen=True, kw_only=True):
    person: UUID
    name: str
    effect: Effect


class ShiftChange(Response, frozen=True, kw_only=True):
    """The shift as it is (or, previewed, would be), and whom the change touches. They are told after it happens."""

    shift: ShiftDetail
    affected: list[Affected]
    applied: bool


class Conflict(Response, frozen=True, kw_only=True):
    """Another shift that somebody serves on at the same time: the member `conflict` of `sign-up-refused`."""

    shift: UUID | None
    """None, like `title`, when it is in a neighbourhood that the reader doesn't see into."""
    title: str | None
    starts_at: Instant
    ends_at: Instant


class PersonConflict(Conflict, frozen=True, kw_only=True):
    """An item of `conflicts` of `shift-change-conflicts`."""

    person: UUID
    name: str


class NeedBelowTaken(Response, frozen=True, kw_only=True):
    """An item of `needs` of `needs-below-taken`."""

    need: UUID
    role: NeedRole
    taken: int
    maximum: int
    """As wanted; 0 when the need was left out, or is to ask for another role."""
    excess: int
    """How many people to unassign first."""


class AssignmentOut(Response, frozen=True, kw_only=True):
    shift: UUID
    person: UUID
    need: UUID
    assigned: bool
