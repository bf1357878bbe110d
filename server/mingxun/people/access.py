"""Who may do what: one table, so that the whole of it can be read on a page.

A role counts in the neighbourhoods of its membership's area: one, or all of a subdistrict. Whoever has no role in a neighbourhood
is told that there is no such thing there. Some acts are narrowed further by their feature ("of their building", "of its party",
"their own"); the act's docstring says so.
"""

from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from mingxun.kit.problems import Forbidden, NotFound
from mingxun.people.schemas import Language, Role

__all__ = ["GRANTS", "Act", "Actor", "ActorMembership", "Language", "Role"]


class Act(StrEnum):
    """Something that only some roles may do. Each is named after the operation that it opens, where there is one."""

    # people
    CREATE_INVITATION = "create_invitation"
    """Invite a volunteer, building leader or handler; end such a role."""
    INVITE_COORDINATOR = "invite_coordinator"
    """Invite a coordinator; end such a role."""
    INVITE_SECRETARY = "invite_secretary"
    """Invite a secretary; end such a role."""
    LIST_INVITATIONS = "list_invitations"
    """See the invitations of the neighbourhood."""
    REVOKE_INVITATION = "revoke_invitation"
    """Make an invitation's link useless."""
    LIST_PEOPLE = "list_people"
    """See who is there; building leaders see names and rooms of their own buildings only."""
    GET_PERSON = "get_person"
    """See all that is kept of a person; every reading is recorded."""
    END_MEMBERSHIP = "end_membership"
    """End a role that one may also give (CREATE_INVITATION, INVITE_COORDINATOR, INVITE_SECRETARY)."""
    DISABLE_ACCOUNT = "disable_account"
    """Shut somebody out, all of whose roles one may end."""
    ENABLE_ACCOUNT = "enable_account"
    """Let them in again, as with DISABLE_ACCOUNT."""
    LIST_PARTIES = "list_parties"
    """See the responsible parties."""
    CREATE_PARTY = "create_party"
    """Add a responsible party."""
    IMPORT_ROSTER = "import_roster"
    """Preview and confirm the import of a roster."""

    # places
    LIST_AREAS = "list_areas"
    """See the tree of areas."""
    CREATE_AREA = "create_area"
    """Add a grid or a building."""
    LIST_LOCATIONS = "list_locations"
    """See the locations."""
    CREATE_LOCATION = "create_location"
    """Add a location."""
    GET_LOCATION = "get_location"
    """See one location."""
    UPDATE_LOCATION = "update_location"
    """Change a location."""
    REKEY_LOCATION = "rekey_location"
    """Give a location a new key, which makes its posters useless."""
    GET_ROTATING_CODE = "get_rotating_code"
    """Show the code that changes every 30 seconds."""
    PRINT_POSTERS = "print_posters"
    """Make posters to print."""
    GEOCODE = "geocode"
    """Look up an address."""

    # shifts
    LIST_SHIFTS = "list_shifts"
    """See the shifts."""
    CREATE_SHIFT = "create_shift"
    """Plan a shift."""
    GET_SHIFT = "get_shift"
    """See one shift and who serves on it."""
    UPDATE_SHIFT = "update_shift"
    """Change a shift."""
    CANCEL_SHIFT = "cancel_shift"
    """Cancel a shift."""
    LIST_PERSON_SHIFTS = "list_person_shifts"
    """See what a person still has ahead."""
    SIGN_UP = "sign_up"
    """Take a place for oneself."""
    WITHDRAW = "withdraw"
    """Give one's own place back."""
    ASSIGN = "assign"
    """Give somebody a place."""
    UNASSIGN = "unassign"
    """Take a place back from somebody."""

    # checkins
    READ_CODE = "read_code"
    """Learn which location a code or number means."""
    CHECK_IN = "check_in"
    """Check oneself in."""
    CHECK_OUT = "check_out"
    """Check oneself out."""
    VOUCH_CHECK_IN = "vouch_check_in"
    """Check somebody in whom one sees standing there."""
    LIST_ATTENDANCE = "list_attendance"
    """See attendance: one's own, unless LIST_ALL_ATTENDANCE is granted, too."""
    LIST_ALL_ATTENDANCE = "list_all_attendance"
    """See everybody's attendance."""
    GET_NOW = "get_now"
    """See who should be where at this moment, who is, and how to call those who are not."""

    # tickets
    UPLOAD_PHOTO = "upload_photo"
    """Send a photo to be attached to a ticket."""
    GET_PHOTO = "get_photo"
    """See the photos of the tickets that one may see."""
    OPEN_TICKET = "open_ticket"
    """Report an issue."""
    LIST_TICKETS = "list_tickets"
    """See tickets; who is nothing but a handler sees those of their party (LIST_ALL_TICKETS)."""
    LIST_ALL_TICKETS = "list_all_tickets"
    """See the tickets of every party."""
    GET_TICKET = "get_ticket"
    """See one ticket; narrowed like LIST_TICKETS."""
    CLAIM_TICKET = "claim_ticket"
    """Claim for a party: a handler for their own, a coordinator for the residents' committee."""
    DECLINE_TICKET = "decline_ticket"
    """Decline for a party, as with CLAIM_TICKET."""
    HAND_OVER_TICKET = "hand_over_ticket"
    """Hand over to another party: a coordinator any ticket, a handler one of their party."""
    RESOLVE_TICKET = "resolve_ticket"
    """Resolve for a party, as with CLAIM_TICKET."""
    VERIFY_TICKET = "verify_ticket"
    """Say that it is mended: who opened it, building leaders, coordinators; never the party that resolved it."""
    REOPEN_TICKET = "reopen_ticket"
    """Say that it is not mended, as with VERIFY_TICKET."""

    # notifications
    LIST_DELIVERIES = "list_deliveries"
    """See what people were told about a shift or ticket, whether it reached them, and whom to call."""


_PLANNERS: Final = frozenset({Role.COORDINATOR, Role.SECRETARY, Role.SUBDISTRICT_ADMIN})
"""A secretary may do all that a coordinator may; a subdistrict administrator the same in each of their neighbourhoods."""
_LEADERS: Final = _PLANNERS | {Role.BUILDING_LEADER}
_SERVING: Final = _LEADERS | {Role.VOLUNTEER}
_HANDLING: Final = _PLANNERS | {Role.HANDLER}
_MEMBERS: Final = frozenset(Role)

GRANTS: Final[dict[Act, frozenset[Role]]] = {
    Act.CREATE_INVITATION: _PLANNERS,
    Act.INVITE_COORDINATOR: frozenset({Role.SECRETARY, Role.SUBDISTRICT_ADMIN}),
    Act.INVITE_SECRETARY: frozenset({Role.SUBDISTRICT_ADMIN}),
    Act.LIST_INVITATIONS: _PLANNERS,
    Act.REVOKE_INVITATION: _PLANNERS,
    Act.LIST_PEOPLE: _LEADERS,
    Act.GET_PERSON: _PLANNERS,
    Act.END_MEMBERSHIP: _PLANNERS,
    Act.DISABLE_ACCOUNT: _PLANNERS,
    Act.ENABLE_ACCOUNT: _PLANNERS,
    Act.LIST_PARTIES: _MEMBERS,
    Act.CREATE_PARTY: _PLANNERS,
    Act.IMPORT_ROSTER: _PLANNERS,
    Act.LIST_AREAS: _MEMBERS,
    Act.CREATE_AREA: _PLANNERS,
    Act.LIST_LOCATIONS: _MEMBERS,
    Act.CREATE_LOCATION: _PLANNERS,
    Act.GET_LOCATION: _MEMBERS,
    Act.UPDATE_LOCATION: _PLANNERS,
    Act.REKEY_LOCATION: _PLANNERS,
    Act.GET_ROTATING_CODE: _LEADERS,
    Act.PRINT_POSTERS: _PLANNERS,
    Act.GEOCODE: _PLANNERS,
    Act.LIST_SHIFTS: _SERVING,
    Act.CREATE_SHIFT: _PLANNERS,
    Act.GET_SHIFT: _SERVING,
    Act.UPDATE_SHIFT: _PLANNERS,
    Act.CANCEL_SHIFT: _PLANNERS,
    Act.LIST_PERSON_SHIFTS: _PLANNERS,
    Act.SIGN_UP: _SERVING,
    Act.WITHDRAW: _SERVING,
    Act.ASSIGN: _PLANNERS,
    Act.UNASSIGN: _PLANNERS,
    Act.READ_CODE: _SERVING,
    Act.CHECK_IN: _SERVING,
    Act.CHECK_OUT: _SERVING,
    Act.VOUCH_CHECK_IN: _LEADERS,
    Act.LIST_ATTENDANCE: _MEMBERS,
    Act.LIST_ALL_ATTENDANCE: _PLANNERS,
    Act.GET_NOW: _LEADERS,
    Act.UPLOAD_PHOTO: _MEMBERS,
    Act.GET_PHOTO: _MEMBERS,
    Act.OPEN_TICKET: _MEMBERS,
    Act.LIST_TICKETS: _MEMBERS,
    Act.LIST_ALL_TICKETS: _SERVING,
    Act.GET_TICKET: _MEMBERS,
    Act.CLAIM_TICKET: _HANDLING,
    Act.DECLINE_TICKET: _HANDLING,
    Act.HAND_OVER_TICKET: _HANDLING,
    Act.RESOLVE_TICKET: _HANDLING,
    Act.VERIFY_TICKET: _MEMBERS,
    Act.REOPEN_TICKET: _MEMBERS,
    Act.LIST_DELIVERIES: _PLANNERS,
}
"""Which roles an act is granted to. A test holds that every act stands here."""


class ActorMembership(msgspec.Struct, frozen=True, kw_only=True):
    """A role that an actor holds now."""

    id: UUID
    role: Role
    area: UUID
    path: tuple[UUID, ...]
    """From the subdistrict down to the area itself."""
    party: UUID | None
    """The party that a handler acts for; None for every other role."""
    neighbourhoods: frozenset[UUID]
    """Where the role counts: one neighbourhood, or all below a subdistrict."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request: a person with an account that is not disabled, and the roles they hold at this moment."""

    person: UUID
    session: UUID
    language: Language
    memberships: tuple[ActorMembership, ...] = ()

    def require(self, act: Act, neighbourhood: UUID) -> None:
        """Pass if a role allows `act`. Raises NotFound without any role in `neighbourhood`, Forbidden when none allows it."""
        roles = self.roles(neighbourhood)
        if not roles:
            raise NotFound
        if not roles & GRANTS[act]:
            raise Forbidden

    def may(self, act: Act, neighbourhood: UUID) -> bool:
        """Whether a role of the actor in `neighbourhood` allows `act`."""
        return bool(self.roles(neighbourhood) & GRANTS[act])

    def roles(self, neighbourhood: UUID) -> frozenset[Role]:
        """The actor's roles that count in `neighbourhood`."""
        return frozenset(m.role for m in self.memberships if neighbourhood in m.neighbourhoods)

    def areas(self, role: Role, neighbourhood: UUID) -> frozenset[UUID]:
        """The areas in which the actor holds `role`, of those that count in `neighbourhood`."""
        return frozenset(m.area for m in self.memberships if m.role is role and neighbourhood in m.neighbourhoods)

    def parties(self, neighbourhood: UUID) -> frozenset[UUID]:
        """The parties of `neighbourhood` for which the actor may act as a handler."""
        return frozenset(m.party for m in self.memberships if m.party is not None and neighbourhood in m.neighbourhoods)

    def neighbourhoods(self) -> frozenset[UUID]:
        """Every neighbourhood in which the actor has a role."""
        return frozenset().union(*(m.neighbourhoods for m in self.memberships))
