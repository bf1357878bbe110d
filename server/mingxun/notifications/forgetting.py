"""Throwing away what no longer says anything: how a message travelled, the message itself, phones that are gone.

What happened stays in the ledger. The caller holds the transaction; each function removes `AT_ONCE` rows at most, the oldest first,
which it finds by their ids (`ids_since`), and says how many these were.
"""

from datetime import datetime, timedelta

from mingxun.kit.database import execute
from mingxun.kit.ids import ids_since

AT_ONCE = 2000
"""Rows removed in one transaction: a fraction of a second."""
DELIVERIES_KEPT = timedelta(days=90)
"""After a delivery was settled; how far its message came stays with that."""
MESSAGES_KEPT = timedelta(days=365)
"""Of those that were read."""
PHONES_KEPT = timedelta(days=90)
"""After a subscription was retired."""


async def forget_deliveries(*, now: datetime) -> int:
    """Remove deliveries that were settled long ago."""
    before = now - DELIVERIES_KEPT
    return await execute(
        """DELETE FROM delivery WHERE id = ANY (ARRAY(
               SELECT id FROM delivery WHERE id < $1 AND at < $2 AND state <> 'waiting' ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED))""",
        ids_since(before),
        before,
        AT_ONCE,
    )


async def forget_messages(*, now: datetime) -> int:
    """Remove old messages that were read and are on their way nowhere."""
    before = now - MESSAGES_KEPT
    return await execute(
        """DELETE FROM message WHERE id = ANY (ARRAY(
               SELECT id FROM message m WHERE id < $1 AND at < $2 AND read_at IS NOT NULL
                 AND NOT EXISTS (SELECT FROM delivery d WHERE d.message = m.id)
               ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED))""",
        ids_since(before),
        before,
        AT_ONCE,
    )


async def forget_phones(*, now: datetime) -> int:
    """Remove subscriptions that were retired long ago, or whose session is forgotten, once no delivery names them."""
    before = now - PHONES_KEPT
    return await execute(
        """DELETE FROM push_subscription WHERE id = ANY (ARRAY(
               SELECT id FROM push_subscription s WHERE id < $1 AND (retired_at < $2 OR session IS NULL)
                 AND NOT EXISTS (SELECT FROM delivery d WHERE d.subscription = s.id)
               ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED))""",
        ids_since(before),
        before,
        AT_ONCE,
    )
