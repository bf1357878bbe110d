"""Requests and responses about messages, the inbox and push."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from mingxun.kit.schema import Instant, Request, Response

B64Url = r"^[A-Za-z0-9_-]+=*$"


class PushKey(Response, frozen=True, kw_only=True):
    """The server's VAPID public key (RFC 8292), base64url, for `pushManager.subscribe`."""

    key: str


class SubscribePush(Request, frozen=True, kw_only=True):
    """A PushSubscription as the browser gives it. Subscribing the same endpoint again renews it."""

    endpoint: Annotated[str, Meta(min_length=12, max_length=1000, pattern=r"^https?://[\x21-\x7e]+$")]
    p256dh: Annotated[str, Meta(min_length=80, max_length=100, pattern=B64Url)]
    auth: Annotated[str, Meta(min_length=20, max_length=32, pattern=B64Url)]


class PushSubscriptionOut(Response, frozen=True, kw_only=True):
    id: UUID
    created_at: Instant
    last_delivered_at: Instant | None
    failing: bool
    """Nothing has reached it for a while; it is still tried."""
    current: bool
    """It is the browser that asks: made or renewed in this session."""


class PushSubscriptionList(Response, frozen=True, kw_only=True):
    items: list[PushSubscriptionOut]


class DeliveryState(StrEnum):
    """What became of a message's way to the person's phones. It is in the inbox in any case."""

    INBOX_ONLY = "inbox_only"
    """Not urgent enough to ring a phone."""
    WAITING = "waiting"
    """Queued, or to be tried again."""
    ACCEPTED = "accepted"
    """The push service took it."""
    SHOWN = "shown"
    """The phone says that it was shown."""
    FAILED = "failed"
    """Given up: no phone of theirs took it."""
    NO_CHANNEL = "no_channel"
    """The person has no phone that can be pushed to."""


class Reach(StrEnum):
    """How far a message came, the best that is known."""

    READ = "read"
    """The person has seen it in the app."""
    SHOWN = "shown"
    """Their phone says that it was shown."""
    ACCEPTED = "accepted"
    """The push service took it; the phone has not said anything yet."""
    WAITING = "waiting"
    """Queued, or to be tried again."""
    INBOX_ONLY = "inbox_only"
    """It waits in the app; no phone rings for such a message."""
    FAILED = "failed"
    """No phone of theirs took it; it waits in the app."""
    NO_CHANNEL = "no_channel"
    """They have no phone that can be pushed to; it waits in the app, if they have an account."""


class DeliveryOut(Response, frozen=True, kw_only=True):
    """One message to one person, for those who must know whether it reached them."""

    message: UUID
    person: UUID
    name: str
    phone: str | None
    """E.164; whom to call when it did not."""
    kind: str
    title: str
    """As it was worded for them."""
    at: Instant
    """When it was written."""
    reach: Reach


class DeliveryPage(Response, frozen=True, kw_only=True):
    items: list[DeliveryOut]
    next_cursor: str | None


class MessageOut(Response, frozen=True, kw_only=True):
    """One message to one person, in their language."""

    id: UUID
    kind: str
    title: str
    body: str
    path: str
    """Where tapping it leads in the app."""
    at: Instant
    read: bool
    push: DeliveryState


class MessagePage(Response, frozen=True, kw_only=True):
    items: list[MessageOut]
    next_cursor: str | None
    unread: int


MessageIds = Annotated[tuple[UUID, ...], Meta(max_length=200)]


class MarkRead(Request, frozen=True, kw_only=True):
    """Mark these, or all up to and including one."""

    messages: MessageIds = ()
    up_to: UUID | None = None


class Unread(Response, frozen=True, kw_only=True):
    unread: int


class Hint(Response, frozen=True, kw_only=True):
    """The data of an event of `streamEvents`: something changed, read it anew. All None: anything may have changed."""

    kind: str | None
    """The kind of fact (`ticket_opened`), or `message`, `inbox_read` for the reader's own inbox."""
    subject: UUID | None
    neighbourhood: UUID | None


class PushMessage(Response, frozen=True, kw_only=True):
    """What travels encrypted to the phone; `schemas/push-message.json` is made from it. No phone numbers, no coordinates."""

    v: int
    """1."""
    message: UUID
    title: str
    body: str
    path: str
    tag: str
    """Notifications with the same tag replace one another on the phone."""
    lang: str
