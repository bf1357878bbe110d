"""Throwing away what no ticket needs."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from mingxun.kit.database import fetch, transaction
from mingxun.tickets.photos.files import folder_of

UNATTACHED_FOR = timedelta(days=90)
"""A photo that no ticket names after this long is thrown away. As long as a session lives: a phone may send the ticket that late."""
ORPHAN_AFTER = timedelta(days=1)
"""A file without a row is left alone this long: its upload may be under way."""


async def sweep_rows(*, now: datetime) -> int:
    """Forget photos that no ticket has named for 90 days, 1,000 at most; how many. Their files follow with `sweep_files`.

    Two statements: the second, with a snapshot of its own, sees whether a ticket named one before we had its lock.
    """
    found = await fetch(
        """SELECT id FROM photo p
           WHERE received_at < $1 AND NOT EXISTS (SELECT FROM ticket_photo tp WHERE tp.photo = p.id AND tp.owner = p.owner)
           ORDER BY received_at LIMIT 1000 FOR UPDATE SKIP LOCKED""",
        now - UNATTACHED_FOR,
    )
    gone = await fetch(
        """DELETE FROM photo p
           WHERE id = ANY ($1) AND NOT EXISTS (SELECT FROM ticket_photo tp WHERE tp.photo = p.id AND tp.owner = p.owner)
           RETURNING id""",
        [row["id"] for row in found],
    )
    return len(gone)


async def sweep_files(data_dir: Path, *, now: datetime) -> int:
    """Remove files without a row that are older than a day; how many. Opens a short transaction for each folder."""
    removed = 0
    for folder in await asyncio.to_thread(_folders, folder_of(data_dir)):
        old = await asyncio.to_thread(_old_files, folder, (now - ORPHAN_AFTER).timestamp())
        named = {path: _photo_of(path) for path in old}
        async with transaction():
            rows = await fetch(
                "SELECT id FROM photo WHERE id = ANY ($1)", [photo for photo in named.values() if photo is not None]
            )
        kept = {row["id"] for row in rows}
        removed += await asyncio.to_thread(_remove, [path for path, photo in named.items() if photo is None or photo not in kept])
    return removed


def _folders(photos: Path) -> list[Path]:
    return sorted(path for path in photos.iterdir() if path.is_dir()) if photos.is_dir() else []


def _old_files(folder: Path, before: float) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and path.stat().st_mtime < before]


def _photo_of(path: Path) -> UUID | None:
    """The photo whose file this is; None for what was laid aside and never put in place."""
    if path.parent.name == "incoming":
        return None
    try:
        return UUID(path.name.partition(".")[0])
    except ValueError:
        return None


def _remove(paths: Iterable[Path]) -> int:
    count = 0
    for path in paths:
        path.unlink(missing_ok=True)
        count += 1
    return count
