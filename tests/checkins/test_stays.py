"""How scans make up stays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from mingxun.checkins import stays
from mingxun.checkins.schemas import Conflict
from mingxun.checkins.stays import Standing, Stay

GATE, GARDEN = UUID(int=1), UUID(int=2)
SHIFT, OTHER_SHIFT = UUID(int=3), UUID(int=4)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def at(hour: float) -> datetime:
    return datetime(2026, 7, 4, tzinfo=UTC) + hour * HOUR


def stay(
    arrived: float,
    left: float | None = None,
    *,
    location: UUID = GATE,
    shift: UUID | None = SHIFT,
    ends: float | None = 10,
    standing: Standing = Standing.PHONE,
) -> Stay:
    return Stay(
        id=UUID(int=int(arrived * 60) + 100),
        location=location,
        shift=shift,
        shift_ends_at=None if ends is None or shift is None else at(ends),
        arrived_at=at(arrived),
        left_at=None if left is None else at(left),
        left_standing=None if left is None else standing,
    )


def come(
    hour: float, *, location: UUID = GATE, shift: UUID | None = SHIFT, before: Stay | None = None, after: Stay | None = None
) -> stays.Coming:
    return stays.coming(at(hour), location, shift, at(10) if shift else None, before, after)


def test_the_first_check_in_begins_a_stay() -> None:
    assert come(8) == stays.Coming()


def test_checking_in_again_at_the_same_place_for_the_same_shift_is_the_same_stay() -> None:
    here = stay(8)
    assert come(8.1, before=here).again is here
    assert come(8.1, shift=None, before=here).again is here


def test_checking_in_for_the_next_shift_at_the_same_place_begins_another_stay() -> None:
    coming = come(9.9, shift=OTHER_SHIFT, before=stay(8))
    assert coming.again is None
    assert coming.ends_before == stays.End(at(9.9), assumed=False)


def test_checking_in_elsewhere_ends_the_stay_before_at_that_instant() -> None:
    coming = come(9, location=GARDEN, before=stay(8))
    assert coming.ends_before == stays.End(at(9), assumed=False)
    assert coming.own_end is None
    assert coming.conflict is None


def test_a_stay_forgotten_long_ago_ends_with_its_shift_not_when_the_person_is_seen_next() -> None:
    assert come(14, location=GARDEN, before=stay(8)).ends_before == stays.End(at(14), assumed=False)
    assert come(14.01, location=GARDEN, before=stay(8)).ends_before == stays.End(at(10), assumed=True)


def test_a_forgotten_unscheduled_round_is_given_no_time() -> None:
    coming = come(21, location=GARDEN, before=stay(8, shift=None))
    assert coming.ends_before == stays.End(at(8), assumed=True)
    assert come(20, location=GARDEN, before=stay(8, shift=None)).ends_before == stays.End(at(20), assumed=False)


def test_scanning_at_the_same_place_the_next_day_begins_another_stay() -> None:
    coming = come(32, shift=None, before=stay(8))
    assert coming.again is None
    assert coming.ends_before == stays.End(at(10), assumed=True)


def test_a_stay_that_ended_is_left_as_it_is() -> None:
    assert come(9.5, before=stay(8, 9)) == stays.Coming()


def test_an_older_check_in_delivered_after_a_newer_one_is_a_past_stay_that_ended_with_it() -> None:
    coming = come(8, location=GARDEN, after=stay(9))
    assert coming.again is None
    assert coming.own_end == stays.End(at(9), assumed=False)


def test_an_older_check_in_long_before_the_next_ends_with_its_shift() -> None:
    assert come(8, location=GARDEN, after=stay(30)).own_end == stays.End(at(10), assumed=True)


def test_an_older_check_in_between_two_ends_the_first_where_it_begins() -> None:
    first, last = stay(7, 9, standing=Standing.SUPPOSED), stay(9, location=GARDEN)
    coming = come(8, location=UUID(int=9), before=first, after=last)
    assert coming.ends_before == stays.End(at(8), assumed=False)
    assert coming.own_end == stays.End(at(9), assumed=False)


def test_the_second_phones_scan_up_to_ten_minutes_before_is_the_same_coming() -> None:
    here = stay(8)
    assert come(8 - 10 / 60, after=here).again is here
    assert come(8 - 11 / 60, after=here).again is None


def test_checking_in_while_one_was_elsewhere_by_ones_own_word_is_recorded_as_a_conflict() -> None:
    coming = come(8.5, location=GARDEN, before=stay(8, 9))
    assert coming.again is None
    assert coming.ends_before is None
    assert coming.conflict is Conflict.OVERLAPS


def test_the_first_check_out_ends_the_stay() -> None:
    assert stays.going(stay(8), at(10), Standing.PHONE) == stays.Going(counts=True, left_at=at(10))


def test_a_check_out_goes_before_a_supposition() -> None:
    supposed = stay(8, 11, standing=Standing.SUPPOSED)
    assert stays.going(supposed, at(12), Standing.PHONE) == stays.Going(counts=True, left_at=at(12))


def test_of_two_check_outs_the_earlier_counts_whichever_is_delivered_first() -> None:
    late = stays.going(stay(8, 10), at(9), Standing.PHONE)
    assert late == stays.Going(counts=True, left_at=at(9), conflict=Conflict.LEFT_TWICE)
    assert stays.going(stay(8, 9), at(10), Standing.PHONE) == stays.Going(
        counts=False, left_at=at(9), conflict=Conflict.LEFT_TWICE
    )


def test_two_check_outs_within_five_minutes_agree() -> None:
    assert stays.going(stay(8, 9), at(9) + 5 * MINUTE, Standing.PHONE).conflict is None
    assert stays.going(stay(8, 9), at(9) + 5 * MINUTE + SECOND, Standing.PHONE).conflict is Conflict.LEFT_TWICE


def test_ones_own_phone_goes_before_somebodys_word_even_when_it_is_later() -> None:
    assert stays.going(stay(8, 9, standing=Standing.WORD), at(10), Standing.PHONE).left_at == at(10)
    assert not stays.going(stay(8, 10), at(9), Standing.WORD).counts


def test_leaving_before_coming_counts_as_no_time() -> None:
    assert stays.going(stay(8), at(7), Standing.PHONE) == stays.Going(True, at(8), Conflict.LEFT_BEFORE_ARRIVING)
    assert stays.going(stay(8), at(8) - 5 * MINUTE, Standing.PHONE) == stays.Going(True, at(8))


def test_an_earlier_scan_of_a_coming_counts_and_a_later_one_is_kept_beside_it() -> None:
    assert stays.arrival_counts(stay(8), Standing.PHONE, at(7.9), Standing.PHONE)
    assert not stays.arrival_counts(stay(8), Standing.PHONE, at(8.1), Standing.PHONE)
    assert stays.arrival_counts(stay(8), Standing.WORD, at(8.1), Standing.PHONE)


def test_a_forgotten_stay_ends_with_its_shift_or_when_last_seen() -> None:
    assert stays.forgotten_end(stay(8)) == stays.End(at(10), assumed=True)
    assert stays.forgotten_end(stay(8), last_seen=at(10.5)) == stays.End(at(10.5), assumed=True)
    assert stays.forgotten_end(stay(8, shift=None), last_seen=at(9)) == stays.End(at(9), assumed=True)
    assert stays.forgotten_end(stay(11)) == stays.End(at(11), assumed=True)
