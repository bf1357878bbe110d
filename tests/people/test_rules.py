"""Telephone numbers, passwords, invitations, and who may do what."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingxun.kit.problems import Forbidden, NotFound
from mingxun.people.access import GRANTS, Act, Actor, ActorMembership
from mingxun.people.rules import (
    InvitationFault,
    PasswordFault,
    common_passwords,
    inviting,
    judge_invitation,
    judge_password,
    normalise_phone,
)
from mingxun.people.schemas import Language, Role

PHONE = "+8613812345678"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13812345678", PHONE),
        (" +86 138-1234-5678 ", PHONE),
        ("１３８１２３４５６７８", PHONE),
        ("008613812345678", PHONE),
        ("021-58881234", "+862158881234"),
        ("+49 30 901820", "+4930901820"),
        ("1381234567", None),
        ("138123456789", None),
        ("10086", None),
        ("电话", None),
        ("", None),
    ],
)
def test_a_telephone_number_is_kept_in_one_form(text: str, expected: str | None) -> None:
    assert normalise_phone(text) == expected


@given(st.text(max_size=40))
def test_no_text_brings_the_number_rule_down(text: str) -> None:
    found = normalise_phone(text)
    assert found is None or normalise_phone(found) == found


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("1234567", PasswordFault.TOO_SHORT),
        ("短密码", PasswordFault.TOO_SHORT),
        ("password", PasswordFault.COMMON),
        ("Password123", PasswordFault.COMMON),
        ("woaini520", PasswordFault.COMMON),
        ("p a s s w o r d", PasswordFault.COMMON),
        ("88888888", PasswordFault.ONE_CHARACTER),
        ("abababab", PasswordFault.ONE_CHARACTER),
        ("23456789", PasswordFault.ONE_CHARACTER),
        ("hgfedcba", PasswordFault.ONE_CHARACTER),
        ("13812345678", PasswordFault.LIKE_PHONE),
        ("138 1234 5678", PasswordFault.LIKE_PHONE),
        ("12345678", PasswordFault.LIKE_PHONE),
        ("x13812345678", PasswordFault.LIKE_PHONE),
        ("ling yun li 2026", None),
        ("小区里的猫很多", PasswordFault.TOO_SHORT),
        ("小区里的猫真的很多", None),
        ("qjxkvbzw", None),
        (" " * 3 + "kv7zqp" + " " * 3, None),
    ],
)
def test_a_new_password_is_judged_by_what_is_guessed_first(password: str, fault: PasswordFault | None) -> None:
    assert judge_password(password, phone=PHONE) is fault


def test_the_list_of_common_passwords_is_long_and_holds_no_useless_ones() -> None:
    assert len(common_passwords()) > 3000
    assert all(len(password) >= 8 and password == password.lower() for password in common_passwords())


def test_each_act_is_granted_to_somebody() -> None:
    assert set(GRANTS) == set(Act)
    assert all(GRANTS.values())


def test_a_secretary_may_all_that_a_coordinator_may_and_an_administrator_all_that_a_secretary_may() -> None:
    for roles in GRANTS.values():
        assert Role.SECRETARY in roles or Role.COORDINATOR not in roles
        assert Role.SUBDISTRICT_ADMIN in roles or Role.SECRETARY not in roles


def test_only_the_next_above_invites_to_a_leading_role() -> None:
    may = {role: GRANTS[inviting(role)] for role in Role}
    assert Role.COORDINATOR in may[Role.VOLUNTEER]
    assert may[Role.COORDINATOR] == {Role.SECRETARY, Role.SUBDISTRICT_ADMIN}
    assert may[Role.SECRETARY] == {Role.SUBDISTRICT_ADMIN}


HERE, THERE = uuid4(), uuid4()


def actor(*held: tuple[Role, set[UUID]], party: UUID | None = None) -> Actor:
    return Actor(
        person=uuid4(),
        session=uuid4(),
        language=Language.ZH,
        memberships=tuple(
            ActorMembership(id=uuid4(), role=role, area=uuid4(), path=(), party=party, neighbourhoods=frozenset(places))
            for role, places in held
        ),
    )


def test_without_a_role_in_a_neighbourhood_there_is_nothing_there() -> None:
    with pytest.raises(NotFound):
        actor((Role.COORDINATOR, {HERE})).require(Act.LIST_PEOPLE, THERE)


def test_with_another_role_it_is_there_and_not_allowed() -> None:
    with pytest.raises(Forbidden):
        actor((Role.VOLUNTEER, {HERE})).require(Act.LIST_PEOPLE, HERE)


def test_roles_add_up_and_count_only_where_they_are_held() -> None:
    both = actor((Role.VOLUNTEER, {HERE}), (Role.COORDINATOR, {THERE}))
    assert not both.may(Act.ASSIGN, HERE)
    assert both.may(Act.ASSIGN, THERE)
    assert both.neighbourhoods() == {HERE, THERE}
    assert both.roles(HERE) == {Role.VOLUNTEER}
    assert len(both.areas(Role.COORDINATOR, THERE)) == 1
    assert both.areas(Role.COORDINATOR, HERE) == frozenset()


def test_a_handler_acts_for_the_parties_of_that_neighbourhood() -> None:
    party = uuid4()
    assert actor((Role.HANDLER, {HERE}), party=party).parties(HERE) == {party}
    assert actor((Role.HANDLER, {HERE}), party=party).parties(THERE) == frozenset()


def judged(role: Role, **other: object) -> set[InvitationFault]:
    fitting = "building" if role is Role.BUILDING_LEADER else "neighbourhood"
    given: dict[str, object] = {"area_kind": fitting, "named": (True, False), "party": role is Role.HANDLER, "held": False}
    return set(judge_invitation(role=role, **(given | other)))  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SUBDISTRICT_ADMIN])
def test_an_invitation_in_the_right_place_is_fine(role: Role) -> None:
    assert judged(role) == set()


def test_every_fault_of_an_invitation_is_told_at_once() -> None:
    assert judged(Role.VOLUNTEER, named=(True, True), party=True, held=True) == {
        InvitationFault.WHO,
        InvitationFault.PARTY_UNWANTED,
        InvitationFault.HELD_ALREADY,
    }
    assert judged(Role.HANDLER, party=False, area_kind="building") == {
        InvitationFault.PARTY_NEEDED,
        InvitationFault.NEIGHBOURHOOD_NEEDED,
    }
    assert judged(Role.BUILDING_LEADER, area_kind="grid") == {InvitationFault.BUILDING_NEEDED}
    assert judged(Role.SUBDISTRICT_ADMIN) == {InvitationFault.NOT_BY_INVITATION}
    assert judged(Role.VOLUNTEER, named=(False, False)) == {InvitationFault.WHO}
