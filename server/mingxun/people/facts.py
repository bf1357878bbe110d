"""Facts about people and their accounts. `subject` is the person unless said otherwise; none holds a name, number or address."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec

from mingxun.ledger import Fact
from mingxun.people.schemas import PartyKind, Role


class PersonField(StrEnum):
    """What can change of a person. A fact says which did; what it was and became is in the table `person_change`."""

    PHONE = "phone"
    PHONE_NOTE = "phone_note"
    GENDER = "gender"
    BORN = "born"
    POLITICAL_STATUS = "political_status"
    BUILDING = "building"
    ROOM = "room"
    SKILLS = "skills"
    AVAILABILITY = "availability"
    REMARK = "remark"
    LANGUAGE = "language"
    ROLES = "roles"
    """A role was added."""


class SignedIn(Fact, frozen=True, kw_only=True, tag="signed_in"):
    """Somebody signed in, with their password or by accepting an invitation."""

    silent: ClassVar[bool] = True
    session: UUID


class SessionEnded(Fact, frozen=True, kw_only=True, tag="session_ended"):
    """Somebody signed out, here or from another device."""

    silent: ClassVar[bool] = True
    session: UUID


class PasswordChanged(Fact, frozen=True, kw_only=True, tag="password_changed"):
    """Every other session and every waiting invitation of theirs ended with it."""

    silent: ClassVar[bool] = True
    sessions_ended: list[UUID]


class AccountDisabled(Fact, frozen=True, kw_only=True, tag="account_disabled"):
    """Every session and every waiting invitation of theirs ended with it."""

    silent: ClassVar[bool] = True
    sessions_ended: list[UUID]


class AccountEnabled(Fact, frozen=True, kw_only=True, tag="account_enabled"):
    """A shut account was opened again; its sessions and invitations stay ended."""

    silent: ClassVar[bool] = True


class InvitationCreated(Fact, frozen=True, kw_only=True, tag="invitation_created"):
    """`subject` is the invitation."""

    silent: ClassVar[bool] = True
    person: UUID
    role: Role
    area: UUID
    party: UUID | None


class InvitationAccepted(Fact, frozen=True, kw_only=True, tag="invitation_accepted"):
    """`subject` is the invitation, `person` whoever took it up, `made_by` who had invited them (None: the command line)."""

    person: UUID
    role: Role
    area: UUID
    made_by: UUID | None


class InvitationRevoked(Fact, frozen=True, kw_only=True, tag="invitation_revoked"):
    """`subject` is the invitation."""

    silent: ClassVar[bool] = True
    person: UUID


class MembershipGiven(Fact, frozen=True, kw_only=True, tag="membership_given"):
    """`subject` is the person; the roles that a roster import gives stand in RosterImported."""

    membership: UUID
    role: Role
    area: UUID
    party: UUID | None


class MembershipEnded(Fact, frozen=True, kw_only=True, tag="membership_ended"):
    """`subject` is the person."""

    membership: UUID
    role: Role
    area: UUID
    party: UUID | None


class PersonViewed(Fact, frozen=True, kw_only=True, tag="person_viewed"):
    """Somebody read all that is kept of the person, with whatever it says of health and party membership.
    Nobody else's app is to know who is being looked at (docs/decisions/0003)."""

    silent: ClassVar[bool] = True
    unseen: ClassVar[bool] = True


class PartyCreated(Fact, frozen=True, kw_only=True, tag="party_created"):
    """`subject` is the party."""

    silent: ClassVar[bool] = True
    party_kind: PartyKind


class PersonChanged(Fact, frozen=True, kw_only=True, tag="person_changed"):
    """Something of what is kept of a person became different, but for what a roster changes (RosterImported)."""

    silent: ClassVar[bool] = True
    fields: list[PersonField]


class ChangedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Which fields a roster changed of somebody who was there already."""

    person: UUID
    fields: list[PersonField]


class RosterImported(Fact, frozen=True, kw_only=True, tag="roster_imported"):
    """`subject` is the import. `added` and `changed` count people; `people` are all of them, the added ones first."""

    added: int
    changed: int
    people: list[UUID]
    leaders: list[UUID]
    """Who became a building leader by it."""
    buildings: list[UUID]
    """Buildings made for it."""
    changes: list[ChangedPerson] = msgspec.field(default_factory=list)
    """One item for each of the changed ones."""
