"""What can be wrong with a subscription."""

from mingxun.kit.problems import Problem


class EndpointRefused(Problem):
    """The push service's address is not one that this server sends to (https, a public host, no user name); `reason` says why."""

    status = 422
    slug = "push-endpoint-refused"
    title = "That push service can't be used"


class BrokenSubscriptionKeys(Problem):
    """`p256dh` must be a point of the curve P-256 (65 bytes) and `auth` 16 bytes, as the browser gives them."""

    status = 422
    slug = "broken-subscription-keys"
    title = "The keys of the subscription can't be used"


class SubscriptionGone(Problem):
    """The push service said that this subscription is gone. The browser must end it and make another one."""

    status = 409
    slug = "push-subscription-gone"
    title = "The subscription is dead"


class NoSubscription(Problem):
    """No phone of yours takes notifications yet; turn them on first."""

    status = 409
    slug = "no-push-subscription"
    title = "There is no phone to send to"
