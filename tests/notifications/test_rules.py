"""Who is told what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest

from mingxun.checkins.facts import CheckedIn, StayClosed, Vouched
from mingxun.checkins.schemas import Direction, Flag, Grade
from mingxun.ledger import Fact, fact_kinds
from mingxun.notifications.outcomes import LONGEST_RETRY_AFTER, PAUSES, Outcome, Reason, next_try
from mingxun.notifications.rules import ANNOUNCED, SILENT, Draft, Manner, Place, Scene, drafts
from mingxun.notifications.words import SENTENCES, word
from mingxun.people.facts import InvitationAccepted, MembershipEnded, MembershipGiven, RosterImported
from mingxun.people.schemas import Language, Role
from mingxun.shifts.facts import Assigned, Duty, PersonAffected, ShiftCancelled, ShiftChanged, SignedUp, Unassigned, Withdrew
from mingxun.shifts.schemas import Effect, ShiftKind
from mingxun.tickets.facts import (
    TicketClaimed,
    TicketDeclined,
    TicketHandedOver,
    TicketOpened,
    TicketOverdue,
    TicketReopened,
    TicketResolved,
    TicketVerified,
)
from mingxun.tickets.schemas import Category, Urgency

for _feature in ("areas", "people", "places", "shifts", "tickets", "checkins"):
    if find_spec(f"mingxun.{_feature}.facts"):
        import_module(f"mingxun.{_feature}.facts")

HERE, SHIFT, GATE, TICKET = uuid4(), uuid4(), uuid4(), uuid4()
PLANNER, SECRETARY, VOLUNTEER, OTHER, LEADER, FITTER = (uuid4() for _ in range(6))
COMPANY, NOBODYS = uuid4(), uuid4()
NOW = datetime(2026, 10, 7, 2, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SCENE = Scene(
    at=NOW,
    actor=PLANNER,
    names={PLANNER: "周敏", VOLUNTEER: "金宝娣", FITTER: "金师傅"},
    places={GATE: Place("东门", "01")},
    title="晚间巡逻",
    said="暴雨\n红色预警",
    spot="东门",
    parties={COMPANY: "和畅物业"},
    coordinators=frozenset({PLANNER, SECRETARY}),
    handlers={COMPANY: frozenset({FITTER})},
    leaders=frozenset({LEADER}),
)
DUTY = Duty(
    kind=ShiftKind.PATROL,
    location=GATE,
    starts_at=NOW + timedelta(days=2),
    ends_at=NOW + timedelta(days=2, hours=2),
    made_by=PLANNER,
)


def told(found: list[Draft]) -> dict[UUID, tuple[str, Manner]]:
    assert len({(draft.person, draft.kind) for draft in found}) == len(found)
    return {draft.person: (draft.kind, draft.manner) for draft in found}


def signed(kind: type[SignedUp] | type[Withdrew] | type[Assigned] | type[Unassigned], duty: Duty = DUTY) -> Fact:
    return kind(neighbourhood=HERE, subject=SHIFT, person=VOLUNTEER, need=uuid4(), assignment=uuid4(), duty=duty)


def ticket_fact(kind: type[Fact], **more: Any) -> Fact:
    given: dict[str, Any] = {
        "neighbourhood": HERE,
        "subject": TICKET,
        "number": "1007-03",
        "category": Category.LIGHTING,
        "urgency": Urgency.NORMAL,
        "opened_by": VOLUNTEER,
        "party": COMPANY,
    }
    return kind(**(given | more))


def test_every_kind_of_fact_is_announced_or_silent_for_a_reason() -> None:
    leaves = {kind for kind in fact_kinds().values() if not kind.__subclasses__() and kind.__module__.startswith("mingxun.")}
    assert leaves == set(ANNOUNCED) | set(SILENT)
    assert not set(ANNOUNCED) & set(SILENT)
    assert all(SILENT.values())


def test_an_announcement_is_enqueued_for_exactly_the_kinds_that_somebody_is_told_of() -> None:
    assert {kind for kind in ANNOUNCED if kind.silent} == set()
    assert {kind for kind in SILENT if not kind.silent} == set()


def test_an_unknown_fact_tells_nobody() -> None:
    class Unheard(Fact, frozen=True, kw_only=True, tag="unheard_of"):
        pass

    assert drafts(Unheard(neighbourhood=None, subject=HERE), SCENE) == []
    del Unheard


def test_who_was_assigned_is_told() -> None:
    assert told(drafts(signed(Assigned), SCENE)) == {VOLUNTEER: ("assigned", Manner.PUSH)}


def test_of_a_shift_that_is_over_only_what_the_record_says_now_is_told() -> None:
    over = msgspec.structs.replace(DUTY, starts_at=NOW - timedelta(hours=2), ends_at=NOW)
    assert told(drafts(signed(Assigned, over), SCENE)) == {VOLUNTEER: ("assigned_afterwards", Manner.INBOX)}
    assert told(drafts(signed(Unassigned, over), SCENE)) == {VOLUNTEER: ("unassigned_afterwards", Manner.INBOX)}
    runs = msgspec.structs.replace(over, ends_at=NOW + timedelta(seconds=1))
    assert told(drafts(signed(Unassigned, runs), SCENE)) == {VOLUNTEER: ("unassigned", Manner.PUSH)}


def test_nobody_is_told_of_what_they_did_themselves() -> None:
    assert drafts(signed(Assigned), replace(SCENE, actor=VOLUNTEER)) == []


def test_coordinators_see_who_signed_up_without_a_phone_ringing() -> None:
    assert told(drafts(signed(SignedUp), replace(SCENE, actor=VOLUNTEER))) == {
        PLANNER: ("signed_up", Manner.INBOX),
        SECRETARY: ("signed_up", Manner.INBOX),
    }


@pytest.mark.parametrize(("hours", "manner"), [(24, Manner.PUSH), (24.01, Manner.INBOX), (-1, Manner.PUSH)])
def test_withdrawing_within_a_day_of_the_beginning_rings(hours: float, manner: Manner) -> None:
    duty = Duty(
        kind=ShiftKind.PATROL,
        location=GATE,
        starts_at=NOW + timedelta(hours=hours),
        ends_at=NOW + timedelta(hours=hours + 2),
        made_by=OTHER,
    )
    found = told(drafts(signed(Withdrew, duty), replace(SCENE, actor=VOLUNTEER)))
    assert found == dict.fromkeys((PLANNER, SECRETARY, OTHER), ("withdrew", manner))


def test_everyone_on_a_changed_shift_is_told_how_it_touches_them() -> None:
    fact = ShiftChanged(
        neighbourhood=HERE,
        subject=SHIFT,
        before=DUTY,
        after=DUTY,
        needs_before=[],
        needs_after=[],
        affected=[PersonAffected(person=VOLUNTEER, effect=Effect.MOVED), PersonAffected(person=OTHER, effect=Effect.INFORMED)],
    )
    assert told(drafts(fact, SCENE)) == {VOLUNTEER: ("shift_moved", Manner.PUSH), OTHER: ("shift_informed", Manner.INBOX)}


def test_everyone_on_a_cancelled_shift_is_told_why() -> None:
    fact = ShiftCancelled(neighbourhood=HERE, subject=SHIFT, duty=DUTY, persons=[VOLUNTEER, OTHER, VOLUNTEER])
    found = drafts(fact, SCENE)
    assert told(found) == dict.fromkeys((VOLUNTEER, OTHER), ("shift_cancelled", Manner.PUSH))
    assert found[0].params["reason"] == "暴雨\n红色预警"


def check_in(*flags: Flag) -> CheckedIn:
    return CheckedIn(
        neighbourhood=HERE,
        subject=TICKET,
        attendance=TICKET,
        person=VOLUNTEER,
        location=GATE,
        shift=None,
        at=NOW,
        grade=Grade.POSTER,
        flags=list(flags),
        conflict=None,
    )


def test_a_check_in_leaves_a_receipt_that_rings_nobody() -> None:
    assert told(drafts(check_in(), replace(SCENE, actor=VOLUNTEER))) == {VOLUNTEER: ("checked_in", Manner.RECEIPT)}


def test_coordinators_see_a_check_in_from_elsewhere_but_no_phone_rings() -> None:
    found = told(drafts(check_in(Flag.OUTSIDE, Flag.LATE_UPLOAD), replace(SCENE, actor=VOLUNTEER)))
    assert found[PLANNER] == ("check_in_flagged", Manner.INBOX)
    assert found[VOLUNTEER] == ("checked_in", Manner.RECEIPT)


def test_a_late_upload_alone_is_nothing_to_ask_about() -> None:
    assert set(told(drafts(check_in(Flag.LATE_UPLOAD, Flag.NO_SHIFT), replace(SCENE, actor=VOLUNTEER)))) == {VOLUNTEER}


def test_who_was_vouched_for_is_told_so_that_a_wrong_word_does_not_stand() -> None:
    fact = Vouched(
        neighbourhood=HERE,
        subject=TICKET,
        attendance=TICKET,
        person=VOLUNTEER,
        location=GATE,
        shift=None,
        direction=Direction.IN,
        at=NOW,
        vouched_by=LEADER,
        conflict=None,
    )
    assert told(drafts(fact, replace(SCENE, actor=LEADER))) == {VOLUNTEER: ("vouched_in", Manner.PUSH)}


def test_a_new_ticket_goes_to_those_who_mend_it() -> None:
    fact = ticket_fact(TicketOpened, location=GATE, area=None)
    assert told(drafts(fact, replace(SCENE, actor=VOLUNTEER))) == {FITTER: ("ticket_opened", Manner.PUSH)}


@pytest.mark.parametrize("party", [None, NOBODYS])
def test_a_ticket_that_nobody_can_take_goes_to_the_coordinators(party: UUID | None) -> None:
    fact = ticket_fact(TicketOpened, location=GATE, area=None, party=party, urgency=Urgency.URGENT)
    kind = "ticket_unassigned" if party is None else "ticket_opened_urgent"
    assert told(drafts(fact, replace(SCENE, actor=VOLUNTEER))) == dict.fromkeys((PLANNER, SECRETARY), (kind, Manner.PUSH))


def test_who_reported_a_ticket_follows_it_to_the_end() -> None:
    scene = replace(SCENE, actor=FITTER)
    assert told(drafts(ticket_fact(TicketClaimed), scene)) == {VOLUNTEER: ("ticket_claimed", Manner.PUSH)}
    assert told(drafts(ticket_fact(TicketResolved), scene)) == {
        VOLUNTEER: ("ticket_resolved", Manner.PUSH),
        LEADER: ("ticket_resolved", Manner.PUSH),
        PLANNER: ("ticket_resolved", Manner.INBOX),
        SECRETARY: ("ticket_resolved", Manner.INBOX),
    }
    assert told(drafts(ticket_fact(TicketVerified, resolved_by=FITTER), replace(SCENE, actor=LEADER))) == dict.fromkeys(
        (FITTER, VOLUNTEER), ("ticket_verified", Manner.PUSH)
    )


def test_a_coordinator_who_reported_it_is_asked_to_look_like_anybody() -> None:
    fact = ticket_fact(TicketResolved, opened_by=PLANNER)
    assert told(drafts(fact, replace(SCENE, actor=FITTER)))[PLANNER] == ("ticket_resolved", Manner.PUSH)


def test_what_does_not_move_on_reaches_those_who_can_move_it() -> None:
    declined = told(drafts(ticket_fact(TicketDeclined), replace(SCENE, actor=FITTER)))
    assert declined == dict.fromkeys((PLANNER, SECRETARY), ("ticket_declined", Manner.PUSH))
    overdue = told(drafts(ticket_fact(TicketOverdue, deadline="claim"), replace(SCENE, actor=None)))
    assert overdue == dict.fromkeys((PLANNER, SECRETARY, FITTER), ("ticket_overdue_claim", Manner.PUSH))
    reopened = told(drafts(ticket_fact(TicketReopened, resolved_by=FITTER), replace(SCENE, actor=VOLUNTEER)))
    assert reopened == {FITTER: ("ticket_reopened", Manner.PUSH)}
    handed = told(drafts(ticket_fact(TicketHandedOver, from_party=None), SCENE))
    assert handed == {FITTER: ("ticket_handed_over", Manner.PUSH)}


def test_the_other_coordinators_see_that_a_roster_was_imported() -> None:
    fact = RosterImported(neighbourhood=HERE, subject=uuid4(), added=40, changed=2, people=[VOLUNTEER], leaders=[], buildings=[])
    assert told(drafts(fact, SCENE)) == {SECRETARY: ("roster_imported", Manner.INBOX)}


def test_who_invited_somebody_sees_that_they_came() -> None:
    fact = InvitationAccepted(
        neighbourhood=HERE, subject=uuid4(), person=VOLUNTEER, role=Role.VOLUNTEER, area=HERE, made_by=PLANNER
    )
    assert told(drafts(fact, replace(SCENE, actor=VOLUNTEER))) == {PLANNER: ("invitation_accepted", Manner.INBOX)}


def test_whose_roles_change_is_told() -> None:
    given: dict[str, Any] = {
        "neighbourhood": HERE,
        "subject": VOLUNTEER,
        "membership": uuid4(),
        "role": Role.BUILDING_LEADER,
        "area": HERE,
        "party": None,
    }
    assert told(drafts(MembershipGiven(**given), SCENE)) == {VOLUNTEER: ("role_given", Manner.INBOX)}
    assert told(drafts(MembershipEnded(**given), SCENE)) == {VOLUNTEER: ("role_ended", Manner.INBOX)}


EXAMPLES = [
    RosterImported(neighbourhood=HERE, subject=uuid4(), added=40, changed=2, people=[VOLUNTEER], leaders=[], buildings=[]),
    InvitationAccepted(neighbourhood=HERE, subject=uuid4(), person=VOLUNTEER, role=Role.HANDLER, area=HERE, made_by=PLANNER),
    MembershipGiven(neighbourhood=HERE, subject=VOLUNTEER, membership=uuid4(), role=Role.SECRETARY, area=HERE, party=None),
    MembershipEnded(neighbourhood=HERE, subject=VOLUNTEER, membership=uuid4(), role=Role.VOLUNTEER, area=HERE, party=None),
    signed(Assigned),
    signed(Assigned, msgspec.structs.replace(DUTY, starts_at=NOW - timedelta(hours=2), ends_at=NOW)),
    signed(Unassigned),
    signed(Unassigned, msgspec.structs.replace(DUTY, starts_at=NOW - timedelta(hours=2), ends_at=NOW)),
    signed(SignedUp),
    signed(Withdrew),
    ShiftChanged(
        neighbourhood=HERE,
        subject=SHIFT,
        before=DUTY,
        after=DUTY,
        needs_before=[],
        needs_after=[],
        affected=[PersonAffected(person=uuid4(), effect=effect) for effect in Effect],
    ),
    ShiftCancelled(neighbourhood=HERE, subject=SHIFT, duty=DUTY, persons=[VOLUNTEER]),
    check_in(*Flag),
    StayClosed(
        neighbourhood=HERE,
        subject=TICKET,
        attendance=TICKET,
        person=VOLUNTEER,
        location=uuid4(),
        shift=None,
        left_at=NOW,
        assumed=True,
    ),
    ticket_fact(TicketOpened, location=None, area=None),
    ticket_fact(TicketOpened, location=None, area=None, party=None),
    ticket_fact(TicketHandedOver, from_party=None),
    ticket_fact(TicketClaimed),
    ticket_fact(TicketDeclined),
    ticket_fact(TicketResolved),
    ticket_fact(TicketVerified, resolved_by=FITTER),
    ticket_fact(TicketReopened, resolved_by=FITTER),
    ticket_fact(TicketOverdue, deadline="claim"),
    ticket_fact(TicketOverdue, deadline="resolve"),
]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_every_message_has_its_words_even_when_names_are_gone(fact: Fact, language: Language) -> None:
    for scene in (
        replace(SCENE, actor=None),
        replace(SCENE, actor=None, names={}, places={}, parties={}, spot="", title="", said=""),
    ):
        for draft in drafts(fact, scene):
            title, body = word(draft.kind, draft.params, language=language, zone=SHANGHAI)
            text = title + body
            assert title
            assert body
            assert "{" not in text
            assert "\n" not in text
            assert "None" not in text
            assert "，，" not in text
            assert ", ," not in text


def test_both_languages_say_the_same_things() -> None:
    assert set(SENTENCES[Language.ZH]) == set(SENTENCES[Language.EN])


def test_a_time_is_said_in_the_neighbourhoods_zone() -> None:
    (draft,) = drafts(signed(Assigned), SCENE)
    title, body = word(draft.kind, draft.params, language=Language.ZH, zone=SHANGHAI)
    assert title == "给您排了班：晚间巡逻"
    assert body.startswith("10月9日（周五）上午10点到中午12点，东门。周敏安排的")
    assert word(draft.kind, draft.params, language=Language.EN, zone=SHANGHAI)[1].startswith("Fri 9 Oct, 10 am to 12 pm, 东门.")


def pause_of(
    outcome: Outcome, *, attempts: int = 1, age: timedelta = timedelta(0), left: timedelta = timedelta(days=1)
) -> timedelta | None:
    return next_try(outcome, attempts=attempts, age=age, left=left)


def test_what_can_pass_is_tried_again_with_longer_pauses_then_given_up() -> None:
    outcome = Outcome(Reason.SERVER_ERROR, 503)
    assert [pause_of(outcome, attempts=attempt) for attempt in range(1, 7)] == [*PAUSES, None]


def test_what_will_not_change_is_not_tried_again() -> None:
    for reason in (Reason.GONE, Reason.KEY_REFUSED, Reason.TOO_LARGE, Reason.REJECTED, Reason.SIGNED_OUT, None):
        assert pause_of(Outcome(reason)) is None


def test_a_push_service_is_left_alone_for_as_long_as_it_asks() -> None:
    asked = Outcome(Reason.THROTTLED, 429, timedelta(minutes=10))
    assert pause_of(asked) == timedelta(minutes=10)
    assert pause_of(asked, attempts=4) == PAUSES[3]
    for_ever = Outcome(Reason.THROTTLED, 429, timedelta(days=365))
    assert pause_of(for_ever) == LONGEST_RETRY_AFTER
    assert pause_of(for_ever, left=timedelta(hours=1)) is None


def test_what_is_held_back_untried_waits_longer_and_longer_and_is_given_up_only_when_it_lapses() -> None:
    held = Outcome(Reason.HELD_BACK)
    ages = [
        timedelta(0),
        timedelta(seconds=15),
        timedelta(minutes=2),
        timedelta(minutes=7),
        timedelta(hours=1),
        timedelta(days=1),
    ]
    assert [pause_of(held, attempts=0, age=age) for age in ages] == [*PAUSES, PAUSES[-1]]
    assert pause_of(replace(held, retry_after=timedelta(seconds=40)), attempts=0) == timedelta(seconds=40), (
        "while its lane is closed"
    )
    assert pause_of(held, attempts=0, age=timedelta(hours=23), left=timedelta(hours=1)) is None
