"""What a scan is worth: where the phone was, when it was, how well that is evidenced, and what a person should look at.

Pure. Nothing here refuses a volunteer: weak evidence is graded and odd evidence flagged. How scans make up a stay is in `stays`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mingxun.checkins.schemas import DistanceBand, Flag, Grade, PlaceVerdict, VouchRefusal
from mingxun.kit.phone_clock import BELIEVABLE, judge
from mingxun.places.codes import CodeKind

PROMPT = timedelta(minutes=10)
"""What arrives within this time of the scan is not called late."""
VAGUE_ACCURACY = 1000.0
"""Metres: a position no better than this (a cell tower) says nothing about a fence of some 80 m."""
TRAVEL_SPEED = 60 / 3.6
"""Metres a second: nobody crosses a subdistrict faster than 60 km/h."""
TRAVEL_DISTANCE = 500.0
"""Metres: below it, walking around the corner and an imprecise location look alike."""
BESIDE = timedelta(hours=1)
"""Two scans at most this far apart are looked at together: other people's on the same phone, and the same person's elsewhere. In
which order they were delivered makes no difference: what is odd about them is pointed out at both."""
SHIFT_MARGIN = timedelta(minutes=60)
"""How early before a shift a check-in is nothing special."""
VOUCH_GRACE = timedelta(minutes=5)
"""How far in the future a vouched time may lie: clocks differ."""

_BANDS = ((50.0, DistanceBand.WITHIN_50_M), (200.0, DistanceBand.WITHIN_200_M), (1000.0, DistanceBand.WITHIN_1_KM))


@dataclass(frozen=True, slots=True)
class Timing:
    """When something happened, as well as can be told."""

    at: datetime
    """The time that counts; never after `received`."""
    by_server: datetime
    """The best guess in the server's time, corrected even for a clock seconds off; for codes that live for seconds."""
    phone_at: datetime
    received: datetime
    flags: frozenset[Flag]


def timing(at: datetime, sent_at: datetime, received: datetime) -> Timing:
    """Judge the phone's time `at`, given its clock `sent_at` when it sent and the server's clock `received` (`kit.phone_clock`)."""
    found = judge(at, sent_at, received)
    flags = {flag for flag, given in ((Flag.CLOCK_OFF, found.clock_off), (Flag.LATE_UPLOAD, found.ago > PROMPT)) if given}
    return Timing(found.at, found.by_server, found.said, received, frozenset(flags))


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """All that is kept of a position."""

    place: PlaceVerdict = PlaceVerdict.UNKNOWN
    distance: DistanceBand = DistanceBand.UNKNOWN
    accuracy: int | None = None
    """Whole metres."""


def whereabouts(distance: float | None, accuracy: float | None, radius: int) -> Whereabouts:
    """Judge a position `distance` metres from the location, good to `accuracy` metres, against its fence.

    `None` for either: the phone gave no position, or the location has none. In doubt inside: who may be there, is.
    """
    rounded = None if accuracy is None else round(accuracy)
    if distance is None or accuracy is None or accuracy > VAGUE_ACCURACY:
        return Whereabouts(accuracy=rounded)
    place = PlaceVerdict.INSIDE if distance - accuracy <= radius else PlaceVerdict.OUTSIDE
    return Whereabouts(place, band(distance), rounded)


def band(distance: float) -> DistanceBand:
    """How far `distance` metres are, coarsely."""
    return next((band for limit, band in _BANDS if distance <= limit), DistanceBand.BEYOND_1_KM)


def grade(code: CodeKind | None, *, stale: bool, place: PlaceVerdict) -> Grade:
    """How well a scan is evidenced. A rotating code that was not the one of the moment is worth what a poster is."""
    if code is None:
        return Grade.OWN_WORD
    if place is not PlaceVerdict.INSIDE:
        return Grade.POSTER
    return Grade.ROTATING_PLACE if code is CodeKind.ROTATING and not stale else Grade.POSTER_PLACE


def impossible_travel(distance: float, took: timedelta) -> bool:
    """Whether nobody gets `distance` metres far in that time, in the middle of a city and on foot."""
    return distance >= TRAVEL_DISTANCE and distance > TRAVEL_SPEED * abs(took.total_seconds())


def early_or_late(at: datetime, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether a check-in at `at` is far from the time of its shift."""
    return at < starts_at - SHIFT_MARGIN or at > ends_at


def may_vouch(*, for_self: bool, at: datetime, now: datetime) -> tuple[VouchRefusal, ...]:
    """Why a leader's or coordinator's word can't be taken; every reason at once."""
    refusals = []
    if for_self:
        refusals.append(VouchRefusal.FOR_SELF)
    if at > now + VOUCH_GRACE:
        refusals.append(VouchRefusal.IN_FUTURE)
    if at < now - BELIEVABLE:
        refusals.append(VouchRefusal.TOO_LONG_AGO)
    return tuple(refusals)
