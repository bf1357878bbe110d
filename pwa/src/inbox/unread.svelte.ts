import { api, call } from '../api/client'
import { Refused, Unreachable } from '../api/problem'
import { onHint } from '../live/live'

class Inbox {
  unread = $state(0)

  /** Follow the number of unread messages while signed in. Returns how to stop. */
  start(): () => void {
    void this.look()
    const stop = onHint(() => true, () => void this.look())
    return () => {
      stop()
      this.unread = 0
    }
  }

  async look(): Promise<void> {
    try {
      this.unread = (await call(api.GET('/api/me/inbox', { params: { query: { limit: 1 } } }))).unread
      await this.#badge()
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error
    }
  }

  /** The number on the app's icon, where the phone has one. */
  async #badge(): Promise<void> {
    const { setAppBadge, clearAppBadge } = navigator as Navigator & { setAppBadge?: (count: number) => Promise<void>; clearAppBadge?: () => Promise<void> }
    try {
      await (this.unread > 0 ? setAppBadge?.call(navigator, this.unread) : clearAppBadge?.call(navigator))
    } catch {
      // Not allowed here; the bell says it.
    }
  }
}

export const inbox = new Inbox()
