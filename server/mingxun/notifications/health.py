"""How pushing goes, for `mingxun doctor`: push that dies in silence is worse than none."""

from datetime import datetime, timedelta

import msgspec

from mingxun.kit.database import fetch, fetch_row
from mingxun.kit.ids import ids_since
from mingxun.people import live_sessions


class PushHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over the pushes of the last 24 hours, but for `subscriptions`."""

    subscriptions: int
    """Phones that could be pushed to."""
    accepted: int
    failed: int
    """Given up, for whatever reason."""
    key_refused: int
    """401 or 403: the push service does not take our VAPID key or `vapid_subject`. Any at all needs a look."""
    unreachable: int
    """No connection or no answer: does a firewall keep this machine from the push services?"""
    silent_services: list[str]
    """The hosts of those push services, five at most."""
    stuck: int
    """Deliveries that have waited for more than ten minutes without a single try: no worker runs, or it can't keep up."""


async def push_health(*, now: datetime) -> PushHealth:
    """Look, in the open transaction. The deliveries are found by their ids, which tell their age: one range of the primary key."""
    phones = await fetch("SELECT person, session FROM push_subscription WHERE retired_at IS NULL AND session IS NOT NULL")
    live = await live_sessions([phone["session"] for phone in phones], now=now)
    row = await fetch_row(
        """WITH recent AS (SELECT state, reason, attempts, subscription, at FROM delivery WHERE id >= $1)
           SELECT count(*) FILTER (WHERE state IN ('accepted', 'shown')) AS accepted,
                  count(*) FILTER (WHERE state = 'failed') AS failed,
                  count(*) FILTER (WHERE reason = 'key_refused') AS key_refused,
                  count(*) FILTER (WHERE reason IN ('unreachable', 'timeout', 'held_back')) AS unreachable,
                  ARRAY(SELECT DISTINCT substring(s.endpoint FROM '^https?://([^/:]+)')
                        FROM recent r JOIN push_subscription s ON s.id = r.subscription
                        WHERE r.reason IN ('unreachable', 'timeout', 'held_back') ORDER BY 1 LIMIT 5) AS silent_services,
                  count(*) FILTER (WHERE state = 'waiting' AND attempts = 0 AND reason IS NULL AND at < $2) AS stuck
           FROM recent""",
        ids_since(now - timedelta(days=1)),
        now - timedelta(minutes=10),
    )
    return PushHealth(subscriptions=sum(live.get(phone["session"]) == phone["person"] for phone in phones), **dict(row or {}))
