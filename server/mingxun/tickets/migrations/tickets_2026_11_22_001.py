"""Tickets, their trail, and photos."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "tickets, their trail, photos"

SQL = """
CREATE TABLE ticket_counter (
    neighbourhood uuid NOT NULL REFERENCES area (id),
    day date NOT NULL,
    last integer NOT NULL CHECK (last > 0),
    PRIMARY KEY (neighbourhood, day)
);

CREATE TABLE ticket (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL REFERENCES area (id),
    number text NOT NULL,
    category text NOT NULL CHECK (category IN (
        'waste', 'greenery', 'parking', 'lighting', 'facilities', 'lift', 'water', 'fire_safety', 'security', 'other')),
    urgency text NOT NULL CHECK (urgency IN ('normal', 'urgent')),
    what text NOT NULL,
    details text NOT NULL,
    location uuid,
    area uuid,
    whereabouts text NOT NULL,
    party uuid REFERENCES party (id),
    parties uuid[] NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'claimed', 'declined', 'resolved', 'verified')),
    opened_by uuid NOT NULL REFERENCES person (id),
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    claim_by timestamptz NOT NULL,
    resolve_by timestamptz NOT NULL,
    claim_overdue_at timestamptz,
    resolve_overdue_at timestamptz,
    resolved_by uuid REFERENCES person (id),
    attendance uuid,
    fingerprint bytea NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    CONSTRAINT ticket_number UNIQUE (neighbourhood, number),
    CONSTRAINT ticket_tenancy UNIQUE (id, neighbourhood),
    CONSTRAINT ticket_location FOREIGN KEY (location, neighbourhood) REFERENCES location (id, neighbourhood),
    CONSTRAINT ticket_area FOREIGN KEY (area, neighbourhood) REFERENCES area (id, neighbourhood),
    CONSTRAINT ticket_only_open_without_a_party CHECK (party IS NOT NULL OR state = 'open'),
    CONSTRAINT ticket_parties_hold_its_party CHECK (party IS NULL OR party = ANY (parties)),
    CONSTRAINT ticket_resolved_by_somebody CHECK (state NOT IN ('resolved', 'verified') OR resolved_by IS NOT NULL),
    CONSTRAINT ticket_claimed_before_resolved CHECK (claim_by <= resolve_by)
);
CREATE INDEX ticket_newest ON ticket (neighbourhood, opened_at DESC, id DESC);
CREATE INDEX ticket_deadline ON ticket (neighbourhood, resolve_by, id);
CREATE INDEX ticket_state_deadline ON ticket (neighbourhood, state, resolve_by, id);
CREATE INDEX ticket_party_deadline ON ticket (party, state, resolve_by, id);
CREATE INDEX ticket_location_newest ON ticket (location, opened_at DESC, id DESC) WHERE location IS NOT NULL;
CREATE INDEX ticket_opened_by ON ticket (opened_by, opened_at DESC, id DESC);
CREATE INDEX ticket_to_be_claimed ON ticket (claim_by) WHERE state IN ('open', 'declined') AND claim_overdue_at IS NULL;
CREATE INDEX ticket_to_be_resolved ON ticket (resolve_by) WHERE state IN ('open', 'declined', 'claimed') AND resolve_overdue_at IS NULL;

CREATE TABLE ticket_event (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL,
    ticket uuid NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('opened', 'handed_over', 'claimed', 'declined', 'resolved', 'verified', 'reopened')),
    person uuid NOT NULL REFERENCES person (id),
    party uuid REFERENCES party (id),
    note text NOT NULL,
    CONSTRAINT ticket_event_order UNIQUE (ticket, version),
    FOREIGN KEY (ticket, neighbourhood) REFERENCES ticket (id, neighbourhood)
);

CREATE TABLE photo (
    id uuid PRIMARY KEY,
    owner uuid NOT NULL REFERENCES person (id),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    width integer NOT NULL CHECK (width > 0),
    height integer NOT NULL CHECK (height > 0),
    bytes integer NOT NULL CHECK (bytes > 0),
    received_at timestamptz NOT NULL
);
CREATE INDEX photo_received_at ON photo (received_at);

CREATE TABLE ticket_photo (
    photo uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL,
    ticket uuid NOT NULL,
    event uuid NOT NULL REFERENCES ticket_event (id),
    owner uuid NOT NULL REFERENCES person (id),
    position integer NOT NULL,
    CONSTRAINT ticket_photo_order UNIQUE (ticket, position),
    FOREIGN KEY (ticket, neighbourhood) REFERENCES ticket (id, neighbourhood)
);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="tickets", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
