"""Facts about locations. Nobody is told of them; they are the trail of who changed what."""

from uuid import UUID

from mingxun.ledger import Fact


class LocationCreated(Fact, frozen=True, kw_only=True, tag="location_created"):
    """`subject` is the new location."""

    area: UUID
    plate: str
    name: str


class LocationChanged(Fact, frozen=True, kw_only=True, tag="location_changed"):
    """The fields that changed, as they were and as they are now."""

    before: dict[str, str | int | float | None]
    after: dict[str, str | int | float | None]


class LocationRekeyed(Fact, frozen=True, kw_only=True, tag="location_rekeyed"):
    """Posters and tablets with a key up to `old_version` no longer hold here."""

    old_version: int
    new_version: int
