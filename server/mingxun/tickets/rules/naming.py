"""How tickets and people are called."""

from datetime import date


def stored_number(day: date, count: int) -> str:
    """The number as it is kept, unique in its neighbourhood: `2026-0916-07`. A day has as many as it needs (`2026-0916-123`)."""
    return f"{day:%Y-%m%d}-{count:02d}"


def spoken_number(stored: str) -> str:
    """The number as people say it: `0916-07`. It comes again after a year; the id does not."""
    return stored.partition("-")[2]


def shown_name(name: str, *, masked: bool) -> str:
    """A person's name, or just its first character (`金**`) for a reader to whom residents are strangers."""
    return f"{name[:1]}**" if masked else name
