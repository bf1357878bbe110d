"""Who is there: people, their accounts, their roles by area, the parties they act for, and the roster they come from."""

from mingxun.people.access import GRANTS, Act, Actor, ActorMembership, Language, Role

__all__ = ["GRANTS", "Act", "Actor", "ActorMembership", "Language", "Role"]
