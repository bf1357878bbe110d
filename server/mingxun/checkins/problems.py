"""What can be wrong with a check-in, a check-out or a word for somebody. Weak evidence never is."""

from mingxun.kit.database import constraint
from mingxun.kit.problems import Conflict, IdTaken, NotFound, Problem


class CodeUnknown(Problem):
    """No code or number of a place where you serve (`verdict` says more); scan again, or ask a leader to vouch for you."""

    status = 404
    slug = "code-unknown"
    title = "No such code here"


class CodeRetired(Problem):
    """This poster was replaced: use the new one or its number, or ask a leader to vouch; tell a coordinator (`location_name`)."""

    status = 409
    slug = "code-retired"
    title = "The poster was replaced"


class NotCheckedIn(Problem):
    """There is no check-in that this could end; send the check-in first, then this again."""

    status = 409
    slug = "not-checked-in"
    title = "Not checked in"


class VouchForSelf(Problem):
    """Nobody vouches for themselves; ask another leader or a coordinator. `refusals` gives every reason."""

    status = 403
    slug = "vouch-for-self"
    title = "Nobody vouches for themselves"


class VouchOutOfTime(Problem):
    """A word can be given for the last 31 days and not for the future; `refusals` says which it is."""

    status = 422
    slug = "vouch-out-of-time"
    title = "Too far back, or not yet"


constraint("evidence_pkey", IdTaken)
constraint("attendance_pkey", IdTaken)

__all__ = ["CodeRetired", "CodeUnknown", "Conflict", "IdTaken", "NotCheckedIn", "NotFound", "VouchForSelf", "VouchOutOfTime"]
