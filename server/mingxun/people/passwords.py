"""Keeping and comparing passwords, with Argon2id, in threads: one takes tens of milliseconds of a core."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""19 MiB, 2 passes, 1 lane: the OWASP password storage cheat sheet's first choice for Argon2id, so that a small server bears a
rush.
"""
_NOBODYS = _HASHER.hash("an account that does not exist")


async def hash_password(password: str) -> str:
    """What is kept of a password, with the parameters it was made by."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(password: str, kept: str | None) -> bool:
    """Whether it is the password of which `kept` was made. With None (no such account) it takes as long, and is False."""
    return await asyncio.to_thread(_verify, password, kept)


def _verify(password: str, kept: str | None) -> bool:
    try:
        _HASHER.verify(kept or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's; made anew at the next sign-in."""
    return _HASHER.check_needs_rehash(kept)
