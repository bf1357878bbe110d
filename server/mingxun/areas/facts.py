"""Facts about areas."""

from typing import ClassVar
from uuid import UUID

from mingxun.areas.schemas import AreaKind
from mingxun.ledger import Fact


class AreaCreated(Fact, frozen=True, kw_only=True, tag="area_created"):
    """`subject` is the new area."""

    silent: ClassVar[bool] = True
    area_kind: AreaKind
    parent: UUID | None
    name: str
