"""The inbox and the subscriptions of one person; the caller holds the transaction."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric import ec

from mingxun.kit.database import execute, fetch, fetch_row, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.paging import Cursor, page_of
from mingxun.kit.problems import NotFound
from mingxun.ledger import hint
from mingxun.notifications.announcing import phones_of, write
from mingxun.notifications.endpoints import refuse
from mingxun.notifications.outcomes import FAILING, Reason
from mingxun.notifications.problems import BrokenSubscriptionKeys, EndpointRefused, NoSubscription, SubscriptionGone
from mingxun.notifications.rules import Draft, Manner
from mingxun.notifications.schemas import (
    DeliveryState,
    MarkRead,
    MessageOut,
    MessagePage,
    PushSubscriptionOut,
    SubscribePush,
)
from mingxun.people.access import Actor

if TYPE_CHECKING:
    from asyncpg import Record

MOST_PHONES = 20
"""Subscriptions a person can have; the oldest gives way. More is a fault or a nuisance: each message goes to all of them."""


# Inbox


async def list_inbox(person: UUID, *, cursor: str | None, limit: int) -> MessagePage:
    """The person's messages, newest first, and how many are unread. Raises BadCursor."""
    at, last = Cursor.decode(cursor, datetime, UUID) if cursor else (None, None)
    rows = await fetch(
        """SELECT id, kind, title, body, path, at, read_at, push FROM message
           WHERE person = $1 AND ($2::timestamptz IS NULL OR (at, id) < ($2, $3))
           ORDER BY at DESC, id DESC LIMIT $4""",
        person,
        at,
        last,
        limit + 1,
    )
    page, more = page_of(rows, limit)
    return MessagePage(
        items=[_message(row) for row in page],
        next_cursor=Cursor.encode(page[-1]["at"], page[-1]["id"]) if more else None,
        unread=await unread(person),
    )


def _message(row: "Record") -> MessageOut:
    return MessageOut(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        body=row["body"],
        path=row["path"],
        at=row["at"],
        read=row["read_at"] is not None,
        push=DeliveryState(row["push"]),
    )


async def unread(person: UUID) -> int:
    """How many messages the person has not read."""
    count: int = await fetch_value("SELECT count(*) FROM message WHERE person = $1 AND read_at IS NULL", person)
    return count


async def mark_read(person: UUID, wanted: MarkRead, *, now: datetime) -> int:
    """Mark messages as read, those of others and unknown ones left alone; how many remain unread."""
    marked = await execute(
        """UPDATE message SET read_at = $2
           WHERE person = $1 AND read_at IS NULL
             AND (id = ANY($3) OR (at, id) <= (SELECT at, id FROM message WHERE id = $4 AND person = $1))""",
        person,
        now,
        wanted.messages,
        wanted.up_to,
    )
    if marked:
        await hint(topic="inbox_read", subject=person, person=person)
    return await unread(person)


# Subscriptions


async def subscribe(actor: Actor, wanted: SubscribePush, *, allow_private: bool, now: datetime) -> PushSubscriptionOut:
    """Push to this browser from now on, for as long as its session lives. The same endpoint again renews it, also for another
    session or person that signed in there meanwhile. Raises EndpointRefused, BrokenSubscriptionKeys, SubscriptionGone.
    """
    if (refusal := refuse(wanted.endpoint, allow_private=allow_private)) is not None:
        raise EndpointRefused(reason=refusal)
    if not keys_usable(wanted.p256dh, wanted.auth):
        raise BrokenSubscriptionKeys
    # A browser renews whenever the app is opened, so what has failed before counts on; only with new keys, or once it was retired,
    # does it begin anew. Not after the push service had it gone: such a browser must make another one.
    row = await fetch_row(
        """INSERT INTO push_subscription AS s (id, person, session, endpoint, p256dh, auth, made_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (endpoint) DO UPDATE SET person = $2, session = $3, p256dh = $5, auth = $6,
               failures = CASE WHEN s.retired_at IS NULL AND s.p256dh = $5 AND s.auth = $6 THEN s.failures ELSE 0 END,
               made_at = CASE WHEN s.person = $2 THEN s.made_at ELSE $7 END, retired_at = NULL, retired_reason = NULL
               WHERE s.retired_reason IS DISTINCT FROM $8 OR s.p256dh <> $5 OR s.auth <> $6
           RETURNING id, session, made_at, last_delivered_at, failures""",
        new_id(),
        actor.person,
        actor.session,
        wanted.endpoint,
        wanted.p256dh,
        wanted.auth,
        now,
        Reason.GONE.value,
    )
    if row is None:
        raise SubscriptionGone
    # A browser has one subscription; the one it had before is dead. And nobody has more than MOST_PHONES.
    await execute(
        """UPDATE push_subscription SET retired_at = $4, retired_reason = $5
           WHERE person = $1 AND id <> $2 AND retired_at IS NULL AND (session = $3 OR id NOT IN (
               SELECT id FROM push_subscription WHERE person = $1 AND retired_at IS NULL AND id <> $2
               ORDER BY made_at DESC, id DESC LIMIT $6))""",
        actor.person,
        row["id"],
        actor.session,
        now,
        Reason.REPLACED.value,
        MOST_PHONES - 1,
    )
    return _subscription(row, actor)


def keys_usable(p256dh: str, auth: str) -> bool:
    """Whether something can be encrypted for these keys (RFC 8291, section 3.1)."""
    try:
        point, secret = (
            base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)) for text in (p256dh, auth)
        )
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (binascii.Error, ValueError):
        return False
    return len(point) == 65 and len(secret) == 16


def _subscription(row: "Record", actor: Actor) -> PushSubscriptionOut:
    return PushSubscriptionOut(
        id=row["id"],
        created_at=row["made_at"],
        last_delivered_at=row["last_delivered_at"],
        failing=row["failures"] >= FAILING,
        current=row["session"] == actor.session,
    )


async def list_subscriptions(actor: Actor, *, now: datetime) -> list[PushSubscriptionOut]:
    """The actor's phones that are pushed to, newest first."""
    live = await phones_of([actor.person], now=now)
    rows = await fetch(
        """SELECT id, session, made_at, last_delivered_at, failures FROM push_subscription
           WHERE id = ANY($1) ORDER BY made_at DESC, id DESC""",
        live.get(actor.person, []),
    )
    return [_subscription(row, actor) for row in rows]


async def unsubscribe(person: UUID, subscription: UUID, *, now: datetime) -> None:
    """Push there no more. Raises NotFound."""
    found = await execute(
        """UPDATE push_subscription SET retired_at = coalesce(retired_at, $3), retired_reason = coalesce(retired_reason, $4)
           WHERE id = $2 AND person = $1""",
        person,
        subscription,
        now,
        Reason.UNSUBSCRIBED.value,
    )
    if not found:
        raise NotFound


# What the phone says


async def confirm_shown(actor: Actor, message: UUID, *, now: datetime) -> None:
    """The phone showed a message that was pushed. Saying so twice does no harm. Raises NotFound."""
    found = await execute(
        "UPDATE message SET push = CASE WHEN push = 'inbox_only' THEN push ELSE 'shown' END WHERE id = $1 AND person = $2",
        message,
        actor.person,
    )
    if not found:
        raise NotFound
    await execute(
        """UPDATE delivery d SET state = 'shown', reason = NULL, at = $3 FROM push_subscription s
           WHERE d.message = $1 AND s.id = d.subscription AND s.session = $2 AND d.state <> 'shown'""",
        message,
        actor.session,
        now,
    )


async def send_test(actor: Actor, *, now: datetime, zone: ZoneInfo) -> MessageOut:
    """Push a trial message to all phones of the actor. Raises NoSubscription when there is none."""
    if not await phones_of([actor.person], now=now):
        raise NoSubscription
    draft = Draft(actor.person, "push_test", "/inbox", Manner.PUSH)
    ids: Sequence[UUID] = await write([draft], fact=None, neighbourhood=None, now=now, zone=zone)
    row = await fetch_row("SELECT id, kind, title, body, path, at, read_at, push FROM message WHERE id = ANY($1)", list(ids))
    if row is None:
        raise NotFound
    return _message(row)
