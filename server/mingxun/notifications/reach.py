"""What reached whom: for those who must call the others."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.kit.database import fetch
from mingxun.kit.paging import Cursor, page_of
from mingxun.ledger import fact_ids_about
from mingxun.notifications.rules import FOR_THE_OFFICE
from mingxun.notifications.schemas import DeliveryOut, DeliveryPage, DeliveryState, Reach
from mingxun.people import names, phone_of
from mingxun.people.access import Act, Actor

if TYPE_CHECKING:
    from asyncpg import Record


async def list_deliveries(actor: Actor, neighbourhood: UUID, subject: UUID, *, cursor: str | None, limit: int) -> DeliveryPage:
    """The messages that the neighbourhood's people got about a shift or ticket, newest first, and how far each came.

    Raises NotFound, Forbidden, BadCursor. A subject that is unknown here has none.
    """
    actor.require(Act.LIST_DELIVERIES, neighbourhood)
    at, last = Cursor.decode(cursor, datetime, UUID) if cursor else (None, None)
    rows = await fetch(
        """SELECT id, person, kind, title, at, read_at, push FROM message
           WHERE fact = ANY($1::uuid[]) AND neighbourhood = $2 AND kind <> ALL($3::text[])
             AND ($4::timestamptz IS NULL OR (at, id) < ($4, $5))
           ORDER BY at DESC, id DESC LIMIT $6""",
        await fact_ids_about(subject, neighbourhood=neighbourhood),
        neighbourhood,
        list(FOR_THE_OFFICE),
        at,
        last,
        limit + 1,
    )
    page, more = page_of(rows, limit)
    people = {row["person"] for row in page}
    called, numbers = await names(people), await phone_of(people)
    return DeliveryPage(
        items=[
            DeliveryOut(
                message=row["id"],
                person=row["person"],
                name=called.get(row["person"], ""),
                phone=numbers.get(row["person"]),
                kind=row["kind"],
                title=row["title"],
                at=row["at"],
                reach=_reach(row),
            )
            for row in page
        ],
        next_cursor=Cursor.encode(page[-1]["at"], page[-1]["id"]) if more else None,
    )


def _reach(row: "Record") -> Reach:
    return Reach.READ if row["read_at"] is not None else Reach(DeliveryState(row["push"]).value)
