"""Pure decisions about locations: what one is, its plate, its neighbours on the sign, and how far away somebody is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from geopy.distance import geodesic  # type: ignore[import-untyped]

from mingxun.places.datum import to_wgs84
from mingxun.places.schemas import Datum, Position


@dataclass(frozen=True, slots=True)
class Location:
    """A place where people serve. Latitude and longitude are WGS-84 degrees, both None while the position is not known."""

    id: UUID
    neighbourhood: UUID
    area: UUID
    area_name: str
    plate: str
    name: str
    address: str
    latitude: float | None
    longitude: float | None
    source_datum: Datum | None
    fence_radius: int
    """Metres."""
    key_version: int
    number: str
    """The six digits that hold now."""


def distance_m(location: Location, latitude: float, longitude: float) -> float | None:
    """Metres along the ellipsoid from the location to a WGS-84 position; None while the location's position is not known."""
    if location.latitude is None or location.longitude is None:
        return None
    return float(geodesic((location.latitude, location.longitude), (latitude, longitude)).meters)


def placed(position: Position) -> tuple[float, float, Datum]:
    """A position as it is kept: WGS-84, to a tenth of a micro-degree (1 cm), and the datum it came in."""
    latitude, longitude = to_wgs84(position.latitude, position.longitude, position.datum)
    return round(latitude, 7), round(longitude, 7), position.datum


def tidy_plate(plate: str) -> str:
    """A plate as it is painted: capitals, and two digits at least, so that `1` and `01` are not two signs."""
    plate = plate.upper()
    return plate.zfill(2) if plate.isdigit() else plate


def next_plate(taken: Iterable[str]) -> str | None:
    """The lowest number from 01 that no plate has; None when all four-digit ones are in use."""
    numbers = {int(plate) for plate in taken if plate.isdigit()}
    free = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
    return f"{free:02d}" if free <= 9999 else None


def beside(locations: Sequence[Location], index: int) -> tuple[Location | None, Location | None]:
    """The locations before and after `index`, in the order of plates, for the band of a sign.

    From three locations on the round closes: the first follows the last. With two, each names the other once.
    """
    count = len(locations)
    if count >= 3:
        return locations[index - 1], locations[(index + 1) % count]
    return (locations[index - 1] if index > 0 else None), (locations[index + 1] if index + 1 < count else None)
