"""Facts about areas."""

from uuid import UUID

from mingxun.areas.schemas import AreaKind
from mingxun.ledger import Fact


class AreaCreated(Fact, frozen=True, kw_only=True, tag="area_created"):
    """`subject` is the new area."""

    area_kind: AreaKind
    parent: UUID | None
    name: str
