/** The outbox as every screen knows it: what waits, and sending it. Keeping (`keeping`) and deciding (`deciding`) come with the screens that do. */
import { UNDO } from '../kit/toast.svelte'
import { session } from '../session/session.svelte'
import type { Item, Receipt } from './items'
import { listen } from './news'
import type { Flushed } from './sender'
import { all } from './store'

/** Sending comes when there is something to send. */
export const engine = async () => (await import('./engine')).engine
/** When sending itself broke (its chunk, the store): once more after this, milliseconds. */
const ANEW = 30_000

class Outbox {
  items = $state.raw<Item[]>([])
  /** What the server took although another record says otherwise, until its author has read that. */
  conflicts = $state.raw<Receipt[]>([])
  sending = $state(false)
  mine = $derived(this.items.filter((item) => item.author === session.me?.id))
  /** Kept by somebody else who used this phone; sent when they sign in again. */
  others = $derived(this.items.length - this.mine.length)
  needsYou = $derived(this.mine.filter((item) => item.state === 'needs-you').length)
  #timer: ReturnType<typeof setTimeout> | undefined
  #burial: ReturnType<typeof setTimeout> | undefined

  /** Follow the queue and send it whenever there is a chance. Called once by the app; returns how to stop. */
  start(): () => void {
    const stop = listen(() => void this.look())
    const chance = () => void this.hurry()
    const shown = () => document.visibilityState === 'visible' && chance()
    addEventListener('online', chance)
    addEventListener('pageshow', chance)
    document.addEventListener('visibilitychange', shown)
    void this.look()
    void this.bury()
    chance()
    return () => {
      stop()
      clearTimeout(this.#timer)
      clearTimeout(this.#burial)
      removeEventListener('online', chance)
      removeEventListener('pageshow', chance)
      document.removeEventListener('visibilitychange', shown)
    }
  }

  /** There is a chance: what waited for the network need not wait longer. */
  async hurry(): Promise<void> {
    await this.attempt(async () => (await engine()).hurry())
    await this.flush()
  }

  async flush(): Promise<void> {
    let flushed: Flushed | null = null
    await this.attempt(async () => {
      if ((await all()).length === 0) return
      this.sending = true
      flushed = await (await engine()).flush()
    })
    this.sending = false
    await this.look()
    const { outcome, nextAt } = (flushed as Flushed | null) ?? { outcome: 'waiting', nextAt: this.items.length ? Date.now() + ANEW : null }
    clearTimeout(this.#timer)
    if (nextAt !== null) this.#timer = setTimeout(() => void this.flush(), Math.max(1_000, nextAt - Date.now()))
    if (session.state !== 'in') return
    if (outcome === 'signed-out') await session.expire()
    if (outcome === 'other-author') await session.refresh()
  }

  /** What breaks here is tried again later: nothing is lost by it, since what waits stays where it is. */
  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch {
      this.sending = false
    }
  }

  async look(): Promise<void> {
    const me = session.me?.id
    try {
      const kept = await all()
      this.items = kept.filter((item) => item.state !== 'given-up')
      this.conflicts = me ? await (await import('./conflicts')).conflicts(me) : []
    } catch {
      // As it was seen last: never “nothing waits” only because the phone can't look.
    }
  }

  /** Deletions become final when there was time to take them back. */
  async bury(): Promise<void> {
    clearTimeout(this.#burial)
    await this.attempt(async () => {
      if (!(await all()).some((item) => item.givenUp)) return
      const next = await (await import('./giving-up')).bury(Date.now() - UNDO)
      if (next !== null) this.#burial = setTimeout(() => void this.bury(), Math.max(0, next + UNDO - Date.now()) + 500)
    })
    await this.flush()
  }
}

export const outbox = new Outbox()
