"""What `mingxun doctor` finds, and how it says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is. Any error makes `mingxun doctor` end with 1."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` says what to do, and is empty where nothing is to be done."""

    level: Level
    what: str
    mend: str = ""


def ok(what: str) -> Finding:
    return Finding(Level.OK, what)


def warning(what: str, mend: str) -> Finding:
    return Finding(Level.WARNING, what, mend)


def error(what: str, mend: str) -> Finding:
    return Finding(Level.ERROR, what, mend)


SIGNS: dict[Level, str] = {Level.OK: "✓", Level.WARNING: "!", Level.ERROR: "✗"}


def report(findings: Iterator[Finding], write: Callable[[str], None]) -> int:
    """Write the findings as they come; the number of errors."""
    errors = 0
    for finding in findings:
        write(f"{SIGNS[finding.level]} {finding.what}" + (f"\n    → {finding.mend}" if finding.mend else ""))
        errors += finding.level is Level.ERROR
    return errors
