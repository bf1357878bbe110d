"""The job `push`: send a batch of deliveries, and write down what became of each.

Two short transactions with the network between them, so no connection of the database waits for a push service. A worker that
dies in between leaves its deliveries waiting, and another sends them again: a phone shows the same message once, by its tag.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.kit.database import execute, fetch, transaction
from mingxun.kit.jobs import JobContext, NewJob, enqueue_all
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.notifications.announcing import batches
from mingxun.notifications.lanes import lane_to
from mingxun.notifications.outcomes import NO_FAULT, RETIRING, Outcome, Reason, next_try
from mingxun.notifications.push import Target, VapidSigner, origin_of, payload, send
from mingxun.notifications.rules import post_of
from mingxun.notifications.schemas import DeliveryState, PushMessage
from mingxun.people import live_sessions

if TYPE_CHECKING:
    from asyncpg import Record

AT_ONCE = 16
"""Pushes of one job at the same time; see `lanes.AT_ONCE` for those of all jobs to one push service."""

_signers: dict[tuple[bytes, str], VapidSigner] = {}


def signer_of(keys: Keys, settings: Settings) -> VapidSigner:
    """This process's signer; it keeps its signatures over all jobs."""
    key = (keys.vapid_private_pem, settings.vapid_subject)
    if key not in _signers:
        _signers[key] = VapidSigner(*key)
    return _signers[key]


@dataclass(frozen=True, slots=True)
class _Phone:
    """A subscription as it was when it was sent to: it may be another session's, or another person's, by the time of the answer."""

    id: UUID
    person: UUID
    session: UUID | None
    target: Target


@dataclass(frozen=True, slots=True)
class _Result:
    delivery: UUID
    message: UUID
    phone: _Phone
    attempts: int
    """This one counted; as before when nothing was sent."""
    age: timedelta
    left: timedelta
    outcome: Outcome


async def deliver(ids: Sequence[UUID], context: JobContext) -> None:
    """Push those of the deliveries that still wait."""
    async with transaction():
        rows = await fetch(
            """SELECT d.id, d.attempts, d.message, m.person AS addressee, m.kind, m.title, m.body, m.path, m.language, m.at,
                      s.id AS phone, s.person, s.session, s.endpoint, s.p256dh, s.auth, s.retired_at IS NOT NULL AS retired
               FROM delivery d JOIN message m ON m.id = d.message JOIN push_subscription s ON s.id = d.subscription
               WHERE d.id = ANY($1) AND d.state = 'waiting'
               ORDER BY d.id""",
            list(ids),
        )
        sessions = {row["session"] for row in rows if row["session"] is not None}
        live = await live_sessions(sessions, now=context.clock.now())
    if not rows:
        return
    signer = signer_of(context.keys, context.settings)
    waiting = iter(rows)

    async def push_them() -> list[_Result]:
        return [await _one(row, live, signer, context) for row in waiting]

    results = list(chain.from_iterable(await asyncio.gather(*(push_them() for _ in range(AT_ONCE)))))
    async with transaction():
        await _settle(results, now=context.clock.now())


async def _one(row: "Record", live: Mapping[UUID, UUID], signer: VapidSigner, context: JobContext) -> _Result:
    """Push one delivery, or say why not. `live`: who is signed in by each session."""
    post = post_of(row["kind"])
    phone = _Phone(row["phone"], row["person"], row["session"], Target(row["endpoint"], row["p256dh"], row["auth"]))
    lane = lane_to(origin_of(phone.target.endpoint), context.http)
    async with lane.gate:
        now = context.clock.now()
        age: timedelta = now - row["at"]
        left = post.ttl - age

        def result(outcome: Outcome, *, sent: bool) -> _Result:
            return _Result(row["id"], row["message"], phone, row["attempts"] + sent, age, left, outcome)

        if phone.person != row["addressee"]:
            return result(Outcome(Reason.TAKEN_OVER), sent=False)
        if row["retired"]:
            return result(Outcome(Reason.UNSUBSCRIBED), sent=False)
        if phone.session is None or live.get(phone.session) != phone.person:
            return result(Outcome(Reason.SIGNED_OUT), sent=False)
        if left <= timedelta(0):
            return result(Outcome(Reason.LAPSED), sent=False)
        if (closed_for := lane.closed_for) > timedelta(0):
            return result(Outcome(Reason.HELD_BACK, retry_after=closed_for), sent=False)
        message = PushMessage(
            v=1,
            message=row["message"],
            title=row["title"],
            body=row["body"],
            path=row["path"],
            tag=row["path"],
            lang=row["language"],
        )
        outcome = await send(
            payload(message),
            phone.target,
            http=context.http,
            signer=signer,
            now=now,
            ttl=left,
            urgency=post.urgency,
            allow_private=context.settings.push_allow_private,
        )
        lane.learn(outcome)
        return result(outcome, sent=True)


async def _settle(results: Sequence[_Result], *, now: datetime) -> None:
    """Write the results down: deliveries, then messages, then subscriptions, each in order of id, so that jobs don't deadlock."""
    spread = random.uniform(1.0, 1.25)  # noqa: S311 - so that what failed together does not come back together
    again: dict[int, list[UUID]] = defaultdict(list)
    states = []
    for one in results:
        pause = next_try(one.outcome, attempts=one.attempts, age=one.age, left=one.left)
        if one.outcome.reason is None:
            states.append(DeliveryState.ACCEPTED)
        elif pause is None:
            states.append(DeliveryState.FAILED)
        else:
            states.append(DeliveryState.WAITING)
            again[round(pause.total_seconds() * spread)].append(one.delivery)
    await execute(
        """WITH mine AS (SELECT id FROM delivery WHERE id = ANY($2) AND state = 'waiting' ORDER BY id FOR UPDATE)
           UPDATE delivery d SET state = r.state, attempts = r.attempts, last_status = r.status, reason = r.reason, at = $1
           FROM unnest($2::uuid[], $3::text[], $4::int[], $5::int[], $6::text[]) AS r (id, state, attempts, status, reason), mine
           WHERE d.id = r.id AND mine.id = r.id""",
        now,
        [one.delivery for one in results],
        [state.value for state in states],
        [one.attempts for one in results],
        [one.outcome.status for one in results],
        [None if one.outcome.reason is None else one.outcome.reason.value for one in results],
    )
    await _settle_messages(
        list({one.message for one, state in zip(results, states, strict=True) if state is not DeliveryState.WAITING})
    )
    await _settle_subscriptions(results, now=now)
    await enqueue_all(
        NewJob("push", b"".join(one.bytes for one in batch), after=timedelta(seconds=seconds))
        for seconds, found in again.items()
        for batch in batches(found)
    )


async def _settle_messages(messages: Sequence[UUID]) -> None:
    """A message is as far as the best of its deliveries."""
    await execute(
        """WITH mine AS (SELECT id FROM message WHERE id = ANY($1) ORDER BY id FOR UPDATE),
                best AS (
                    SELECT d.message, CASE WHEN bool_or(d.state = 'shown') THEN 'shown'
                                           WHEN bool_or(d.state = 'accepted') THEN 'accepted'
                                           WHEN bool_or(d.state = 'waiting') THEN 'waiting' ELSE 'failed' END AS state
                    FROM delivery d JOIN mine ON mine.id = d.message GROUP BY d.message)
           UPDATE message m SET push = best.state FROM best
           WHERE m.id = best.message AND m.push IS DISTINCT FROM best.state AND m.push <> 'shown'""",
        messages,
    )


async def _settle_subscriptions(results: Sequence[_Result], *, now: datetime) -> None:
    """Count failures, remember successes, retire those that are gone: of subscriptions that are still as they were sent to. What has
    been renewed meanwhile, perhaps by somebody else, begins anew."""
    reasons: dict[_Phone, Reason | None] = {}
    for one in results:
        reason = one.outcome.reason
        if reason in NO_FAULT:
            continue
        if one.phone not in reasons or reasons[one.phone] is not None:
            reasons[one.phone] = reason
    await execute(
        """WITH mine AS (SELECT id FROM push_subscription WHERE id = ANY($2) ORDER BY id FOR UPDATE)
           UPDATE push_subscription s
           SET last_delivered_at = CASE WHEN r.reason IS NULL THEN $1::timestamptz ELSE s.last_delivered_at END,
               failures = CASE WHEN r.reason IS NULL THEN 0 ELSE s.failures + 1 END,
               retired_at = CASE WHEN r.retire THEN coalesce(s.retired_at, $1::timestamptz) ELSE s.retired_at END,
               retired_reason = CASE WHEN r.retire THEN coalesce(s.retired_reason, r.reason) ELSE s.retired_reason END
           FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bool[])
                    AS r (id, person, session, p256dh, auth, reason, retire), mine
           WHERE s.id = r.id AND mine.id = r.id AND s.person = r.person AND s.session IS NOT DISTINCT FROM r.session
             AND s.p256dh = r.p256dh AND s.auth = r.auth""",
        now,
        [phone.id for phone in reasons],
        [phone.person for phone in reasons],
        [phone.session for phone in reasons],
        [phone.target.p256dh for phone in reasons],
        [phone.target.auth for phone in reasons],
        [None if reason is None else reason.value for reason in reasons.values()],
        [reason in RETIRING for reason in reasons.values()],
    )
