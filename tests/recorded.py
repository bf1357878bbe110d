"""What the ledger says of something."""

from uuid import UUID

from mingxun.kit.database import fetch
from mingxun.ledger import FactId, RecordedFact


async def facts_about(subject: UUID) -> list[RecordedFact]:
    """What happened to `subject`, oldest first."""
    rows = await fetch(
        "SELECT id, seq, at, actor, kind, neighbourhood, subject, data FROM fact WHERE subject = $1 ORDER BY seq", subject
    )
    return [
        RecordedFact(
            id=FactId(row["id"]),
            seq=row["seq"],
            at=row["at"],
            actor=row["actor"],
            kind=row["kind"],
            neighbourhood=row["neighbourhood"],
            subject=row["subject"],
            data=row["data"].encode(),
        )
        for row in rows
    ]
