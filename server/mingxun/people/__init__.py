"""Who is there: people, their accounts, their roles by area, the parties they act for, and the roster they come from."""

from mingxun.people.access import GRANTS, Act, Actor, ActorMembership, Language, Role
from mingxun.people.directory import (
    Candidate,
    languages,
    load_candidate,
    load_candidates,
    load_parties,
    load_party,
    names,
    party_members,
    people_with_role,
    phone_of,
)

__all__ = [
    "GRANTS",
    "Act",
    "Actor",
    "ActorMembership",
    "Candidate",
    "Language",
    "Role",
    "languages",
    "load_candidate",
    "load_candidates",
    "load_parties",
    "load_party",
    "names",
    "party_members",
    "people_with_role",
    "phone_of",
]
