"""The tables of tickets and their photos, and nothing else. The constraints and indexes stand in the migration."""

from piccolo.columns import UUID, Array, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table

from mingxun.kit.database import ENGINE


class TicketCounter(Table, tablename="ticket_counter", db=ENGINE):
    """How many tickets a neighbourhood has opened on a local day."""

    neighbourhood = UUID(primary_key=True, default=None)
    day = Date()
    last = Integer()


class Ticket(Table, tablename="ticket", db=ENGINE):
    """One issue, from being seen to being seen mended."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID(default=None)
    number = Text()
    """`2026-0916-07`; people say it without the year."""
    category = Text()
    urgency = Text()
    what = Text()
    details = Text()
    location = UUID(null=True, default=None)
    area = UUID(null=True, default=None)
    whereabouts = Text()
    party = UUID(null=True, default=None)
    """Whom it is with. None until a coordinator hands it over, in a neighbourhood without a party for it."""
    parties = Array(base_column=UUID())
    """Every party it was ever with: their handlers may see it."""
    state = Text()
    opened_by = UUID(default=None)
    opened_at = Timestamptz()
    """When it reached the server. The deadlines count from here: before, nobody could have claimed it."""
    seen_at = Timestamptz()
    """When it was seen, by the phone's clock, corrected where that was off."""
    phone_at = Timestamptz(null=True, default=None)
    """The same as the phone said it."""
    clock_off = Boolean(default=False)
    claim_by = Timestamptz()
    resolve_by = Timestamptz()
    claim_overdue_at = Timestamptz(null=True, default=None)
    """When it was noticed, and announced once, that `claim_by` had passed."""
    resolve_overdue_at = Timestamptz(null=True, default=None)
    resolved_by = UUID(null=True, default=None)
    """Who resolved it last."""
    fingerprint = Bytea()
    """SHA-256 of the request that opened it, but for when it was sent: the same id with the same content is the same ticket."""
    version = Integer()


class TicketEvent(Table, tablename="ticket_event", db=ENGINE):
    """One step of a ticket's trail."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID(default=None)
    ticket = UUID(default=None)
    version = Integer()
    """The ticket's version after this step; the order of the trail."""
    at = Timestamptz()
    kind = Text()
    person = UUID(default=None)
    party = UUID(null=True, default=None)
    """Whom the ticket was with after this step."""
    note = Text()


class Photo(Table, tablename="photo", db=ENGINE):
    """A photo that has arrived. Its files are in the data directory (`photos`)."""

    id = UUID(primary_key=True, default=None)
    owner = UUID(default=None)
    sha256 = Bytea()
    """Of the bytes received, not of the file kept."""
    width = Integer()
    height = Integer()
    bytes = Integer()
    """Received."""
    received_at = Timestamptz()


class TicketPhoto(Table, tablename="ticket_photo", db=ENGINE):
    """Which photos belong to a step of a ticket. A phone may name one before it can send it, hence no foreign key to `photo`."""

    photo = UUID(primary_key=True, default=None)
    neighbourhood = UUID(default=None)
    ticket = UUID(default=None)
    event = UUID(default=None)
    owner = UUID(default=None)
    """Who named it. A photo of this id by anybody else is not the one that was meant."""
    position = Integer()
    """In the ticket's order: 100 × the step's version + the place within the step."""
