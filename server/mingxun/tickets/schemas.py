"""Requests and responses about tickets: what was found, who mends it, and who has seen that it is mended."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from mingxun.kit.schema import Instant, Line, Reason, Request, Response, Text, Title
from mingxun.people.schemas import PartyOut


class Category(StrEnum):
    """What is wrong. Each has a picture in the app, a time to claim and a time to resolve (`rules.DEADLINES`)."""

    WASTE = "waste"
    """垃圾清运."""
    GREENERY = "greenery"
    """绿化环境."""
    PARKING = "parking"
    """停车管理."""
    LIGHTING = "lighting"
    """路灯照明."""
    FACILITIES = "facilities"
    """公共设施损坏."""
    LIFT = "lift"
    """电梯."""
    WATER = "water"
    """积水漏水."""
    FIRE_SAFETY = "fire_safety"
    """消防通道."""
    SECURITY = "security"
    """门禁治安."""
    OTHER = "other"


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"
    """Danger to people. Shorter times."""


class TicketState(StrEnum):
    OPEN = "open"
    """Handed to a party; waits for its claim."""
    CLAIMED = "claimed"
    """The party works on it."""
    DECLINED = "declined"
    """The party said no; a coordinator hands it on."""
    RESOLVED = "resolved"
    """The party says it is mended; somebody must see it."""
    VERIFIED = "verified"
    """Seen to be mended. The end, unless somebody sees it broken again."""


class ListOrder(StrEnum):
    """How a list of tickets is sorted."""

    NEWEST = "newest"
    """Last opened first."""
    DEADLINE = "deadline"
    """Least time left to resolve first."""


class Act(StrEnum):
    """What the reader may do with a ticket now; the app shows these as buttons."""

    CLAIM = "claim"
    DECLINE = "decline"
    HAND_OVER = "hand_over"
    RESOLVE = "resolve"
    VERIFY = "verify"
    REOPEN = "reopen"


Photos = Annotated[list[UUID], Meta(max_length=8)]


class OpenTicket(Request, frozen=True, kw_only=True):
    """A finding, perhaps made hours ago without network."""

    id: UUID
    """Made by the phone; photos may be uploaded before or after."""
    category: Category
    urgency: Urgency = Urgency.NORMAL
    what: Title
    """One sentence: what is wrong."""
    details: Text = ""
    location: UUID | None = None
    area: UUID | None = None
    """A building or grid, when it is not at a location. One of the two, or neither: then the whole neighbourhood."""
    whereabouts: Line = ""
    """In words: “3 楼走廊尽头”."""
    photos: Photos = msgspec.field(default_factory=list)
    """Uploaded with `uploadPhoto` by the same person, each on one ticket only."""
    attendance: UUID | None = None
    """Sent by older apps and not kept: during which stay it was found follows from who reported it and when."""
    seen_at: Instant
    """The phone's clock when it was seen."""
    party: UUID | None = None
    """To whom it goes. None: the party that the category goes to in this neighbourhood."""
    sent_at: Instant | None = None
    """The phone's clock at this sending: shows how far it is off. Another one with each sending is still the same ticket; so leave
    out the `Idempotency-Key`. Older apps don't send it."""


class DeclineTicket(Request, frozen=True, kw_only=True):
    reason: Reason


class HandOverTicket(Request, frozen=True, kw_only=True):
    party: UUID
    note: Reason


class ResolveTicket(Request, frozen=True, kw_only=True):
    note: Text = ""
    photos: Annotated[list[UUID], Meta(min_length=1, max_length=8)]
    """At least one, of how it looks now."""


class VerifyTicket(Request, frozen=True, kw_only=True):
    note: Text = ""
    photos: Photos = msgspec.field(default_factory=list)


class ReopenTicket(Request, frozen=True, kw_only=True):
    reason: Reason
    photos: Photos = msgspec.field(default_factory=list)


class PhotoOut(Response, frozen=True, kw_only=True):
    """A photo as kept: re-encoded, upright, without metadata. `url` and `thumbnail_url` need the session."""

    id: UUID
    url: str
    thumbnail_url: str
    width: int
    height: int


class PhotoReceipt(Response, frozen=True, kw_only=True):
    """`sha256` is that of the bytes received, in hexadecimal: equal to the phone's, or the phone sends again."""

    id: UUID
    sha256: str
    width: int
    height: int


class TicketEvent(Response, frozen=True, kw_only=True):
    """One step of the trail."""

    at: Instant
    kind: str
    """`opened`, `handed_over`, `claimed`, `declined`, `resolved`, `verified`, `reopened`."""
    by_name: str
    party: PartyOut | None
    note: str
    photos: list[PhotoOut]


class TicketOut(Response, frozen=True, kw_only=True):
    """A ticket in a list."""

    id: UUID
    number: str
    """As people say it: month and day, then a count (`0916-07`)."""
    neighbourhood: UUID
    category: Category
    urgency: Urgency
    what: str
    state: TicketState
    location: UUID | None
    location_name: str | None
    plate: str | None
    area_name: str | None
    whereabouts: str
    party: PartyOut | None
    opened_at: Instant
    claim_by: Instant | None
    """Until when it should be claimed; None once it is."""
    resolve_by: Instant | None
    """Until when it should be resolved; None once it is."""
    overdue: bool
    """One of the two has passed."""
    thumbnail_url: str | None


class TicketDetail(TicketOut, frozen=True, kw_only=True):
    """A ticket with all that is known of it, as the reader may see it."""

    details: str
    seen_at: Instant
    """When it was seen: by the phone's clock, corrected where that was off; never after `opened_at`."""
    phone_at: Instant | None
    """The same as the phone's clock had it; None where no phone said it."""
    clock_off: bool
    """The phone's clock was more than 2 minutes off when it sent this, or said what can't be."""
    opened_by_name: str
    """For a reader who is nothing but a handler, only the first character (`金**`)."""
    mine: bool
    """The reader opened it."""
    version: int
    """Goes up with every act; send it back as `If-Match` to act only on what was seen."""
    photos: list[PhotoOut]
    """Those of the opening; later ones are in the timeline."""
    photos_on_the_way: int
    """Named by a phone that has not sent them yet."""
    timeline: list[TicketEvent]
    acts: list[Act]


class TicketPage(Response, frozen=True, kw_only=True):
    items: list[TicketOut]
    next_cursor: str | None
