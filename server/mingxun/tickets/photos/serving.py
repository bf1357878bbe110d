"""Giving photos to those who may see them."""

import asyncio
from pathlib import Path
from uuid import UUID

from mingxun.kit.database import fetch_row
from mingxun.kit.problems import NotFound
from mingxun.people.access import Act as Permission
from mingxun.people.access import Actor
from mingxun.tickets.photos.files import PhotoSize, files_of
from mingxun.tickets.schemas import PhotoOut


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
