"""The tables of people, their accounts and roles."""

from piccolo.columns import JSONB, UUID, Array, Bytea, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from mingxun.areas.tables import Area
from mingxun.kit.database import ENGINE


class Party(Table, tablename="party", db=ENGINE):
    """A responsible party of a neighbourhood."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = ForeignKey(Area, null=False)
    kind = Text()
    name = Text()
    phone = Text(null=True)


class Person(Table, tablename="person", db=ENGINE):
    """Somebody on a roster, with or without an account."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = ForeignKey(Area, null=True)
    """Where the record is kept; None for whoever works above a neighbourhood."""
    name = Text()
    phone = Text(null=True)
    """E.164. Contact data: a couple may share one."""
    phone_note = Text()
    """Whose telephone it is, or a second number."""
    gender = Text()
    born = Text()
    """As far as known: 1948, 1948-04 or 1948-04-04."""
    political_status = Text()
    building = ForeignKey(Area, null=True)
    room = Text()
    skills = Array(base_column=Text())
    availability = Text()
    remark = Text()
    """May say things about health: only in `PersonDetail`, and its reading is recorded."""
    language = Text()
    made_at = Timestamptz()


class Account(Table, tablename="account", db=ENGINE):
    """How a person signs in."""

    person = ForeignKey(Person, primary_key=True, default=None, null=False)
    phone = Text()
    """E.164, of one account only."""
    password_hash = Text()
    """Argon2id, encoded with its parameters."""
    made_at = Timestamptz()
    disabled_at = Timestamptz(null=True)


class Membership(Table, tablename="membership", db=ENGINE):
    """A role of a person in an area."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = ForeignKey(Area, null=True)
    """None for a role in a subdistrict."""
    person = ForeignKey(Person, null=False)
    role = Text()
    area = ForeignKey(Area, null=False)
    party = UUID(null=True)
    from_at = Timestamptz()
    ended_at = Timestamptz(null=True)


class Invitation(Table, tablename="invitation", db=ENGINE):
    """A role that waits for somebody to take it up through a link."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = ForeignKey(Area, null=True)
    person = ForeignKey(Person, null=False)
    role = Text()
    area = ForeignKey(Area, null=False)
    party = UUID(null=True)
    token_hash = Bytea()
    """SHA-256 of the link's token."""
    made_at = Timestamptz()
    made_by = ForeignKey(Person, null=True)
    expires_at = Timestamptz()
    accepted_at = Timestamptz(null=True)
    revoked_at = Timestamptz(null=True)


class Session(Table, tablename="session", db=ENGINE):
    """A browser in which somebody is signed in."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea()
    """SHA-256 of the cookie's token."""
    person = ForeignKey(Person, null=False)
    device = Text()
    created_at = Timestamptz()
    last_seen_at = Timestamptz()
    """To within five minutes."""
    expires_at = Timestamptz()
    ended_at = Timestamptz(null=True)


class SignInLink(Table, tablename="sign_in_link", db=ENGINE):
    """A link of the demonstration that signs in once; gone when it was used."""

    id = UUID(primary_key=True, default=None)
    person = ForeignKey(Person, null=False)
    token_hash = Bytea()
    """SHA-256 of the link's token."""
    expires_at = Timestamptz()


class RosterImport(Table, tablename="roster_import", db=ENGINE):
    """A roster that was read, and what came of it."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = ForeignKey(Area, null=False)
    file_name = Text()
    file_sha256 = Bytea()
    plan = JSONB(null=True)
    """The rows as read; wiped on confirmation and after a day, since they say more of people than an import needs to keep."""
    made_by = ForeignKey(Person, null=False)
    made_at = Timestamptz()
    confirmed_at = Timestamptz(null=True)
    outcome = JSONB(null=True)


class PersonChangeRow(Table, tablename="person_change", db=ENGINE):
    """What a field of a person was before a change, and after it; the fact of the change says who made it. Goes with the person."""

    fact = UUID(primary_key=True, default=None)
    neighbourhood = ForeignKey(Area, null=True)
    person = ForeignKey(Person, null=False)
    field = Text()
    before = Text()
    after = Text()
    at = Timestamptz()
