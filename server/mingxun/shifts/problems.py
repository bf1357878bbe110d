"""What can be wrong with a wish about shifts."""

from mingxun.kit.database import constraint
from mingxun.kit.problems import Problem
from mingxun.shifts.schemas import SignUpRefusal


class SignUpRefused(Problem):
    """No place for this person; `reasons` says why, `conflict` names the overlapping shift, `missing` what places left want."""

    status = 409
    slug = "sign-up-refused"
    title = "This person can't take a place on the shift"


class _TakenElsewhere(SignUpRefused):
    """The person serves elsewhere during this time."""

    def __init__(self) -> None:
        super().__init__(
            "The person serves elsewhere during this time.", reasons=[SignUpRefusal.OVERLAPS], conflict=None, missing=[]
        )


class _AlreadyIn(SignUpRefused):
    """The person is on this shift already."""

    def __init__(self) -> None:
        super().__init__("The person is on this shift already.", reasons=[SignUpRefusal.ALREADY_IN], conflict=None, missing=[])


class _Full(SignUpRefused):
    """All places are taken."""

    def __init__(self) -> None:
        super().__init__("All places are taken.", reasons=[SignUpRefusal.FULL], conflict=None, missing=[])


class WithdrawRefused(Problem):
    """The place can't be given back; `reasons` says why. After the start, ask the coordinator."""

    status = 409
    slug = "withdraw-refused"
    title = "The place can't be given back"


class ShiftInvalid(Problem):
    """Times or needs don't make a shift; `reasons` names every fault, `needs` the faulty needs, counted from 0."""

    status = 422
    slug = "shift-invalid"
    title = "These times or needs don't make a shift"


class ShiftInPast(Problem):
    """It would have started more than 31 days ago (one that is planned already: more than a day ago); choose a later start."""

    status = 422
    slug = "shift-in-past"
    title = "The shift would lie in the past"


class ShiftClosed(Problem):
    """The shift is `over` or `cancelled` (`state`), and stays as it was; or over and not empty (`took_place`): take people off first."""

    status = 409
    slug = "shift-closed"
    title = "The shift is over or cancelled"


class ShiftStale(Problem):
    """Somebody changed the shift since you loaded it; load it again. `version` is the present one."""

    status = 409
    slug = "shift-changed"
    title = "Somebody changed the shift in the meantime"


class ShiftChangeConflicts(Problem):
    """People on the shift serve elsewhere at the new time; `conflicts` names them. Unassign them, or choose another time."""

    status = 409
    slug = "shift-change-conflicts"
    title = "People on the shift serve elsewhere at the new time"


class NeedsBelowTaken(Problem):
    """More people are on the shift than it would have places; `needs` says how many to unassign first."""

    status = 409
    slug = "needs-below-taken"
    title = "More people are on the shift than it would have places"


constraint("assignment_no_overlap", _TakenElsewhere)
constraint("assignment_once", _AlreadyIn)
constraint("need_not_overbooked", _Full)
