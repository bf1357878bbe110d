"""Duty: shifts with their needs, and who takes a place on them. Nobody serves in two places at once and no need is overbooked:
the database holds both.

Features above may use the names below. They give places through `take_place`, inside their own transaction. Whatever they lock
themselves they lock before it, as a check-in does with the person's stays: the locks of shifts (`loading`) come last, and nothing
here waits for a lock of a floor above. They learn of changes through the facts in `mingxun.shifts.facts`.
"""

from mingxun.shifts.duty import open_shifts_here, shifts_around, shifts_for_check_in
from mingxun.shifts.joining import take_place
from mingxun.shifts.loading import ShiftNow, load_shift
from mingxun.shifts.problems import SignUpRefused

__all__ = [
    "ShiftNow",
    "SignUpRefused",
    "load_shift",
    "open_shifts_here",
    "shifts_around",
    "shifts_for_check_in",
    "take_place",
]
