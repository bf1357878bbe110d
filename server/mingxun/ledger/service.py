"""Recording facts, and reading one back to announce it; the caller holds the transaction."""

from datetime import datetime
from uuid import UUID

import msgspec

from mingxun.kit.database import execute, fetch, fetch_row
from mingxun.kit.ids import new_id
from mingxun.kit.jobs import enqueue
from mingxun.ledger.facts import Fact, FactId, RecordedFact

HINTS = "mingxun_hint"
"""The NOTIFY channel that live updates listen on."""

_encoder = msgspec.json.Encoder()


async def record(fact: Fact, *, actor: UUID | None, at: datetime) -> FactId:
    """Write `fact` down, enqueue its announcement (unless its kind is silent) and hint at it to whoever watches (unless its kind is
    unseen): all or nothing, with the caller's transaction.
    """
    identity = FactId(new_id())
    text = _encoder.encode({"neighbourhood": fact.neighbourhood, "person": None, "topic": _tag(fact), "id": fact.subject})
    await execute(
        """WITH hinted AS (SELECT CASE WHEN $10 THEN pg_notify($8, $7)::text END)
           INSERT INTO fact (id, at, actor, kind, neighbourhood, subject, data)
           SELECT $1, $2, $3, $4, $5, $6, $9::jsonb FROM hinted""",
        identity,
        at,
        actor,
        _tag(fact),
        fact.neighbourhood,
        fact.subject,
        text.decode(),
        HINTS,
        _encoder.encode(fact).decode(),
        not fact.unseen,
    )
    if not fact.silent:
        await enqueue("announce", identity.bytes)
    return identity


async def hint(*, topic: str, subject: UUID, neighbourhood: UUID | None = None, person: UUID | None = None) -> None:
    """Tell the open apps of a person, or of a neighbourhood, that something changed. Sent on commit; losing one does no harm."""
    text = _encoder.encode({"neighbourhood": neighbourhood, "person": person, "topic": topic, "id": subject}).decode()
    await execute("SELECT pg_notify($1, $2)", HINTS, text)


async def load_fact(fact: FactId) -> RecordedFact | None:
    """One fact, or None if there is none of that id."""
    row = await fetch_row("SELECT id, seq, at, actor, kind, neighbourhood, subject, data FROM fact WHERE id = $1", fact)
    if row is None:
        return None
    return RecordedFact(
        id=FactId(row["id"]),
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        kind=row["kind"],
        neighbourhood=row["neighbourhood"],
        subject=row["subject"],
        data=row["data"].encode(),
    )


async def fact_ids_about(subject: UUID, *, neighbourhood: UUID) -> list[FactId]:
    """The facts that the neighbourhood has about `subject`, oldest first."""
    rows = await fetch("SELECT id FROM fact WHERE subject = $1 AND neighbourhood = $2 ORDER BY seq", subject, neighbourhood)
    return [FactId(row["id"]) for row in rows]


def _tag(fact: Fact) -> str:
    return str(fact.__struct_config__.tag)
