"""Which step of which ticket a photo belongs to."""

from collections.abc import Sequence
from uuid import UUID

from mingxun.kit.database import fetch
from mingxun.tickets.problems import PhotoUnusable


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
