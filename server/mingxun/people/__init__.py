"""Who is there: people, their accounts, their roles by area, the parties they act for, and the roster they come from."""

from mingxun.people.access import GRANTS, Act, Actor, ActorMembership, Language, Role
from mingxun.people.directory import (
    Candidate,
    handlers_of,
    languages,
    leaders_of,
    load_candidate,
    load_candidates,
    load_parties,
    load_party,
    names,
    people_with_role,
    phone_of,
    planners_of,
)
from mingxun.people.sessions import live_sessions

__all__ = [
    "GRANTS",
    "Act",
    "Actor",
    "ActorMembership",
    "Candidate",
    "Language",
    "Role",
    "handlers_of",
    "languages",
    "leaders_of",
    "live_sessions",
    "load_candidate",
    "load_candidates",
    "load_parties",
    "load_party",
    "names",
    "people_with_role",
    "phone_of",
    "planners_of",
]
