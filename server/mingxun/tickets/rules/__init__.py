"""Decisions about tickets: until when (`times`), to whom (`routing`), what may be done by whom (`acts`), and how things are called
(`naming`). Values and the instant in, a verdict out.
"""

from mingxun.tickets.rules.acts import (
    COMMITTEE,
    COORDINATING,
    FROM,
    SEES_ALL,
    TO,
    VERIFYING,
    Reader,
    Refusal,
    Standing,
    judge,
    may_see,
    possible_acts,
)
from mingxun.tickets.rules.naming import shown_name, spoken_number, stored_number
from mingxun.tickets.rules.routing import CATEGORY_PARTY_KIND, Party, party_for
from mingxun.tickets.rules.times import (
    DEADLINES,
    Allowance,
    Deadlines,
    after_the_night,
    deadlines,
    in_utc,
    is_overdue,
    running_claim_by,
    running_resolve_by,
)

__all__ = [
    "CATEGORY_PARTY_KIND",
    "COMMITTEE",
    "COORDINATING",
    "DEADLINES",
    "FROM",
    "SEES_ALL",
    "TO",
    "VERIFYING",
    "Allowance",
    "Deadlines",
    "Party",
    "Reader",
    "Refusal",
    "Standing",
    "after_the_night",
    "deadlines",
    "in_utc",
    "is_overdue",
    "judge",
    "may_see",
    "party_for",
    "possible_acts",
    "running_claim_by",
    "running_resolve_by",
    "shown_name",
    "spoken_number",
    "stored_number",
]
