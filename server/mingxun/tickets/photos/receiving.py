"""Taking in what a phone sends.

A photo's files are written, and synced to the disk, before its row commits: a receipt is never given for what could still be
lost. What a crash leaves behind in between is a file without a row, which `sweeping` removes.
"""

import asyncio
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from mingxun.kit.clock import Clock
from mingxun.kit.database import fetch_row, fetch_value, transaction
from mingxun.kit.ids import new_id
from mingxun.kit.problems import IdTaken, NotFound
from mingxun.kit.rate_limits import RateLimits
from mingxun.ledger import hint
from mingxun.people.access import Actor
from mingxun.tickets.photos.files import Files, files_of, folder_of
from mingxun.tickets.photos.pictures import Picture, PictureRefused, make_picture
from mingxun.tickets.problems import DigestMismatch, PhotoRefused
from mingxun.tickets.schemas import PhotoReceipt

PHOTOS_AN_HOUR = 300
"""Of one person: five tickets a minute with a photo each, for an hour."""

_AT_WORK = ThreadPoolExecutor(max_workers=2, thread_name_prefix="photo")
"""Re-encoding takes up to seconds of a processor: two at a time in a process, the others wait their turn."""


async def receive_photo(
    photo: UUID, data: bytes, *, digest: bytes | None, actor: Actor, clock: Clock, limits: RateLimits, data_dir: Path
) -> PhotoReceipt:
    """Keep what was uploaded under the phone's id; the same bytes again by the same person get the same receipt.

    Runs outside a transaction and opens short ones of its own, since re-encoding must not hold a connection. `digest` is the
    SHA-256 that the phone says. Raises DigestMismatch, PhotoRefused, IdTaken; RateLimited, but never for what is kept already.
    """
    sha256 = hashlib.sha256(data).digest()
    if digest is not None and digest != sha256:
        raise DigestMismatch(received=sha256.hex())
    async with transaction():
        known = await _receipt(photo, sha256, actor.person)
    if known is not None:
        return known
    await limits.take("photo", str(actor.person), limit=PHOTOS_AN_HOUR, per=timedelta(hours=1))
    try:
        picture, aside = await asyncio.get_running_loop().run_in_executor(_AT_WORK, _make_and_lay_aside, data, data_dir)
    except PictureRefused as refused:
        raise PhotoRefused(refusal=refused.refusal) from refused
    try:
        async with transaction():
            inserted = await fetch_value(
                """INSERT INTO photo (id, owner, sha256, width, height, bytes, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (id) DO NOTHING RETURNING id""",
                photo,
                actor.person,
                sha256,
                picture.width,
                picture.height,
                len(data),
                clock.now(),
            )
            if inserted is not None:
                # The row is ours alone until we commit, so nobody else can be putting files under this name.
                await asyncio.to_thread(_put_in_place, aside, files_of(data_dir, photo))
                await _hint_at_its_ticket(photo, actor.person)
            receipt = await _receipt(photo, sha256, actor.person)
    finally:
        for path in (aside.full, aside.thumbnail):
            path.unlink(missing_ok=True)
    if receipt is None:
        raise NotFound  # swept between two statements: not within 90 days
    return receipt


async def _receipt(photo: UUID, sha256: bytes, person: UUID) -> PhotoReceipt | None:
    """The receipt of a photo that is kept already, or None. Raises IdTaken when it is another's, or another picture."""
    row = await fetch_row("SELECT owner, sha256, width, height FROM photo WHERE id = $1", photo)
    if row is None:
        return None
    if row["owner"] != person or row["sha256"] != sha256:
        raise IdTaken
    return PhotoReceipt(id=photo, sha256=sha256.hex(), width=row["width"], height=row["height"])


async def _hint_at_its_ticket(photo: UUID, owner: UUID) -> None:
    """Whoever looks at the ticket that waited for this photo fetches it anew."""
    row = await fetch_row("SELECT ticket, neighbourhood FROM ticket_photo WHERE photo = $1 AND owner = $2", photo, owner)
    if row is not None:
        await hint(topic="photo_arrived", subject=row["ticket"], neighbourhood=row["neighbourhood"])


def _make_and_lay_aside(data: bytes, data_dir: Path) -> tuple[Picture, Files]:
    """Re-encode, and write both files under names that nobody reads yet. Raises PictureRefused."""
    picture = make_picture(data)
    folder = folder_of(data_dir) / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    name = new_id()
    aside = Files(folder / f"{name}.jpg", folder / f"{name}.thumb.jpg")
    try:
        for path, content in ((aside.full, picture.full), (aside.thumbnail, picture.thumbnail)):
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    except OSError:  # a disk that is full need not also keep the half of it
        for path in (aside.full, aside.thumbnail):
            path.unlink(missing_ok=True)
        raise
    return picture, aside


def _put_in_place(aside: Files, final: Files) -> None:
    final.full.parent.mkdir(parents=True, exist_ok=True)
    aside.thumbnail.replace(final.thumbnail)
    aside.full.replace(final.full)
    for folder in (final.full.parent, final.full.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
