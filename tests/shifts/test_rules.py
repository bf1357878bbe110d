"""The decisions about shifts, at their edges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingxun.kit.phone_clock import BELIEVABLE
from mingxun.people.schemas import Role
from mingxun.shifts import rules
from mingxun.shifts.rules import Clash, NeedNow, NeedPlan, Verdict, Way
from mingxun.shifts.schemas import Effect, NeedRole, ShiftFault, ShiftState, SignUpRefusal, WithdrawRefusal

STARTS = datetime(2026, 7, 3, 14, tzinfo=UTC)
ENDS = datetime(2026, 7, 3, 16, tzinfo=UTC)
BEFORE = STARTS - timedelta(hours=1)
SECOND = timedelta(seconds=1)
ANYONE = frozenset({NeedRole.ANYONE})


def need(role: NeedRole = NeedRole.ANYONE, *, maximum: int = 2, taken: int = 0) -> NeedNow:
    return NeedNow(id=uuid4(), role=role, minimum=0, desired=1, maximum=maximum, taken=taken)


def judge(
    *needs: NeedNow,
    now: datetime = BEFORE,
    state: ShiftState = ShiftState.OPEN,
    can_fill: frozenset[NeedRole] = ANYONE,
    already_in: bool = False,
    conflict: Clash | None = None,
    way: Way = Way.AHEAD,
) -> Verdict:
    return rules.may_take_place(
        state=state,
        starts_at=STARTS,
        ends_at=ENDS,
        needs=needs or (need(),),
        can_fill=can_fill,
        already_in=already_in,
        conflict=conflict,
        now=now,
        way=way,
    )


def clash() -> Clash:
    return Clash(shift=uuid4(), neighbourhood=uuid4(), title="巡逻", starts_at=STARTS, ends_at=ENDS)


def test_whoever_is_free_may_sign_up_until_the_shift_begins() -> None:
    assert judge(now=STARTS - SECOND).allowed
    assert judge(now=STARTS).refusals == (SignUpRefusal.STARTED,)


def test_a_shift_that_is_over_says_so_and_not_that_it_has_begun() -> None:
    assert judge(now=ENDS - SECOND).refusals == (SignUpRefusal.STARTED,)
    assert judge(now=ENDS).refusals == (SignUpRefusal.ENDED,)


def test_whoever_checks_in_there_gets_a_place_until_the_end() -> None:
    assert judge(now=ENDS - SECOND, way=Way.ON_THE_SPOT).allowed
    assert judge(now=ENDS, way=Way.ON_THE_SPOT).refusals == (SignUpRefusal.ENDED,)


def test_by_hand_people_are_added_until_31_days_after_the_end() -> None:
    last = ENDS + timedelta(days=31)
    assert judge(now=last - SECOND, way=Way.BY_HAND).allowed
    assert judge(now=last, way=Way.BY_HAND).refusals == (SignUpRefusal.ENDED,)


def test_what_can_be_entered_can_be_vouched_for() -> None:
    assert rules.AFTERWARDS == BELIEVABLE


def test_every_reason_is_given_at_once() -> None:
    conflict = clash()
    verdict = judge(need(taken=2), now=STARTS, state=ShiftState.CANCELLED, conflict=conflict)
    assert verdict.refusals == (SignUpRefusal.CANCELLED, SignUpRefusal.STARTED, SignUpRefusal.OVERLAPS, SignUpRefusal.FULL)
    assert verdict.conflict is conflict
    assert verdict.choices == ()


def test_whoever_is_on_it_already_is_told_that_and_not_that_it_is_full() -> None:
    assert judge(need(taken=2), already_in=True).refusals == (SignUpRefusal.ALREADY_IN,)


def test_the_most_specific_need_that_fits_comes_first_whatever_the_order_of_needs() -> None:
    anyone, member, first_aid = need(), need(NeedRole.PARTY_MEMBER), need(NeedRole.FIRST_AID)
    can = frozenset(NeedRole)
    assert judge(anyone, member, first_aid, can_fill=can).choices == (first_aid.id, member.id, anyone.id)


def test_a_full_specific_need_leaves_the_next_that_fits() -> None:
    anyone, member = need(), need(NeedRole.PARTY_MEMBER, taken=2)
    assert judge(anyone, member, can_fill=ANYONE | {NeedRole.PARTY_MEMBER}).choices == (anyone.id,)


def test_places_that_ask_for_what_the_person_is_not_known_to_have_are_named_as_missing() -> None:
    verdict = judge(need(taken=2), need(NeedRole.PARTY_MEMBER), need(NeedRole.FIRST_AID), need(NeedRole.BUILDING_LEADER, taken=2))
    assert verdict.refusals == (SignUpRefusal.NO_FITTING_NEED,)
    assert verdict.missing == (NeedRole.FIRST_AID, NeedRole.PARTY_MEMBER)


def test_it_is_full_only_when_no_place_at_all_is_left() -> None:
    assert judge(need(taken=2), need(NeedRole.PARTY_MEMBER, taken=2)).refusals == (SignUpRefusal.FULL,)


@pytest.mark.parametrize(
    ("member", "roles", "skills", "expected"),
    [
        (False, frozenset(), [], {NeedRole.ANYONE}),
        (True, frozenset({Role.VOLUNTEER}), [], {NeedRole.ANYONE, NeedRole.PARTY_MEMBER}),
        (False, frozenset({Role.BUILDING_LEADER}), ["电工"], {NeedRole.ANYONE, NeedRole.BUILDING_LEADER}),
        (False, frozenset(), ["红十字急救员"], {NeedRole.ANYONE, NeedRole.FIRST_AID}),
    ],
)
def test_what_a_person_can_fill_follows_from_what_is_known_of_them(
    member: bool, roles: frozenset[Role], skills: list[str], expected: set[NeedRole]
) -> None:
    assert rules.fillable(party_member=member, roles=roles, skills=skills) == expected


def test_one_withdraws_until_the_shift_begins() -> None:
    assert rules.may_withdraw(state=ShiftState.OPEN, starts_at=STARTS, in_it=True, now=STARTS - SECOND) == ()
    assert rules.may_withdraw(state=ShiftState.OPEN, starts_at=STARTS, in_it=True, now=STARTS) == (WithdrawRefusal.STARTED,)
    assert rules.may_withdraw(state=ShiftState.OPEN, starts_at=STARTS, in_it=False, now=BEFORE) == (WithdrawRefusal.NOT_IN,)
    assert rules.may_withdraw(state=ShiftState.CANCELLED, starts_at=STARTS, in_it=False, now=BEFORE) == (
        WithdrawRefusal.CANCELLED,
    )


def test_a_shift_lasts_more_than_nothing_and_at_most_a_day() -> None:
    assert rules.times_fit(STARTS, STARTS, now=BEFORE) == (ShiftFault.ENDS_TOO_EARLY,)
    assert rules.times_fit(STARTS, STARTS + SECOND, now=BEFORE) == ()
    assert rules.times_fit(STARTS, STARTS + timedelta(hours=24), now=BEFORE) == ()
    assert rules.times_fit(STARTS, STARTS + timedelta(hours=24) + SECOND, now=BEFORE) == (ShiftFault.TOO_LONG,)


def test_a_shift_starts_at_most_two_years_ahead_and_not_more_than_31_days_ago() -> None:
    assert rules.times_fit(STARTS, ENDS, now=STARTS - timedelta(days=730)) == ()
    assert rules.times_fit(STARTS, ENDS, now=STARTS - timedelta(days=730) - SECOND) == (ShiftFault.TOO_FAR_AHEAD,)
    assert not rules.is_past(STARTS, now=STARTS + timedelta(days=31))
    assert rules.is_past(STARTS, now=STARTS + timedelta(days=31) + SECOND)


def test_one_that_is_planned_is_moved_back_by_a_day_at_most() -> None:
    assert not rules.is_past(STARTS, now=STARTS + timedelta(days=1), moved=True)
    assert rules.is_past(STARTS, now=STARTS + timedelta(days=1) + SECOND, moved=True)


def plan(
    of: NeedNow | None = None, *, minimum: int = 0, desired: int = 1, maximum: int = 2, role: NeedRole = NeedRole.ANYONE
) -> NeedPlan:
    return NeedPlan(of.id if of else None, of.role if of else role, minimum, desired, maximum)


def test_needs_hold_minimum_desired_maximum_in_this_order() -> None:
    fine, first, second = plan(minimum=1, desired=1, maximum=1), plan(minimum=2), plan(desired=3)
    assert rules.needs_out_of_order([fine, first, second]) == (1, 2)


def test_a_need_of_another_shift_and_one_named_twice_are_unknown() -> None:
    own = need()
    assert rules.needs_unknown([plan(own), plan(need()), plan(own), plan()], [own]) == (1, 2)


def test_a_need_may_sink_to_what_is_taken_and_no_further() -> None:
    full = need(maximum=3, taken=2)
    assert rules.needs_below_taken([plan(full, maximum=2)], [full]) == ()
    (below,) = rules.needs_below_taken([plan(full, desired=1, maximum=1)], [full])
    assert (below.need, below.maximum) == (full, 1)


def test_a_need_that_is_left_out_or_asks_for_another_role_would_drop_those_in_it() -> None:
    full, empty = need(taken=1), need()
    assert [b.maximum for b in rules.needs_below_taken([], [full, empty])] == [0]
    assert [b.maximum for b in rules.needs_below_taken([replace(plan(full), role=NeedRole.FIRST_AID)], [full])] == [0]
    aid = need(NeedRole.FIRST_AID, taken=1)
    assert rules.needs_below_taken([replace(plan(aid), role=NeedRole.ANYONE)], [aid]) == ()


def test_a_change_of_words_is_told_only_when_nothing_greater_is() -> None:
    assert rules.effects(times=True, place=True, words=True) == (Effect.MOVED, Effect.RELOCATED)
    assert rules.effects(times=False, place=False, words=True) == (Effect.INFORMED,)
    assert rules.effects(times=False, place=False, words=False) == ()


def test_outsiders_see_a_surname() -> None:
    assert rules.surname("金宝娣") == "金"


def test_a_list_begins_at_local_midnight_and_goes_on_for_two_weeks() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    late = datetime(2026, 7, 3, 16, 30, tzinfo=UTC)  # 00:30 on the 4th in Shanghai
    since, until = rules.window(None, None, now=late, zone=zone)
    assert since == datetime(2026, 7, 3, 16, tzinfo=UTC)
    assert until - since == timedelta(days=14)


def test_a_day_with_a_clock_change_still_begins_at_midnight() -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert rules.local_midnight(now, zone) == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert rules.local_midnight(now, zone, days=1) == datetime(2026, 10, 25, 23, tzinfo=UTC)


@given(st.datetimes(timezones=st.timezones()) | st.none(), st.datetimes(timezones=st.timezones()) | st.none())
def test_no_instant_that_can_be_written_breaks_a_list(since: datetime | None, until: datetime | None) -> None:
    begin, end = rules.window(since, until, now=BEFORE, zone=ZoneInfo("Asia/Shanghai"))
    years = {instant.astimezone(UTC).year for instant in (begin, end)}
    assert years <= set(range(1999, 2202))


@given(
    st.lists(
        st.builds(need, st.sampled_from(NeedRole), maximum=st.integers(1, 3), taken=st.integers(0, 3)), min_size=1, max_size=8
    ),
    st.frozensets(st.sampled_from(NeedRole)).map(lambda can: can | ANYONE),
)
def test_a_verdict_offers_a_place_that_is_free_and_fits_or_says_why_not(
    needs: list[NeedNow], can_fill: frozenset[NeedRole]
) -> None:
    verdict = judge(*needs, can_fill=can_fill)
    by_id: dict[UUID, NeedNow] = {n.id: n for n in needs}
    assert verdict.allowed == bool(verdict.choices)
    assert all(by_id[choice].free and by_id[choice].role in can_fill for choice in verdict.choices)
    assert bool(verdict.missing) == (SignUpRefusal.NO_FITTING_NEED in verdict.refusals)
    assert not set(verdict.missing) & can_fill
