"""The job `push`: send a batch of deliveries, and write down what became of each.

Two short transactions with the network between them, so no connection of the database waits for a push service. A worker that
dies in between leaves its deliveries waiting, and another sends them again: a phone shows the same message once, by its tag.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.kit.database import execute, fetch, transaction
from mingxun.kit.jobs import JobContext, NewJob, enqueue_all
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.notifications.announcing import LIVE, batches
from mingxun.notifications.lanes import lane_to
from mingxun.notifications.outcomes import RETIRING, Outcome, Reason, next_try
from mingxun.notifications.push import Target, VapidSigner, origin_of, payload, send
from mingxun.notifications.rules import post_of
from mingxun.notifications.schemas import DeliveryState, PushMessage

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
class _Result:
    delivery: UUID
    message: UUID
    subscription: UUID
    attempts: int
    """This one counted; as before when nothing was sent."""
    left: timedelta
    outcome: Outcome


async def deliver(ids: Sequence[UUID], context: JobContext) -> None:
    """Push those of the deliveries that still wait."""
    async with transaction():
        rows = await fetch(
            f"""SELECT d.id, d.attempts, d.message, d.subscription, m.kind, m.title, m.body, m.path, m.language, m.at,
                       sub.endpoint, sub.p256dh, sub.auth, sub.retired_at IS NOT NULL AS retired,
                       EXISTS (SELECT FROM {LIVE} WHERE s.id = sub.id) AS live
                FROM delivery d JOIN message m ON m.id = d.message JOIN push_subscription sub ON sub.id = d.subscription
                WHERE d.id = ANY($1) AND d.state = 'waiting'
                ORDER BY d.id""",
            list(ids),
        )
    if not rows:
        return
    signer = signer_of(context.keys, context.settings)
    waiting = iter(rows)

    async def push_them() -> list[_Result]:
        return [await _one(row, signer, context) for row in waiting]

    results = list(chain.from_iterable(await asyncio.gather(*(push_them() for _ in range(AT_ONCE)))))
    async with transaction():
        await _settle(results, now=context.clock.now())


async def _one(row: "Record", signer: VapidSigner, context: JobContext) -> _Result:
    post = post_of(row["kind"])

    def result(outcome: Outcome, left: timedelta, *, sent: bool) -> _Result:
        return _Result(row["id"], row["message"], row["subscription"], row["attempts"] + sent, left, outcome)

    lane = lane_to(origin_of(row["endpoint"]), context.http)
    async with lane.gate:
        now = context.clock.now()
        left: timedelta = row["at"] + post.ttl - now
        if row["retired"]:
            return result(Outcome(Reason.UNSUBSCRIBED), left, sent=False)
        if not row["live"]:
            return result(Outcome(Reason.SIGNED_OUT), left, sent=False)
        if left <= timedelta(0):
            return result(Outcome(Reason.LAPSED), left, sent=False)
        if lane.closed:
            return result(Outcome(Reason.UNREACHABLE), left, sent=True)
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
            Target(row["endpoint"], row["p256dh"], row["auth"]),
            http=context.http,
            signer=signer,
            now=now,
            ttl=left,
            urgency=post.urgency,
            allow_private=context.settings.push_allow_private,
        )
        lane.learn(outcome)
        return result(outcome, left, sent=True)


async def _settle(results: Sequence[_Result], *, now: datetime) -> None:
    """Write the results down: deliveries, then messages, then subscriptions, each in order of id, so that jobs don't deadlock."""
    spread = random.uniform(1.0, 1.25)  # noqa: S311 - so that what failed together does not come back together
    again: dict[int, list[UUID]] = defaultdict(list)
    states = []
    for one in results:
        pause = next_try(one.outcome, attempts=one.attempts, left=one.left)
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
    """Count failures, remember successes, retire those that are gone."""
    reasons: dict[UUID, Reason | None] = {}
    for one in results:
        reason = one.outcome.reason
        if reason in {Reason.LAPSED, Reason.UNSUBSCRIBED}:
            continue  # says nothing about the phone
        if one.subscription not in reasons or reasons[one.subscription] is not None:
            reasons[one.subscription] = reason
    retiring = RETIRING | {Reason.SIGNED_OUT}
    await execute(
        """WITH mine AS (SELECT id FROM push_subscription WHERE id = ANY($2) ORDER BY id FOR UPDATE)
           UPDATE push_subscription s
           SET last_delivered_at = CASE WHEN r.reason IS NULL THEN $1::timestamptz ELSE s.last_delivered_at END,
               failures = CASE WHEN r.reason IS NULL THEN 0 ELSE s.failures + 1 END,
               retired_at = CASE WHEN r.retire THEN coalesce(s.retired_at, $1::timestamptz) ELSE s.retired_at END,
               retired_reason = CASE WHEN r.retire THEN coalesce(s.retired_reason, r.reason) ELSE s.retired_reason END
           FROM unnest($2::uuid[], $3::text[], $4::bool[]) AS r (id, reason, retire), mine
           WHERE s.id = r.id AND mine.id = r.id""",
        now,
        list(reasons),
        [None if reason is None else reason.value for reason in reasons.values()],
        [reason in retiring for reason in reasons.values()],
    )
