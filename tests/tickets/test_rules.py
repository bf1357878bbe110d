"""What may be done to a ticket, by whom, in which state, and until when."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from mingxun.people.access import Role
from mingxun.people.schemas import PartyKind
from mingxun.tickets import rules
from mingxun.tickets.rules import FROM, Party, Reader, Refusal, Standing, judge
from mingxun.tickets.schemas import Act, Category, TicketState, Urgency

SHANGHAI = ZoneInfo("Asia/Shanghai")
COMPANY, COMMITTEE, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
OPENER, MENDER, SOMEBODY = UUID(int=11), UUID(int=12), UUID(int=13)

READERS = {
    "volunteer": Reader(SOMEBODY, frozenset({Role.VOLUNTEER}), frozenset()),
    "opener": Reader(OPENER, frozenset({Role.VOLUNTEER}), frozenset()),
    "leader": Reader(SOMEBODY, frozenset({Role.BUILDING_LEADER}), frozenset()),
    "coordinator": Reader(SOMEBODY, frozenset({Role.COORDINATOR}), frozenset()),
    "secretary": Reader(SOMEBODY, frozenset({Role.SECRETARY}), frozenset()),
    "admin": Reader(SOMEBODY, frozenset({Role.SUBDISTRICT_ADMIN}), frozenset()),
    "its handler": Reader(SOMEBODY, frozenset({Role.HANDLER}), frozenset({COMPANY})),
    "other handler": Reader(SOMEBODY, frozenset({Role.HANDLER}), frozenset({OTHER})),
    "nobody": Reader(SOMEBODY, frozenset(), frozenset()),
}


def ticket(state: TicketState, party: UUID | None = COMPANY, kind: PartyKind | None = PartyKind.PROPERTY) -> Standing:
    resolved = state in {TicketState.RESOLVED, TicketState.VERIFIED}
    parties = frozenset({party}) if party else frozenset()
    return Standing(state, party, kind if party else None, parties, OPENER, MENDER if resolved else None)


COORDINATING = {"coordinator", "secretary", "admin"}
MAY = {
    Act.CLAIM: {"its handler"},
    Act.DECLINE: {"its handler"},
    Act.RESOLVE: {"its handler"},
    Act.HAND_OVER: COORDINATING | {"its handler"},
    Act.VERIFY: COORDINATING | {"leader", "opener"},
    Act.REOPEN: COORDINATING | {"leader", "opener"},
}
"""Who may do what with a ticket of the property company, where its state allows the act."""


@pytest.mark.parametrize(("act", "state", "who"), list(product(Act, TicketState, READERS)))
def test_every_act_in_every_state_by_everybody(act: Act, state: TicketState, who: str) -> None:
    allowed = who in MAY[act] and state in FROM[act]
    if act is Act.HAND_OVER and state is TicketState.DECLINED:
        allowed = who in COORDINATING
    refusal = judge(act, READERS[who], ticket(state), to=OTHER)
    assert (refusal is None) == allowed, refusal


def test_each_state_and_act_leads_where_the_table_says() -> None:
    assert {act: (set(FROM[act]), rules.TO[act]) for act in Act} == {
        Act.CLAIM: ({TicketState.OPEN}, TicketState.CLAIMED),
        Act.DECLINE: ({TicketState.OPEN}, TicketState.DECLINED),
        Act.HAND_OVER: ({TicketState.OPEN, TicketState.CLAIMED, TicketState.DECLINED}, TicketState.OPEN),
        Act.RESOLVE: ({TicketState.CLAIMED}, TicketState.RESOLVED),
        Act.VERIFY: ({TicketState.RESOLVED}, TicketState.VERIFIED),
        Act.REOPEN: ({TicketState.RESOLVED, TicketState.VERIFIED}, TicketState.OPEN),
    }


@pytest.mark.parametrize("state", TicketState)
def test_whoever_has_no_right_learns_that_in_every_state(state: TicketState) -> None:
    for act in Act:
        assert judge(act, READERS["volunteer"], ticket(state), to=OTHER) is Refusal.NOT_ALLOWED
    for act in (Act.CLAIM, Act.DECLINE, Act.RESOLVE, Act.HAND_OVER):
        assert judge(act, READERS["other handler"], ticket(state), to=OTHER) is Refusal.NOT_YOUR_PARTY
    for act in (Act.CLAIM, Act.DECLINE, Act.RESOLVE):
        assert judge(act, READERS["coordinator"], ticket(state)) is Refusal.NOT_YOUR_PARTY


def test_a_second_claim_is_told_that_it_is_claimed() -> None:
    assert judge(Act.CLAIM, READERS["its handler"], ticket(TicketState.CLAIMED)) is Refusal.ALREADY_CLAIMED
    assert judge(Act.DECLINE, READERS["its handler"], ticket(TicketState.CLAIMED)) is Refusal.WRONG_STATE


@pytest.mark.parametrize("who", sorted(COORDINATING))
def test_coordinators_act_for_the_residents_committee(who: str) -> None:
    for act, state in ((Act.CLAIM, TicketState.OPEN), (Act.DECLINE, TicketState.OPEN), (Act.RESOLVE, TicketState.CLAIMED)):
        assert judge(act, READERS[who], ticket(state, COMMITTEE, PartyKind.RESIDENTS_COMMITTEE)) is None


def test_whoever_mended_it_does_not_verify_it_though_they_opened_it() -> None:
    standing = Standing(TicketState.RESOLVED, COMPANY, PartyKind.PROPERTY, frozenset({COMPANY}), MENDER, MENDER)
    assert judge(Act.VERIFY, Reader(MENDER, frozenset({Role.VOLUNTEER}), frozenset()), standing) is Refusal.OWN_WORK


def test_a_handler_of_the_party_that_mended_it_does_not_verify_it_though_they_lead_the_building() -> None:
    reader = Reader(SOMEBODY, frozenset({Role.BUILDING_LEADER, Role.HANDLER}), frozenset({COMPANY}))
    assert judge(Act.VERIFY, reader, ticket(TicketState.RESOLVED)) is Refusal.OWN_WORK


def test_the_committees_own_people_do_not_verify_its_work_but_a_leader_an_opener_and_an_administrator_do() -> None:
    standing = ticket(TicketState.RESOLVED, COMMITTEE, PartyKind.RESIDENTS_COMMITTEE)
    refusals = {
        who: judge(Act.VERIFY, READERS[who], standing) for who in ("coordinator", "secretary", "leader", "opener", "admin")
    }
    own = Refusal.OWN_WORK
    assert refusals == {"coordinator": own, "secretary": own, "leader": None, "opener": None, "admin": None}


def test_anybody_who_may_verify_may_say_that_their_own_work_is_not_good_enough() -> None:
    standing = ticket(TicketState.RESOLVED, COMMITTEE, PartyKind.RESIDENTS_COMMITTEE)
    assert judge(Act.REOPEN, READERS["coordinator"], standing) is None


def test_a_ticket_without_a_party_waits_for_a_coordinator() -> None:
    standing = ticket(TicketState.OPEN, None)
    assert judge(Act.CLAIM, READERS["coordinator"], standing) is Refusal.NO_PARTY
    assert judge(Act.HAND_OVER, READERS["coordinator"], standing, to=COMPANY) is None
    assert rules.possible_acts(READERS["coordinator"], standing) == [Act.HAND_OVER]


@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.CLAIMED])
def test_a_ticket_is_not_handed_to_the_party_that_has_it(state: TicketState) -> None:
    assert judge(Act.HAND_OVER, READERS["coordinator"], ticket(state), to=COMPANY) is Refusal.SAME_PARTY


def test_a_coordinator_may_insist_after_a_party_declined() -> None:
    assert judge(Act.HAND_OVER, READERS["coordinator"], ticket(TicketState.DECLINED), to=COMPANY) is None


def test_members_see_all_and_handlers_what_was_ever_theirs() -> None:
    standing = Standing(TicketState.OPEN, OTHER, PartyKind.DEPARTMENT, frozenset({COMPANY, OTHER}), OPENER, None)
    seen = {who for who, reader in READERS.items() if rules.may_see(reader, standing)}
    assert seen == set(READERS) - {"nobody"}
    assert not rules.may_see(READERS["its handler"], ticket(TicketState.OPEN, OTHER))
    assert rules.may_see(Reader(OPENER, frozenset({Role.HANDLER}), frozenset({COMPANY})), ticket(TicketState.OPEN, OTHER))
    assert not rules.may_see(Reader(OPENER, frozenset(), frozenset()), ticket(TicketState.OPEN, OTHER))


def test_every_category_and_urgency_has_a_time_and_urgent_ones_have_less() -> None:
    for category in Category:
        normal, urgent = (rules.DEADLINES[category][urgency] for urgency in (Urgency.NORMAL, Urgency.URGENT))
        assert timedelta() < urgent.claim < urgent.resolve < normal.resolve
        assert urgent.claim < normal.claim < normal.resolve


def local(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 9, day, hour, minute, second, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("ends", "moved"),
    [
        (local(16, 20), local(16, 20)),
        (local(16, 20, 0, 1), local(17, 10)),
        (local(16, 23, 59), local(17, 10)),
        (local(17, 0), local(17, 10)),
        (local(17, 7, 59, 59), local(17, 10)),
        (local(17, 8), local(17, 8)),
        (local(17, 9), local(17, 9)),
        (local(30, 21), datetime(2026, 10, 1, 10, tzinfo=SHANGHAI)),
    ],
)
def test_what_would_end_in_the_night_ends_at_the_next_ten_oclock(ends: datetime, moved: datetime) -> None:
    assert rules.after_the_night(ends.astimezone(UTC), SHANGHAI) == moved


def test_the_night_is_that_of_the_place() -> None:
    noon = datetime(2026, 9, 16, 12, tzinfo=UTC)
    assert rules.after_the_night(noon, ZoneInfo("Europe/London")) == noon
    assert rules.after_the_night(noon + timedelta(hours=1), SHANGHAI) == datetime(2026, 9, 17, 2, tzinfo=UTC)


def test_only_ordinary_deadlines_wait_for_the_morning() -> None:
    evening = local(16, 18, 30).astimezone(UTC)
    normal = rules.deadlines(Category.WASTE, Urgency.NORMAL, handed_at=evening, zone=SHANGHAI)
    urgent = rules.deadlines(Category.WASTE, Urgency.URGENT, handed_at=evening + timedelta(hours=2), zone=SHANGHAI)
    assert (normal.claim_by, normal.resolve_by) == (local(17, 10), local(17, 18, 30))
    assert (urgent.claim_by, urgent.resolve_by) == (local(16, 21, 30), local(17, 2, 30))


def test_whatever_the_hour_a_ticket_must_be_claimed_before_it_is_resolved() -> None:
    for category, urgency, hour in product(Category, Urgency, range(24)):
        times = rules.deadlines(category, urgency, handed_at=local(16, hour, 17).astimezone(UTC), zone=SHANGHAI)
        assert times.claim_by <= times.resolve_by
        assert times.claim_by.utcoffset() == timedelta()


def test_a_deadline_runs_until_it_is_met_and_passes_only_afterwards() -> None:
    claim_by, resolve_by = local(16, 12), local(17, 12)
    second = timedelta(seconds=1)

    def overdue(state: TicketState, now: datetime) -> bool:
        return rules.is_overdue(state, claim_by, resolve_by, now=now)

    assert [overdue(TicketState.OPEN, claim_by), overdue(TicketState.OPEN, claim_by + second)] == [False, True]
    assert [overdue(TicketState.DECLINED, claim_by), overdue(TicketState.DECLINED, claim_by + second)] == [False, True]
    assert [overdue(TicketState.CLAIMED, resolve_by), overdue(TicketState.CLAIMED, resolve_by + second)] == [False, True]
    assert not overdue(TicketState.RESOLVED, resolve_by + second)
    assert not overdue(TicketState.VERIFIED, resolve_by + second)
    assert rules.running_claim_by(TicketState.CLAIMED, claim_by) is None
    assert rules.running_resolve_by(TicketState.CLAIMED, resolve_by) == resolve_by
    assert rules.running_resolve_by(TicketState.RESOLVED, resolve_by) is None


def test_an_instant_without_equivalent_in_utc_is_none() -> None:
    assert rules.in_utc(datetime(2026, 9, 16, 8, tzinfo=SHANGHAI)) == datetime(2026, 9, 16, tzinfo=UTC)
    assert rules.in_utc(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))) is None
    assert rules.in_utc(datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))) is None
    assert rules.in_utc(datetime(2026, 9, 16)) is None  # noqa: DTZ001


def test_a_ticket_goes_to_its_categorys_party_else_to_the_committee_else_to_nobody() -> None:
    company, committee, owners = (
        Party(COMPANY, PartyKind.PROPERTY),
        Party(COMMITTEE, PartyKind.RESIDENTS_COMMITTEE),
        Party(OTHER, PartyKind.OWNERS_COMMITTEE),
    )
    assert rules.party_for(Category.WASTE, [owners, committee, company]) == COMPANY
    assert rules.party_for(Category.WASTE, [company, Party(OTHER, PartyKind.PROPERTY)]) == COMPANY
    assert rules.party_for(Category.WASTE, [owners, committee]) == COMMITTEE
    assert rules.party_for(Category.OTHER, [company, committee]) == COMMITTEE
    assert rules.party_for(Category.OTHER, [company, owners]) is None
    assert set(rules.CATEGORY_PARTY_KIND) == set(Category)


def test_a_number_is_said_without_its_year() -> None:
    assert rules.stored_number(date(2026, 9, 16), 7) == "2026-0916-07"
    assert rules.spoken_number("2026-0916-07") == "0916-07"
    assert rules.spoken_number(rules.stored_number(date(2026, 1, 2), 123)) == "0102-123"


def test_a_stranger_sees_just_the_first_character_of_a_name() -> None:
    assert rules.shown_name("金宝娣", masked=True) == "金**"
    assert rules.shown_name("金宝娣", masked=False) == "金宝娣"
