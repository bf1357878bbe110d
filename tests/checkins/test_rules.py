"""What a scan is worth."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingxun.checkins import rules
from mingxun.checkins.schemas import DistanceBand, Flag, Grade, PlaceVerdict, VouchRefusal
from mingxun.kit.phone_clock import BELIEVABLE, EARLIEST, LATEST
from mingxun.places.codes import CodeKind

NOW = datetime(2026, 7, 4, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def test_a_scan_sent_at_once_counts_when_it_was_made() -> None:
    timing = rules.timing(NOW - 3 * SECOND, NOW - 2 * SECOND, NOW)
    assert (timing.at, timing.phone_at, timing.received) == (NOW - 3 * SECOND, NOW - 3 * SECOND, NOW)
    assert timing.flags == frozenset()


def test_a_clock_exactly_two_minutes_off_is_believed_and_a_second_more_is_corrected() -> None:
    assert rules.timing(NOW - 2 * MINUTE, NOW - 2 * MINUTE, NOW).flags == frozenset()
    slow = rules.timing(NOW - 2 * MINUTE - SECOND, NOW - 2 * MINUTE - SECOND, NOW)
    assert slow.flags == {Flag.CLOCK_OFF}
    assert slow.at == NOW


def test_a_scan_ten_minutes_old_is_prompt_and_a_second_more_is_late() -> None:
    assert rules.timing(NOW - 10 * MINUTE, NOW, NOW).flags == frozenset()
    assert rules.timing(NOW - 10 * MINUTE - SECOND, NOW, NOW).flags == {Flag.LATE_UPLOAD}


@pytest.mark.parametrize("off", [timedelta(hours=48), timedelta(hours=-48)])
def test_a_clock_48_hours_off_is_corrected_keeps_both_times_and_the_order(off: timedelta) -> None:
    made = [NOW - 90 * MINUTE, NOW - 30 * MINUTE, NOW - MINUTE]
    timings = [rules.timing(at + off, NOW + off, NOW) for at in made]
    assert [t.at for t in timings] == made
    assert [t.phone_at for t in timings] == [at + off for at in made]
    assert all(Flag.CLOCK_OFF in t.flags for t in timings)
    assert [Flag.LATE_UPLOAD in t.flags for t in timings] == [True, True, False]


def test_a_future_time_from_a_clock_that_is_right_again_counts_when_it_was_received() -> None:
    timing = rules.timing(NOW + timedelta(hours=48), NOW, NOW)
    assert timing.at == NOW
    assert timing.phone_at == NOW + timedelta(hours=48)
    assert Flag.CLOCK_OFF in timing.flags


def test_a_time_more_than_31_days_back_counts_when_it_was_received() -> None:
    assert rules.timing(NOW - timedelta(days=31), NOW, NOW).at == NOW - timedelta(days=31)
    timing = rules.timing(datetime(1970, 1, 2, tzinfo=UTC), NOW, NOW)
    assert timing.at == NOW
    assert timing.flags == {Flag.CLOCK_OFF, Flag.LATE_UPLOAD}


@given(
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))])),
    st.datetimes(timezones=st.just(UTC)),
)
def test_no_time_that_a_phone_can_say_breaks_anything(at: datetime, sent_at: datetime) -> None:
    timing = rules.timing(at, sent_at, NOW)
    assert NOW - BELIEVABLE <= timing.at <= NOW
    assert timing.by_server <= NOW
    assert EARLIEST <= timing.phone_at <= LATEST


@given(
    st.timedeltas(timedelta(hours=-48), timedelta(hours=48)),
    st.lists(st.timedeltas(timedelta(0), timedelta(days=2)), min_size=2, max_size=5),
)
def test_what_one_phone_sends_together_keeps_its_order_whatever_its_clock_says(off: timedelta, ages: list[timedelta]) -> None:
    ages.sort(reverse=True)
    times = [rules.timing(NOW - age + off, NOW + off, NOW).at for age in ages]
    assert times == sorted(times)


def test_in_doubt_somebody_is_inside() -> None:
    assert rules.whereabouts(120.0, 40.0, 80).place is PlaceVerdict.INSIDE
    assert rules.whereabouts(120.1, 40.0, 80).place is PlaceVerdict.OUTSIDE
    assert rules.whereabouts(0.0, 0.0, 80).place is PlaceVerdict.INSIDE


def test_a_position_vaguer_than_a_kilometre_tells_nothing() -> None:
    assert rules.whereabouts(5000.0, 1000.0, 80).place is PlaceVerdict.OUTSIDE
    vague = rules.whereabouts(5000.0, 1000.1, 80)
    assert (vague.place, vague.distance, vague.accuracy) == (PlaceVerdict.UNKNOWN, DistanceBand.UNKNOWN, 1000)


def test_without_a_position_of_phone_or_location_the_place_is_unknown() -> None:
    assert rules.whereabouts(None, None, 80) == rules.Whereabouts()
    assert rules.whereabouts(None, 12.6, 80) == rules.Whereabouts(accuracy=13)


@pytest.mark.parametrize(
    ("metres", "band"),
    [
        (0.0, DistanceBand.WITHIN_50_M),
        (50.0, DistanceBand.WITHIN_50_M),
        (50.1, DistanceBand.WITHIN_200_M),
        (200.1, DistanceBand.WITHIN_1_KM),
        (1000.0, DistanceBand.WITHIN_1_KM),
        (1000.1, DistanceBand.BEYOND_1_KM),
    ],
)
def test_distances_are_kept_coarsely(metres: float, band: DistanceBand) -> None:
    assert rules.band(metres) is band


@pytest.mark.parametrize(
    ("code", "stale", "place", "grade"),
    [
        (CodeKind.ROTATING, False, PlaceVerdict.INSIDE, Grade.ROTATING_PLACE),
        (CodeKind.ROTATING, True, PlaceVerdict.INSIDE, Grade.POSTER_PLACE),
        (CodeKind.ROTATING, False, PlaceVerdict.UNKNOWN, Grade.POSTER),
        (CodeKind.ROTATING, False, PlaceVerdict.OUTSIDE, Grade.POSTER),
        (CodeKind.POSTER, False, PlaceVerdict.INSIDE, Grade.POSTER_PLACE),
        (CodeKind.POSTER, False, PlaceVerdict.OUTSIDE, Grade.POSTER),
        (CodeKind.NUMBER, False, PlaceVerdict.INSIDE, Grade.POSTER_PLACE),
        (CodeKind.NUMBER, False, PlaceVerdict.UNKNOWN, Grade.POSTER),
        (None, False, PlaceVerdict.INSIDE, Grade.OWN_WORD),
    ],
)
def test_evidence_is_graded_by_code_and_place(code: CodeKind | None, stale: bool, place: PlaceVerdict, grade: Grade) -> None:
    assert rules.grade(code, stale=stale, place=place) is grade


def test_a_kilometre_in_a_minute_is_as_fast_as_a_car_and_not_yet_impossible() -> None:
    assert not rules.impossible_travel(1000.0, MINUTE)
    assert rules.impossible_travel(1001.0, MINUTE)


def test_less_than_500_metres_are_never_impossible() -> None:
    assert not rules.impossible_travel(499.9, timedelta(0))
    assert rules.impossible_travel(500.0, timedelta(0))


def test_a_check_in_up_to_an_hour_before_the_shift_and_until_its_end_is_nothing_special() -> None:
    starts, ends = NOW, NOW + timedelta(hours=2)
    assert not rules.early_or_late(starts - timedelta(hours=1), starts, ends)
    assert rules.early_or_late(starts - timedelta(hours=1) - SECOND, starts, ends)
    assert not rules.early_or_late(ends, starts, ends)
    assert rules.early_or_late(ends + SECOND, starts, ends)


def test_a_word_is_taken_for_31_days_back_and_5_minutes_ahead() -> None:
    assert rules.may_vouch(for_self=False, at=NOW - timedelta(days=31), now=NOW) == ()
    assert rules.may_vouch(for_self=False, at=NOW + 5 * MINUTE, now=NOW) == ()
    assert rules.may_vouch(for_self=False, at=NOW - timedelta(days=31) - SECOND, now=NOW) == (VouchRefusal.TOO_LONG_AGO,)


def test_every_reason_against_a_word_is_given_at_once() -> None:
    assert rules.may_vouch(for_self=True, at=NOW + timedelta(hours=1), now=NOW) == (VouchRefusal.FOR_SELF, VouchRefusal.IN_FUTURE)
