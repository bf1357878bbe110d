/** What a screen shows: at once what was seen last, then what the server says, again on every hint that it changed. */
import { untrack } from 'svelte'
import { network } from '../api/network.svelte'
import { Refused, Unreachable } from '../api/problem'
import { onHint, type Hint } from '../live/live'
import { database, readFact } from './database'

const MOST_KEPT = 120

interface Seen { value: unknown; at: number }
const seen = new Map<string, Seen>()
/** Counts sessions: what was asked in one must not be shown or kept in another. */
let epoch = 0
/** Changes when a session goes on after an interruption: what is on the screen reads anew. */
let resumed = $state(0)

/** Forget what this app run has read (another person, signed out). Answers that are still under way come to nothing. */
export function forgetReadings(): void {
  seen.clear()
  epoch++
}

/** Signed in again: what is still on the screen is read again. */
export function resumeReadings(): void {
  resumed++
}

async function person(): Promise<string> {
  return (await readFact<{ id: string }>('me'))?.id ?? ''
}

async function readKept(key: string): Promise<Seen | null> {
  try {
    const found = await (await database()).get('readings', key)
    return found && found.person === (await person()) ? found : null
  } catch {
    return null
  }
}

async function keep(key: string, value: unknown, at: number): Promise<void> {
  const asked = epoch
  try {
    const db = await database()
    const tx = db.transaction(['readings', 'facts'], 'readwrite')
    // In one transaction: whoever signs out afterwards erases it, too.
    const owner = (await tx.objectStore('facts').get('me')) as { id: string } | undefined
    if (owner && asked === epoch) {
      const readings = tx.objectStore('readings')
      await readings.put({ key, person: owner.id, value, at })
      let surplus = (await readings.count()) - MOST_KEPT
      for (let cursor = await readings.index('at').openCursor(); cursor && surplus > 0; cursor = await cursor.continue(), surplus--) await cursor.delete()
    }
    await tx.done
  } catch {
    // A view that cannot be kept is still a view; the outbox is what must never fail silently.
  }
}

async function drop(key: string): Promise<void> {
  seen.delete(key)
  await database()
    .then((db) => db.delete('readings', key))
    .catch(() => undefined)
}

export interface ReadingOptions {
  /** Which hints make it read again; all by default. */
  hints?: (hint: Hint) => boolean
  /** Don't keep it on the phone: personal data of others, lists of people. */
  private?: boolean
}

export class Reading<T> {
  data = $state.raw<T | undefined>(undefined)
  /** When the server said so, milliseconds. */
  at = $state<number | null>(null)
  error = $state.raw<Refused | Unreachable | null>(null)
  loading = $state(true)
  /** What is shown is what was seen last; the server has not answered yet. */
  kept = $state(false)
  #turn = 0
  #epoch = epoch
  #key = ''
  #read: () => Promise<T>
  #options: ReadingOptions

  constructor(read: () => Promise<T>, options: ReadingOptions) {
    this.#read = read
    this.#options = options
  }

  /** Read anew: after an act of one's own, on a hint, on “try again”. */
  again = async (): Promise<void> => {
    // The session is over, and nobody has signed in again.
    if (this.#epoch !== epoch) return
    const turn = ++this.#turn
    const key = this.#key
    this.loading = true
    try {
      const value = await this.#read()
      if (turn === this.#turn) this.take(value)
    } catch (error) {
      if (turn !== this.#turn || this.#epoch !== epoch) return
      if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error
      // What is gone or no longer ours must not stay in sight as if it were.
      if (error instanceof Refused && [403, 404, 410].includes(error.problem.status)) {
        this.data = undefined
        this.kept = false
        void drop(key)
      }
      this.error = error
    } finally {
      if (turn === this.#turn) this.loading = false
    }
  }

  /** Show `value` without asking: the answer to a write is the newest there is, and what was asked before it comes to nothing. */
  take(value: T): void {
    if (this.#epoch !== epoch) return
    this.#turn++
    this.loading = false
    this.data = value
    this.at = Date.now()
    this.kept = false
    this.error = null
    if (!this.#options.private) {
      seen.set(this.#key, { value, at: this.at })
      void keep(this.#key, $state.snapshot(value), this.at)
    }
  }

  /** For `reading` only. */
  async begin(key: string): Promise<void> {
    this.#key = key
    this.#epoch = epoch
    const turn = ++this.#turn
    const before = seen.get(key)
    this.data = before?.value as T | undefined
    this.at = before?.at ?? null
    this.kept = before !== undefined
    this.error = null
    this.loading = true
    if (!before && !this.#options.private) {
      void readKept(key).then((kept) => {
        // Only until the server has answered.
        if (kept && this.data === undefined && this.#key === key && turn + 1 >= this.#turn) {
          this.data = kept.value as T
          this.at = kept.at
          this.kept = true
        }
      })
    }
    await this.again()
  }
}

/**
 * Read `key` with `read` for as long as the component is shown. Both are followed: another key starts over.
 *
 *     const shifts = reading(() => `shifts/${session.neighbourhood}`, () => call(api.GET('/api/neighbourhoods/{neighbourhood}/shifts', …)))
 *     shifts.data, shifts.at, shifts.error, shifts.loading, shifts.again()
 */
export function reading<T>(key: () => string, read: () => Promise<T>, options: ReadingOptions = {}): Reading<T> {
  const one = new Reading(read, options)
  $effect(() => {
    const now = key()
    void resumed
    untrack(() => void one.begin(now))
  })
  $effect(() => onHint(options.hints ?? (() => true), () => void one.again()))
  let before = network.online
  $effect(() => {
    if (network.online && !before) void untrack(() => one.again())
    before = network.online
  })
  return one
}
