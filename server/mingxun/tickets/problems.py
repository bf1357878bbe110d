"""What can be wrong with an act on a ticket or with a photo. Members are data; the app has the sentences."""

from mingxun.kit.problems import Problem


class AlreadyClaimed(Problem):
    """Somebody claimed it before; `party_name`, `by_name` and `at` say who and when. Nothing is left to do."""

    status = 409
    slug = "already-claimed"
    title = "It is claimed already"


class TicketChanged(Problem):
    """The ticket has moved on; `state`, `version`, `last_act`, `by_name`, `party_name` and `at` say to where. Look again."""

    status = 409
    slug = "ticket-changed"
    title = "The ticket has moved on"


class TicketRefused(Problem):
    """It can't be done as the ticket stands; `refusal` says why: `no_party` or `same_party`."""

    status = 409
    slug = "ticket-refused"
    title = "This can't be done with the ticket"


class NotYourParty(Problem):
    """The ticket is with another party (`party_name`); only that one claims, declines and resolves it."""

    status = 403
    slug = "not-your-party"
    title = "The ticket is with another party"


class CannotVerifyOwnWork(Problem):
    """Whoever mended it, or belongs to the party that did, can't say that it is mended; somebody else must look."""

    status = 403
    slug = "cannot-verify-own-work"
    title = "Somebody else must see that it is mended"


class NotInNeighbourhood(Problem):
    """The request names something that this neighbourhood does not have; `field` says which: `location`, `area` or `party`."""

    status = 422
    slug = "not-in-neighbourhood"
    title = "There is no such thing in this neighbourhood"


class PhotoUnusable(Problem):
    """`photos` are on a ticket already, named twice, or somebody else's; take them off or send them under new ids."""

    status = 409
    slug = "photo-unusable"
    title = "A photo can't be used here"


class PhotoRefused(Problem):
    """Not a picture that is kept; `refusal` says why: `empty`, `not_a_picture`, `damaged`, `animated` or `too_many_pixels`."""

    status = 422
    slug = "photo-refused"
    title = "The photo can't be taken"


class DigestMismatch(Problem):
    """The bytes that arrived are not those that were sent (`received` is their SHA-256); send the photo again."""

    status = 400
    slug = "digest-mismatch"
    title = "The photo did not arrive whole"
