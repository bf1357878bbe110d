"""Positions from Chinese maps, made into WGS-84 once, on entry.

Phones give WGS-84. Amap and Tencent show GCJ-02, which is shifted by some hundred metres after a formula that is
known from reverse engineering; Baidu shows BD-09, a second shift on top of it. At Dongming Road that is about 480 m and 1,120 m:
mixed up, every fence of 80 m fails. Both shifts are smooth and small, so their inverse is found by fixed-point iteration.

All functions take and give degrees, latitude first.
"""

from collections.abc import Callable
from math import atan2, cos, fabs, hypot, pi, sin, sqrt

from mingxun.places.schemas import Datum

Point = tuple[float, float]

_AXIS = 6378245.0
"""Semi-major axis of the Krasovsky 1940 ellipsoid, metres: what the GCJ-02 formula is written with."""
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BAIDU_TURN = pi * 3000.0 / 180.0
_CONVERGED = 1e-10
"""Degrees; about 0.01 mm. Far below the 0.1 m that is promised, and reached in four to seven rounds."""
_ROUNDS = 30


def to_wgs84(latitude: float, longitude: float, datum: Datum) -> Point:
    """Turn a position of `datum` into WGS-84, exact to less than 0.1 m inside China; outside China the three are the same."""
    if datum is Datum.WGS84 or not shifted(latitude, longitude):
        return latitude, longitude
    if datum is Datum.BD09:
        latitude, longitude = _inverse(_gcj02_to_bd09, (latitude, longitude))
    return _inverse(_wgs84_to_gcj02, (latitude, longitude))


def from_wgs84(latitude: float, longitude: float, datum: Datum) -> Point:
    """Turn a WGS-84 position into the one that a map of `datum` shows there."""
    if datum is Datum.WGS84 or not shifted(latitude, longitude):
        return latitude, longitude
    point = _wgs84_to_gcj02((latitude, longitude))
    return _gcj02_to_bd09(point) if datum is Datum.BD09 else point


def shifted(latitude: float, longitude: float) -> bool:
    """Whether the maps shift positions here: the rectangle around China that every implementation of the formula uses."""
    return 0.8293 <= latitude <= 55.8271 and 72.004 <= longitude <= 137.8347


def _wgs84_to_gcj02(point: Point) -> Point:
    latitude, longitude = point
    x, y = longitude - 105.0, latitude - 35.0
    ripple = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x)) + ripple
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x)) + ripple
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    radians = latitude / 180.0 * pi
    bulge = 1.0 - _ECCENTRICITY_SQUARED * sin(radians) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY_SQUARED) / (bulge * sqrt(bulge))
    parallel = _AXIS / sqrt(bulge) * cos(radians)
    return latitude + north * 180.0 / (meridian * pi), longitude + east * 180.0 / (parallel * pi)


def _gcj02_to_bd09(point: Point) -> Point:
    latitude, longitude = point
    radius = hypot(longitude, latitude) + 0.00002 * sin(latitude * _BAIDU_TURN)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * _BAIDU_TURN)
    return radius * sin(angle) + 0.006, radius * cos(angle) + 0.0065


def _inverse(forward: Callable[[Point], Point], target: Point) -> Point:
    """The point that `forward` takes to `target`. Each round removes all but a few hundredths of the error left."""
    latitude, longitude = target
    for _ in range(_ROUNDS):
        reached = forward((latitude, longitude))
        north, east = target[0] - reached[0], target[1] - reached[1]
        latitude, longitude = latitude + north, longitude + east
        if fabs(north) < _CONVERGED and fabs(east) < _CONVERGED:
            break
    return latitude, longitude
