"""Facts about locations. Nobody is told of them; they are the trail of who changed what."""

from typing import ClassVar
from uuid import UUID

from mingxun.ledger import Fact


class LocationCreated(Fact, frozen=True, kw_only=True, tag="location_created"):
    """`subject` is the new location."""

    silent: ClassVar[bool] = True
    area: UUID
    plate: str
    name: str


class LocationChanged(Fact, frozen=True, kw_only=True, tag="location_changed"):
    """The fields that changed, as they were and as they are now."""

    silent: ClassVar[bool] = True
    before: dict[str, str | int | float | None]
    after: dict[str, str | int | float | None]


class LocationRekeyed(Fact, frozen=True, kw_only=True, tag="location_rekeyed"):
    """Posters and tablets with a key up to `old_version` no longer hold here."""

    silent: ClassVar[bool] = True
    old_version: int
    new_version: int
