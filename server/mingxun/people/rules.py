"""Decisions about telephone numbers, passwords, invitations and their end. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final
from uuid import UUID

import phonenumbers

from mingxun.people.access import Act, Actor
from mingxun.people.schemas import Role

REGION: Final = "CN"
"""The country of numbers that are written without one."""
PASSWORD_MIN = 8
"""Characters (NIST SP 800-63B, 5.1.1.2)."""

_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")
"""Mainland mobile numbers by form: the operators open new ranges faster than a list of them is updated."""


def normalise_phone(text: str) -> str | None:
    """The number in E.164 (`+8613812345678`), whatever way it is written; None if it can't be one.

    Full-width digits, spaces and dashes are understood; a number without country code is a Chinese one, and a landline needs its
    area code.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"[\s\-_.·—–()]", "", plain)
    mobile = _MOBILE.fullmatch(digits)
    if mobile:
        return "+86" + mobile[1]
    if re.search(r"[^\d+]", digits) or not 7 <= len(digits.lstrip("+")) <= 15:
        return None
    if re.fullmatch(r"1\d{10}", digits):
        return None
    try:
        number = phonenumbers.parse(digits, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class PasswordFault(StrEnum):
    """Why a new password is refused. Each has a sentence in the app."""

    TOO_SHORT = "too_short"
    """It needs 8 characters or more."""
    COMMON = "common"
    """It is among the first that anybody guesses."""
    LIKE_PHONE = "like_phone"
    """It is made from the telephone number."""
    ONE_CHARACTER = "one_character"
    """It repeats one or two characters, or counts up or down."""


@cache
def common_passwords() -> frozenset[str]:
    """Passwords that are guessed first, in lower case; `common_passwords.txt` says how the list was made."""
    text = files("mingxun.people").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))


def judge_password(password: str, *, phone: str) -> PasswordFault | None:
    """What is wrong with a new password; None if it will do. `phone` is E.164. Any character counts, and none is required."""
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < PASSWORD_MIN:
        return PasswordFault.TOO_SHORT
    lowered = plain.lower()
    tight = re.sub(r"\s", "", lowered)
    national = phone.removeprefix("+86").removeprefix("+")
    if len(national) >= 7 and (national in tight or (len(tight) <= len(national) and tight in national)):
        return PasswordFault.LIKE_PHONE
    if _monotonous(tight):
        return PasswordFault.ONE_CHARACTER
    if lowered in common_passwords() or tight in common_passwords():
        return PasswordFault.COMMON
    return None


def _monotonous(text: str) -> bool:
    if len(set(text)) <= 2:
        return True
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


class FileFault(StrEnum):
    """Why a file can't be taken in as a roster. Each has a sentence in the app."""

    EMPTY = "empty"
    """It holds nothing."""
    NOT_A_SPREADSHEET = "not_a_spreadsheet"
    """It is something else, whatever its name says; `found` says what."""
    ENCRYPTED = "encrypted"
    """It is protected by a password; save it without."""
    MACROS = "macros"
    """It has macros; save it as an .xlsx."""
    BROKEN = "broken"
    """It is damaged; open it and save it anew."""
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    """It unpacks to more than a roster can be."""
    TOO_MANY_ROWS = "too_many_rows"
    """More than 20,000 rows."""
    TOO_WIDE = "too_wide"
    """More than 100 columns."""
    UNKNOWN_ENCODING = "unknown_encoding"
    """A text that is neither UTF-8 nor UTF-16 nor GB18030."""
    NO_NAME_COLUMN = "no_name_column"
    """No column is called 姓名 or the like; `found` says what stands there instead."""
    NO_PEOPLE = "no_people"
    """There is a header, and nobody below it."""


class InvitationFault(StrEnum):
    """Why an invitation can't be made so. Each has a sentence in the app."""

    WHO = "who"
    """Either somebody of the roster or a new name is needed, and not both."""
    PARTY_NEEDED = "party_needed"
    """A handler acts for a responsible party: choose one of this neighbourhood."""
    PARTY_UNWANTED = "party_unwanted"
    """Only handlers act for a party."""
    BUILDING_NEEDED = "building_needed"
    """A building leader leads a building: choose one."""
    NEIGHBOURHOOD_NEEDED = "neighbourhood_needed"
    """This role is held in the whole neighbourhood."""
    HELD_ALREADY = "held_already"
    """The person holds this role there already."""
    NOT_BY_INVITATION = "not_by_invitation"
    """Subdistrict administrators are appointed on the server, by its command line."""


def inviting(role: Role) -> Act:
    """What somebody must be allowed to do in order to invite to `role`, and to end it: who may give may take."""
    if role is Role.SECRETARY:
        return Act.INVITE_SECRETARY
    if role is Role.COORDINATOR:
        return Act.INVITE_COORDINATOR
    return Act.CREATE_INVITATION


def judge_invitation(
    *, role: Role, area_kind: str, named: tuple[bool, bool], party: bool, held: bool
) -> tuple[InvitationFault, ...]:
    """Everything that is wrong with an invitation; empty if nothing is. `named`: whether a person is given, and whether a name
    is.
    """
    faults = []
    if sum(named) != 1:
        faults.append(InvitationFault.WHO)
    if role is Role.SUBDISTRICT_ADMIN:
        return (*faults, InvitationFault.NOT_BY_INVITATION)
    if role is Role.HANDLER and not party:
        faults.append(InvitationFault.PARTY_NEEDED)
    if role is not Role.HANDLER and party:
        faults.append(InvitationFault.PARTY_UNWANTED)
    if role is Role.BUILDING_LEADER and area_kind != "building":
        faults.append(InvitationFault.BUILDING_NEEDED)
    if role in {Role.COORDINATOR, Role.SECRETARY, Role.HANDLER} and area_kind != "neighbourhood":
        faults.append(InvitationFault.NEIGHBOURHOOD_NEEDED)
    if held:
        faults.append(InvitationFault.HELD_ALREADY)
    return tuple(faults)


class EndingRefusal(StrEnum):
    """Why a role is not ended, or an account not shut or opened. Each has a sentence in the app."""

    LAST_SECRETARY = "last_secretary"
    """The neighbourhood would have no secretary any more who can sign in; make somebody else secretary first."""
    LAST_ADMINISTRATOR = "last_administrator"
    """The subdistrict would have no administrator any more who can sign in; make somebody else one first."""
    BEYOND = "beyond"
    """They belong to another neighbourhood, too, or have a role that others give; end their roles here instead."""


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that somebody holds, as far as ending it needs to know."""

    role: Role
    neighbourhood: UUID | None
    """None for a role in a subdistrict."""
    able: bool
    """Its holder can sign in."""
    others: int
    """How many others hold it there and can sign in."""


def judge_ending(held: HeldRole) -> tuple[EndingRefusal, ...]:
    """Why nobody may end this role by accident; empty when there is nothing against it."""
    if not held.able or held.others:
        return ()
    last = {Role.SECRETARY: EndingRefusal.LAST_SECRETARY, Role.SUBDISTRICT_ADMIN: EndingRefusal.LAST_ADMINISTRATOR}
    return (last[held.role],) if held.role in last else ()


def may_shut_out(actor: Actor, home: UUID | None, held: Sequence[HeldRole], *, act: Act) -> bool:
    """Whether all that the person is and has belongs to where `actor` may do `act`: an account opens every door of its owner."""
    if home is not None and not actor.may(act, home):
        return False
    return all(one.neighbourhood is not None and actor.may(inviting(one.role), one.neighbourhood) for one in held)


class InvitationEnd(StrEnum):
    """Why an invitation can't be used any more."""

    ACCEPTED = "accepted"
    """Somebody has taken it up."""
    EXPIRED = "expired"
    """Its time is over."""
    REVOKED = "revoked"
    """Whoever invited took it back, or may not invite any more."""
