"""What can be wrong with people, accounts, invitations and rosters."""

from mingxun.kit.database import constraint
from mingxun.kit.problems import Problem


class WrongCredentials(Problem):
    """Telephone number and password don't belong together."""

    status = 401
    slug = "wrong-credentials"
    title = "Telephone number or password is wrong"


class WrongPassword(Problem):
    """The current password is another one."""

    status = 403
    slug = "wrong-password"
    title = "The current password is wrong"


class SignInLinkOver(Problem):
    """The link was used, is of an earlier start, or works only where it was made; sign in with number and password."""

    status = 410
    slug = "sign-in-link-over"
    title = "The link is over"


class InvalidPhone(Problem):
    """That is no telephone number: a mobile number has 11 digits, a landline needs its area code."""

    status = 422
    slug = "invalid-phone"
    title = "That is no telephone number"


class PhoneTaken(Problem):
    """Another account signs in with this number; use that account's password, or another number."""

    status = 409
    slug = "phone-taken"
    title = "The number belongs to another account"


class PasswordRefused(Problem):
    """The new password is too easy to guess; `reason` says why (`PasswordFault`)."""

    status = 422
    slug = "password-refused"
    title = "Choose another password"


class InvitationRefused(Problem):
    """The invitation can't be made so; `refusals` names every reason (`InvitationFault`)."""

    status = 422
    slug = "invitation-refused"
    title = "The invitation can't be made so"


class EndingRefused(Problem):
    """The role can't be ended, or the account not be shut or opened; `refusals` names every reason (`EndingRefusal`)."""

    status = 409
    slug = "ending-refused"
    title = "This can't be ended so"


class InvitationUnknown(Problem):
    """There is no such invitation; look whether the link is whole, or ask for a new one."""

    status = 404
    slug = "invitation-unknown"
    title = "There is no such invitation"


class InvitationOver(Problem):
    """The invitation can't be used any more; `reason` is accepted, expired or revoked. Ask for a new one."""

    status = 410
    slug = "invitation-over"
    title = "The invitation is over"


class PartyExists(Problem):
    """A party of this name is there already; choose another name."""

    status = 409
    slug = "party-exists"
    title = "There is a party of this name"


class RosterUnreadable(Problem):
    """The file can't be taken in; `reason` says why (`FileFault`), `found` what it holds instead."""

    status = 422
    slug = "roster-unreadable"
    title = "The file can't be taken in"


class RosterBusy(Problem):
    """Another roster is being read, and one is enough at a time; send yours again in a minute."""

    status = 503
    slug = "roster-busy"
    title = "Another roster is being read"

    def __init__(self, retry_after: int = 30) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)}, retry_after=retry_after)


class RosterChanged(Problem):
    """The people of the neighbourhood have changed since the preview; make a new one and look again."""

    status = 409
    slug = "roster-changed"
    title = "Look at the preview again"


class RosterLapsed(Problem):
    """The preview is older than 24 hours; make a new one."""

    status = 410
    slug = "roster-lapsed"
    title = "The preview has lapsed"


constraint("account_phone", PhoneTaken)
constraint("party_name", PartyExists)
