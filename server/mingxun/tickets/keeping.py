"""Receiving, keeping and finding photos.

A photo's files are written, and synced to the disk, before its row commits: a receipt is never given for what could still be
lost. What a crash leaves behind in between is a file without a row, which `sweep_files` removes.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from mingxun.kit.clock import Clock
from mingxun.kit.database import fetch, fetch_row, fetch_value, transaction
from mingxun.kit.ids import new_id
from mingxun.kit.problems import IdTaken, NotFound
from mingxun.ledger import hint
from mingxun.people.access import Act as Permission
from mingxun.people.access import Actor
from mingxun.tickets.photos import Picture, PictureRefused, make_picture
from mingxun.tickets.problems import DigestMismatch, PhotoRefused, PhotoUnusable
from mingxun.tickets.schemas import PhotoOut, PhotoReceipt

UNATTACHED_FOR = timedelta(days=7)
"""A photo that no ticket names after this long is thrown away."""
ORPHAN_AFTER = timedelta(days=1)
"""A file without a row is left alone this long: its upload may be under way."""

_AT_WORK = ThreadPoolExecutor(max_workers=2, thread_name_prefix="photo")
"""Re-encoding takes up to seconds of a processor: two at a time in a process, the others wait their turn."""


class PhotoSize(StrEnum):
    """Which of the two files."""

    FULL = "full"
    """At most 1,600 pixels on the long side."""
    THUMBNAIL = "thumbnail"
    """At most 320."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where a photo's two files are."""

    full: Path
    thumbnail: Path


def folder_of(data_dir: Path) -> Path:
    """All photos of an installation."""
    return data_dir / "photos"


def files_of(data_dir: Path, photo: UUID) -> Files:
    """By the id's last two digits: its first are the time (UUID v7), and would put all in one folder."""
    folder = folder_of(data_dir) / photo.hex[-2:]
    return Files(folder / f"{photo}.jpg", folder / f"{photo}.thumb.jpg")


async def receive_photo(
    photo: UUID, data: bytes, *, digest: bytes | None, actor: Actor, clock: Clock, data_dir: Path
) -> PhotoReceipt:
    """Keep what was uploaded under the phone's id; the same bytes again by the same person get the same receipt.

    Runs outside a transaction and opens short ones of its own, since re-encoding must not hold a connection. `digest` is the
    SHA-256 that the phone says. Raises DigestMismatch, PhotoRefused, IdTaken.
    """
    sha256 = hashlib.sha256(data).digest()
    if digest is not None and digest != sha256:
        raise DigestMismatch(received=sha256.hex())
    async with transaction():
        known = await _receipt(photo, sha256, actor.person)
    if known is not None:
        return known
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
        raise NotFound  # swept between two statements: not within seven days
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
    for path, content in ((aside.full, picture.full), (aside.thumbnail, picture.thumbnail)):
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
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


async def read_photo(photo: UUID, size: PhotoSize, *, actor: Actor, data_dir: Path) -> bytes:
    """The JPEG, for those who may see its ticket; until a ticket names it, for whoever sent it. Raises NotFound."""
    row = await fetch_row(
        """SELECT p.owner, t.neighbourhood, t.parties, t.opened_by
           FROM photo p LEFT JOIN ticket_photo tp ON tp.photo = p.id AND tp.owner = p.owner LEFT JOIN ticket t ON t.id = tp.ticket
           WHERE p.id = $1""",
        photo,
    )
    if row is None:
        raise NotFound
    if row["neighbourhood"] is None:
        seen = row["owner"] == actor.person
    else:
        seen = actor.may(Permission.GET_PHOTO, row["neighbourhood"]) and (
            actor.may(Permission.LIST_ALL_TICKETS, row["neighbourhood"])
            or bool(actor.parties(row["neighbourhood"]) & set(row["parties"]))
            or row["opened_by"] == actor.person
        )
    if not seen:
        raise NotFound
    files = files_of(data_dir, photo)
    path = files.full if size is PhotoSize.FULL else files.thumbnail
    try:
        return await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError as error:
        raise NotFound("The file of this photo is not here any more.") from error


async def attach_photos(
    photos: Sequence[UUID], *, ticket: UUID, neighbourhood: UUID, event: UUID, version: int, owner: UUID
) -> None:
    """Have the photos belong to a step of a ticket, whether they have arrived or not.

    Raises PhotoUnusable with those that are on a ticket already, named twice, or somebody else's. Share-locks the rows of those
    that have arrived, so that they are not swept meanwhile.
    """
    if not photos:
        return
    arrived = await fetch("SELECT id, owner FROM photo WHERE id = ANY ($1) FOR KEY SHARE", list(photos))
    wrong = {row["id"] for row in arrived if row["owner"] != owner} | {photo for photo in photos if photos.count(photo) > 1}
    if not wrong:
        rows = await fetch(
            """INSERT INTO ticket_photo (photo, neighbourhood, ticket, event, owner, position)
               SELECT photo, $2, $3, $4, $5, 100 * $6::integer + place - 1
               FROM unnest($1::uuid[]) WITH ORDINALITY AS named (photo, place)
               ON CONFLICT (photo) DO NOTHING RETURNING photo""",
            list(photos),
            neighbourhood,
            ticket,
            event,
            owner,
            version,
        )
        wrong = set(photos) - {row["photo"] for row in rows}
    if wrong:
        raise PhotoUnusable(photos=[photo for photo in dict.fromkeys(photos) if photo in wrong])


def photo_out(photo: UUID, width: int, height: int) -> PhotoOut:
    """As the API shows it."""
    return PhotoOut(
        id=photo,
        url=photo_url(photo, PhotoSize.FULL),
        thumbnail_url=photo_url(photo, PhotoSize.THUMBNAIL),
        width=width,
        height=height,
    )


def photo_url(photo: UUID, size: PhotoSize) -> str:
    """Where the app gets it, with its session."""
    return f"/api/photos/{photo}?size={size}"


async def sweep_rows(*, now: datetime) -> int:
    """Forget photos that no ticket has named for seven days, 1,000 at most; how many. Their files follow with `sweep_files`.

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
