"""Limits on what can be guessed, counted in the database so that they hold over all processes."""

import hashlib
from datetime import UTC, datetime, timedelta

from mingxun.kit.clock import Clock
from mingxun.kit.database import apart
from mingxun.kit.problems import RateLimited


class RateLimits:
    """Counts tries in fixed windows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def take(self, bucket: str, key: str, *, limit: int, per: timedelta) -> None:
        """Count one try of `key` (kept as a hash) in `bucket`. Raises RateLimited when it is the (limit + 1)th within `per`.

        Runs on a connection of its own: the refusal of a request, which undoes all else, must not undo the count.
        """
        now = self._clock.now()
        seconds = int(per.total_seconds())
        start = int(now.timestamp()) // seconds * seconds
        taken = await self._count(bucket, hashlib.sha256(key.encode()).digest(), datetime.fromtimestamp(start, UTC))
        if taken > limit:
            raise RateLimited(retry_after=max(1, start + seconds - int(now.timestamp())))

    async def _count(self, bucket: str, key_hash: bytes, start: datetime) -> int:
        async with apart() as connection:
            value = await connection.fetchval(
                """INSERT INTO rate_limit (bucket, key_hash, window_start, taken) VALUES ($1, $2, $3, 1)
                   ON CONFLICT (bucket, key_hash, window_start) DO UPDATE SET taken = rate_limit.taken + 1 RETURNING taken""",
                bucket,
                key_hash,
                start,
            )
        return int(value)
