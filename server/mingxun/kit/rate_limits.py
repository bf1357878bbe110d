"""Limits on what can be guessed, counted in the database so that they hold over all processes."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mingxun.kit.clock import Clock
from mingxun.kit.database import apart
from mingxun.kit.problems import RateLimited


@dataclass(frozen=True, slots=True)
class Taken:
    """A try that was counted."""

    bucket: str
    key_hash: bytes
    window_start: datetime
    number: int
    """How many there have been in this window, this one included."""
    retry_after: int
    """Seconds until the window is over; at least 1."""


class RateLimits:
    """Counts tries in fixed windows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def take(self, bucket: str, key: str, *, limit: int, per: timedelta) -> Taken:
        """Count one try of `key` in `bucket`. Raises RateLimited when it is the (limit + 1)th within `per`."""
        taken = await self.count(bucket, key, per=per)
        if taken.number > limit:
            raise RateLimited(retry_after=taken.retry_after)
        return taken

    async def count(self, bucket: str, key: str, *, per: timedelta) -> Taken:
        """Count one try of `key` (kept as a hash) in `bucket`, and leave what that means to the caller.

        Runs on a connection of its own: the refusal of a request, which undoes all else, must not undo the count.
        """
        now = self._clock.now()
        seconds = int(per.total_seconds())
        start = int(now.timestamp()) // seconds * seconds
        window = datetime.fromtimestamp(start, UTC)
        key_hash = hashlib.sha256(key.encode()).digest()
        async with apart() as connection:
            number = await connection.fetchval(
                """INSERT INTO rate_limit (bucket, key_hash, window_start, taken) VALUES ($1, $2, $3, 1)
                   ON CONFLICT (bucket, key_hash, window_start) DO UPDATE SET taken = rate_limit.taken + 1 RETURNING taken""",
                bucket,
                key_hash,
                window,
            )
        return Taken(bucket, key_hash, window, int(number), retry_after=max(1, start + seconds - int(now.timestamp())))

    async def give_back(self, taken: Iterable[Taken]) -> None:
        """Uncount tries that turned out to be right: only what fails is a guess. They were counted before, so that many at once
        can't slip by."""
        rows = list(taken)
        if not rows:
            return
        async with apart() as connection:
            await connection.execute(
                """UPDATE rate_limit r SET taken = greatest(r.taken - 1, 0)
                   FROM unnest($1::text[], $2::bytea[], $3::timestamptz[]) AS t (bucket, key_hash, window_start)
                   WHERE r.bucket = t.bucket AND r.key_hash = t.key_hash AND r.window_start = t.window_start""",
                [row.bucket for row in rows],
                [row.key_hash for row in rows],
                [row.window_start for row in rows],
            )
