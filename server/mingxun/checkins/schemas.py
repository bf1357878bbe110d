"""Requests and responses about presence: checking in, checking out, being vouched for."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from mingxun.kit.schema import Instant, Latitude, Longitude, Reason, Request, Response
from mingxun.shifts.schemas import ShiftKind, ShiftOut


class Grade(StrEnum):
    """How well a check-in is evidenced. A grade informs a person; it never refuses a volunteer."""

    ROTATING_PLACE = "rotating_place"
    """The code of the moment at the post, and the phone was at the place. 记录充分."""
    POSTER_PLACE = "poster_place"
    """The poster's code or number, and the phone was at the place. 记录充分."""
    POSTER = "poster"
    """A code or number alone: no position, or one too vague to tell. 记录可用."""
    VOUCHED = "vouched"
    """A leader or coordinator says so. 有人证明."""
    OWN_WORD = "own_word"
    """Only of leaving: the person's own phone says so, without a code. 本人自报."""
    ASSUMED = "assumed"
    """Only of leaving: nobody said so. The check-out was forgotten, and the end of the shift stands for it. 系统推定."""


class Flag(StrEnum):
    """What a person should look at. Never a reason to refuse."""

    OUTSIDE = "outside"
    """The phone was clearly outside the fence: further than radius plus its own accuracy."""
    LATE_UPLOAD = "late_upload"
    """It reached the server more than 10 minutes after it was made."""
    CLOCK_OFF = "clock_off"
    """The phone's clock was more than 2 minutes off the server's when it sent this."""
    SHARED_DEVICE = "shared_device"
    """The same phone scanned for other people within an hour, before or after. They have the flag, too."""
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    """Too far from another scan of theirs within an hour, before or after, for the time between (faster than 60 km/h over 500 m or
    more). The other has the flag, too."""
    STALE_CODE = "stale_code"
    """A rotating code that was no longer, or not yet, shown at the time of the scan."""
    NO_SHIFT = "no_shift"
    """An unscheduled round: nobody had planned it."""
    NO_PLACE = "no_place"
    """They asked for a place on a shift here and could not have one (full, say); so it counts as an unscheduled round."""
    EARLY_OR_LATE = "early_or_late"
    """More than 60 minutes before the shift began, or after it ended."""
    MOVED_ON = "moved_on"
    """Only of leaving: they never checked out; they had left when they checked in at the next place."""


class Conflict(StrEnum):
    """What two phones, or a phone and a paper sheet, say differently about a stay. Everything said is kept; a person looks."""

    LEFT_TWICE = "left_twice"
    """Two goings more than 5 minutes apart. The earlier one counts."""
    LEFT_BEFORE_ARRIVING = "left_before_arriving"
    """A going more than 5 minutes before the coming. It counts as no time at all."""
    OVERLAPS = "overlaps"
    """The person was at another place during a part of this time."""


class VouchRefusal(StrEnum):
    """Why somebody's word for another's coming or going can't be taken."""

    FOR_SELF = "for_self"
    """Nobody vouches for themselves; another leader or a coordinator can."""
    IN_FUTURE = "in_future"
    """The time lies more than 5 minutes in the future."""
    TOO_LONG_AGO = "too_long_ago"
    """The time lies more than 31 days back."""


class PlaceVerdict(StrEnum):
    """All that is kept of where the phone was; coordinates are dropped (个人信息保护法 Art. 28)."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


class DistanceBand(StrEnum):
    """How far the phone was from the location, coarsely."""

    WITHIN_50_M = "within_50_m"
    WITHIN_200_M = "within_200_m"
    WITHIN_1_KM = "within_1_km"
    BEYOND_1_KM = "beyond_1_km"
    UNKNOWN = "unknown"


class PhonePosition(Request, frozen=True, kw_only=True):
    """As the phone gives it: WGS-84."""

    latitude: Latitude
    longitude: Longitude
    accuracy: Annotated[float, Meta(ge=0, le=100_000)]
    """Metres, at 68 % confidence (W3C Geolocation)."""


ScannedCode = Annotated[str, Meta(min_length=6, max_length=300, pattern=r"^[\x20-\x7e]+$")]
"""The URL on a poster or tablet as scanned, or the six digits, spaces allowed."""
DeviceId = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""Random, made by the app on first start, erased with its data. Kept hashed, 30 days."""


class ReadCode(Request, frozen=True, kw_only=True):
    code: ScannedCode


class CodeReading(Response, frozen=True, kw_only=True):
    """What a scanned code is, and what fits it now."""

    location: UUID
    location_name: str
    plate: str
    neighbourhood: UUID
    retired: bool
    """True: this poster was replaced by a newer one. It can't be checked in with; the app says so and offers the number."""
    open_attendance: UUID | None
    """The reader is checked in here (or elsewhere) and can check out."""
    my_shift: ShiftOut | None
    """The reader's own shift that fits here and now."""
    open_shifts: list[ShiftOut]
    """Today's other shifts here that still have places."""


class CheckIn(Request, frozen=True, kw_only=True):
    """A check-in as the phone made it, perhaps hours before it could send it."""

    id: UUID
    """Made by the phone; sending the same one again gives the same receipt."""
    code: ScannedCode
    shift: UUID | None = None
    """None: the person's own shift here at that time if there is one, else an unscheduled round. A shift elsewhere, or one that
    the person is not on, does not count: then it is an unscheduled round, too."""
    sign_up: bool = False
    """Take a place on `shift` first, if the person has none. If none is left: an unscheduled round, flagged `no_place`."""
    at: Instant
    """The phone's clock at the scan."""
    sent_at: Instant
    """The phone's clock at this sending: shows how far it is off."""
    position: PhonePosition | None = None
    device: DeviceId


class CheckOut(Request, frozen=True, kw_only=True):
    """`code` may be left out: leaving from anywhere is allowed, and graded so."""

    id: UUID
    attendance: UUID | None = None
    """The id of the stay or of any check-in that belongs to it. None: the one that the person was on at `at`."""
    code: ScannedCode | None = None
    at: Instant
    sent_at: Instant
    position: PhonePosition | None = None
    device: DeviceId


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class VouchCheckIn(Request, frozen=True, kw_only=True):
    """A leader or coordinator says that `person` came or left, for those without a phone, or from a paper sheet."""

    id: UUID
    person: UUID
    direction: Direction = Direction.IN
    at: Instant
    """At most 31 days back; not in the future (5 minutes' grace)."""
    reason: Reason


class EvidenceOut(Response, frozen=True, kw_only=True):
    """What is known of one coming or going."""

    at: Instant
    """The time that counts: the phone's, unless its clock was off; then corrected by the difference it showed."""
    phone_at: Instant | None
    received_at: Instant
    grade: Grade
    flags: list[Flag]
    place: PlaceVerdict
    distance: DistanceBand
    vouched_by_name: str | None


class AttendanceOut(Response, frozen=True, kw_only=True):
    """One stay of one person at one place, also the receipt of a check-in or check-out."""

    id: UUID
    person: UUID
    person_name: str
    shift: UUID | None
    shift_title: str | None
    location: UUID
    location_name: str
    plate: str
    arrived: EvidenceOut
    left: EvidenceOut | None
    left_assumed: bool
    """The check-out was forgotten; `left` is the end of the shift, or of an unscheduled round when the person was last seen."""
    minutes: int | None
    """Whole minutes between coming and going."""
    conflict: Conflict | None
    """What has been said differently about this stay."""


class AttendancePage(Response, frozen=True, kw_only=True):
    items: list[AttendanceOut]
    next_cursor: str | None


class Presence(StrEnum):
    """Where somebody who is expected is."""

    NOT_YET = "not_yet"
    """Not here; the shift hasn't begun."""
    LATE = "late"
    """Not here, and the shift has begun."""
    HERE = "here"
    LEFT = "left"
    """Was here, and left before the shift ended."""


class ExpectedPerson(Response, frozen=True, kw_only=True):
    """Somebody on a shift that runs or begins within the hour."""

    person: UUID
    name: str
    phone: str | None
    presence: Presence
    attendance: UUID | None
    """Their last stay for this shift."""
    arrived_at: Instant | None
    left_at: Instant | None
    flags: list[Flag]
    """Of the coming; what a person should look at."""
    belongs: bool
    """False when they have no role in the neighbourhood any more: somebody else is needed."""


class ShiftNow(Response, frozen=True, kw_only=True):
    """A shift that runs or begins within the hour."""

    shift: UUID
    kind: ShiftKind
    title: str
    location: UUID
    location_name: str
    plate: str
    starts_at: Instant
    ends_at: Instant
    minimum: int
    taken: int
    lacking: int
    """How many are missing to the minimum of each need."""
    here: int
    """How many are at it now, with those who came although nobody expected them."""
    unstaffed: bool
    """It runs, and nobody is there."""
    people: list[ExpectedPerson]


class NowOut(Response, frozen=True, kw_only=True):
    """Who should be where now, and who is. At most 200 shifts and 500 others."""

    at: Instant
    shifts: list[ShiftNow]
    """By beginning."""
    others: list[AttendanceOut]
    """Everyone else who is checked in: unscheduled rounds, people not expected, and those whose shift is over. Latest first."""
