"""Requests and responses about people, accounts, roles and the roster."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from mingxun.kit.schema import Instant, Name, Phone, Request, Response


class Role(StrEnum):
    """What a membership lets a person be, within its area."""

    VOLUNTEER = "volunteer"
    """志愿者."""
    BUILDING_LEADER = "building_leader"
    """楼组长, of one building."""
    COORDINATOR = "coordinator"
    """统筹员."""
    SECRETARY = "secretary"
    """书记."""
    HANDLER = "handler"
    """处置方: acts for a responsible party."""
    SUBDISTRICT_ADMIN = "subdistrict_admin"
    """街道管理员."""


class PartyKind(StrEnum):
    """The kinds of responsible party (三驾马车 and the departments)."""

    PROPERTY = "property"
    """物业."""
    OWNERS_COMMITTEE = "owners_committee"
    """业委会."""
    RESIDENTS_COMMITTEE = "residents_committee"
    """居委会."""
    DEPARTMENT = "department"
    """职能部门."""


class Language(StrEnum):
    """A language that the product speaks."""

    ZH = "zh"
    EN = "en"


Password = Annotated[str, Meta(min_length=1, max_length=128)]
"""As typed. New ones need 8 characters or more and must not be a common one (NIST SP 800-63B); nothing else is asked."""
Token = Annotated[str, Meta(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


SearchText = Annotated[str, Meta(max_length=60, pattern=r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$")]


class SignIn(Request, frozen=True, kw_only=True):
    """Sign in by telephone number."""

    phone: Phone
    password: Password


class SignInByLink(Request, frozen=True, kw_only=True):
    token: Token


class PartyOut(Response, frozen=True, kw_only=True):
    """A responsible party of a neighbourhood."""

    id: UUID
    kind: PartyKind
    name: str
    phone: str | None


class PartyList(Response, frozen=True, kw_only=True):
    items: list[PartyOut]


class CreateParty(Request, frozen=True, kw_only=True):
    kind: PartyKind
    name: Name
    phone: Phone | None = None


class MembershipOut(Response, frozen=True, kw_only=True):
    """A role in an area. `neighbourhoods` lists those in which it counts (one, or all of a subdistrict)."""

    id: UUID
    role: Role
    area: UUID
    area_name: str
    party: PartyOut | None
    neighbourhoods: list["NeighbourhoodRef"]


class NeighbourhoodRef(Response, frozen=True, kw_only=True):
    id: UUID
    name: str


class Me(Response, frozen=True, kw_only=True):
    """Who is signed in, and what they may do where."""

    id: UUID
    name: str
    phone: str
    language: Language
    memberships: list[MembershipOut]
    session: UUID


class UpdateMe(Request, frozen=True, kw_only=True):
    language: Language


class ChangePassword(Request, frozen=True, kw_only=True):
    """Ends every other session of the account."""

    current: Password
    new: Password


class SessionOut(Response, frozen=True, kw_only=True):
    id: UUID
    device: str
    """What the phone calls itself, shortened (“Chrome · Android”)."""
    created_at: Instant
    last_seen_at: Instant
    current: bool


class SessionList(Response, frozen=True, kw_only=True):
    items: list[SessionOut]


class CreateInvitation(Request, frozen=True, kw_only=True):
    """Invite somebody on the roster (`person`), or somebody new (`name`): exactly one of the two."""

    person: UUID | None = None
    name: Name | None = None
    role: Role
    area: UUID
    party: UUID | None = None
    """Needed for a handler, refused for any other role."""
    valid_hours: Annotated[int, Meta(ge=1, le=720)] = 168


class InvitationOut(Response, frozen=True, kw_only=True):
    id: UUID
    person: UUID
    person_name: str
    role: Role
    area: UUID
    area_name: str
    expires_at: Instant
    accepted_at: Instant | None
    revoked_at: Instant | None


class NewInvitation(Response, frozen=True, kw_only=True):
    """Shown once: the server keeps only a hash of the token. `url` carries it in the fragment, which no server log sees."""

    invitation: InvitationOut
    url: str
    qr_svg: str


class InvitationPage(Response, frozen=True, kw_only=True):
    items: list[InvitationOut]
    next_cursor: str | None


class PreviewInvitation(Request, frozen=True, kw_only=True):
    token: Token


class InvitationPreview(Response, frozen=True, kw_only=True):
    """What the holder of a token learns before accepting it."""

    person_name: str
    role: Role
    area_name: str
    neighbourhood_name: str
    expires_at: Instant
    has_account: bool
    """True when the person signs in already: then the password is the one they have."""


class AcceptInvitation(Request, frozen=True, kw_only=True):
    token: Token
    phone: Phone
    password: Password


class PersonOut(Response, frozen=True, kw_only=True):
    """A person as a coordinator of the neighbourhood sees them. Party membership and health are in `PersonDetail` only."""

    id: UUID
    name: str
    phone: str | None
    phone_note: str
    building: UUID | None
    building_name: str | None
    room: str
    roles: list[Role]
    skills: list[str]
    has_account: bool


class SearchPeople(Request, frozen=True, kw_only=True):
    """Whom to look for. In a body, since addresses are written into logs and histories, and names don't belong there."""

    query: SearchText
    """Part of a name, building or room; digits of a number."""
    role: Role | None = None
    cursor: Annotated[str, Meta(max_length=300, pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    """`next_cursor` of the page before."""
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class PersonPage(Response, frozen=True, kw_only=True):
    items: list[PersonOut]
    next_cursor: str | None


class PersonDetail(PersonOut, frozen=True, kw_only=True):
    """All that is kept of a person; reading it is recorded in the ledger."""

    gender: str
    born: str
    """As far as it is known: `1948`, `1948-04` or `1948-04-04`; empty if it is not."""
    political_status: str
    availability: str
    remark: str
    memberships: list[MembershipOut]
    account_disabled: bool
    """They have an account, and it is shut."""


class RowFate(StrEnum):
    """What confirming the import does with a row of the file."""

    NEW = "new"
    """A person is added."""
    CHANGED = "changed"
    """A person is on the roster already; `changes` says what becomes different."""
    SAME = "same"
    """A person is on the roster already, exactly so."""
    DUPLICATE = "duplicate"
    """The same person as an earlier row of this file; left out."""
    REFUSED = "refused"
    """Can't be taken in; `problems` says why."""


class FieldChange(Response, frozen=True, kw_only=True):
    """`before` is empty for `political_status` and `remark`: what is kept of them is read in `PersonDetail` only. `field` is
    `roles`
    for a role that is added."""

    field: str
    before: str
    after: str


class RosterRow(Response, frozen=True, kw_only=True):
    """One row of the file, as read."""

    row: int
    """As the spreadsheet numbers it, from 1."""
    sheet: str
    """The sheet's name; empty when only one sheet of the file has people."""
    fate: RowFate
    name: str
    phone: str | None
    building: str
    room: str
    problems: list["RowProblem"]
    changes: list[FieldChange]


class RowProblem(Response, frozen=True, kw_only=True):
    """Something about a row that a person should know. `text` is a sentence in the reader's language."""

    code: str
    field: str
    value: str
    text: str
    fatal: bool


class RosterPreview(Response, frozen=True, kw_only=True):
    """What an import would do; nothing is changed until it is confirmed. Lapses after 24 hours."""

    id: UUID
    file_name: str
    counts: dict[RowFate, int]
    new_buildings: list[str]
    ignored_columns: list[str]
    rows: list[RosterRow]
    """At most 10,000, in the file's order."""


class RosterImported(Response, frozen=True, kw_only=True):
    """What a confirmed import did."""

    id: UUID
    added: int
    changed: int
    unchanged: int
    left_out: int
