"""How pushing goes, for `mingxun doctor`: push that dies in silence is worse than none."""

from datetime import datetime, timedelta

import msgspec

from mingxun.kit.database import fetch_row


class PushHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over the last 24 hours, but for `subscriptions` and `stuck`."""

    subscriptions: int
    """Phones that could be pushed to."""
    accepted: int
    failed: int
    key_refused: int
    """401 or 403: the push service does not take our VAPID key or `vapid_subject`. Any at all needs a look."""
    unreachable: int
    """No connection or no answer: does a firewall keep this machine from the push services?"""
    stuck: int
    """Deliveries that have waited for more than ten minutes without a single try: no worker runs, or it can't keep up."""


async def push_health(*, now: datetime) -> PushHealth:
    """Look, in the open transaction."""
    row = await fetch_row(
        """SELECT (SELECT count(*) FROM push_subscription WHERE retired_at IS NULL) AS subscriptions,
                  count(*) FILTER (WHERE state IN ('accepted', 'shown')) AS accepted,
                  count(*) FILTER (WHERE state = 'failed') AS failed,
                  count(*) FILTER (WHERE reason = 'key_refused') AS key_refused,
                  count(*) FILTER (WHERE reason IN ('unreachable', 'timeout')) AS unreachable,
                  (SELECT count(*) FROM delivery WHERE state = 'waiting' AND attempts = 0 AND at < $2) AS stuck
           FROM delivery WHERE at > $1""",
        now - timedelta(days=1),
        now - timedelta(minutes=10),
    )
    return PushHealth(**dict(row or {}))
