"""Facts become messages to the right people, in their language: an inbox always, Web Push to the phones that want it, live hints.

Who is told what of a fact is decided in `rules`, worded in `words`. A message is written, and its push enqueued, in one
transaction; the push itself happens outside of any, as often as it takes, and what became of it is kept with the message.
"""

from mingxun.notifications.health import PushHealth, push_health

__all__ = ["PushHealth", "push_health"]
