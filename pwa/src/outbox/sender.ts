/**
 * Sends what waits, what failed least and then the oldest first, one at a time, under one Web Lock shared by all tabs and the service worker.
 *
 * - Only the signed-in person's own items go; another's stay until they sign in again.
 * - An item leaves on its own receipt and nothing else (`confirms`).
 * - 401 stops until somebody signs in. No network stops for a while. 429 delays its kind, 5xx that item; the rest goes on.
 * - Another 4xx parks the item (`needs-you`) with the server's reason; the rest goes on, except what depends on it.
 */
import { problemOf } from '../api/problem'
import { backOff, completed, confirms, contentDigest, nextDue, nextDueAt, retryAfter, type Item, type Setback } from './items'
import * as store from './store'

export interface Surroundings {
  fetch: (request: Request) => Promise<Response>
  now: () => Date
  /** The person signed in on this device, whose cookie goes along. */
  author: () => Promise<string | null>
  /** Runs `work` while no other tab or worker holds the lock. */
  locked: <T>(work: () => Promise<T>) => Promise<T>
  /** Told after every change of the queue, so that screens follow. */
  changed: () => void
  random: () => number
  origin: string
}

export type Outcome = 'emptied' | 'waiting' | 'signed-out'
export interface Flushed { outcome: Outcome; /** When to come again, milliseconds of the phone's clock. */ nextAt: number | null }

const JSON_TIMEOUT = 30_000
const CONTENT_TIMEOUT = 180_000
/** Told to come later although the server did not say when: 429 without Retry-After, or no network. */
const PAUSE = 15_000

export function sender(around: Surroundings) {
  async function request(item: Item): Promise<Request> {
    const headers = new Headers({ Accept: 'application/json' })
    if (item.idempotencyKey) headers.set('Idempotency-Key', item.idempotencyKey)
    if (item.ifMatch) headers.set('If-Match', item.ifMatch)
    let body: BodyInit
    if (item.content) {
      const bytes = await store.content(item.id)
      if (!bytes) throw new Error('the bytes of this photo are gone')
      headers.set('Content-Type', item.content.type)
      headers.set('Content-Digest', contentDigest(item.content.sha256))
      body = bytes
    } else {
      headers.set('Content-Type', 'application/json')
      body = JSON.stringify(completed(item, around.now()) ?? {})
    }
    return new Request(new URL(item.url, around.origin), {
      method: item.method, headers, body, credentials: 'same-origin', cache: 'no-store',
      signal: AbortSignal.timeout(item.content ? CONTENT_TIMEOUT : JSON_TIMEOUT),
    })
  }

  async function delay(item: Item, setback: Setback, wait: number | null): Promise<void> {
    const now = around.now().getTime()
    await store.change(item.id, (kept) => ({ ...kept, tries: kept.tries + 1, setback, nextTryAt: now + (wait ?? backOff(kept.tries, around.random())) }))
  }

  /** Returns what the rest of the queue should do. */
  async function send(item: Item): Promise<'go-on' | 'stop' | 'signed-out'> {
    let response: Response
    let text: string
    try {
      response = await around.fetch(await request(item))
      text = await response.text()
    } catch {
      await delay(item, { why: 'unreachable' }, null)
      return 'stop'
    }
    const problem = response.ok ? null : problemOf(response.status, response.headers.get('Content-Type'), text)
    const setback: Setback = problem ? { why: 'problem', problem } : { why: 'status', status: response.status }
    if (response.ok) {
      let receipt: unknown
      try {
        receipt = JSON.parse(text)
      } catch {
        receipt = undefined
      }
      if (confirms(item, receipt)) {
        await store.settle(item, receipt, around.now().getTime())
        return 'go-on'
      }
      await delay(item, { why: 'no-receipt' }, null)
      return 'go-on'
    }
    if (response.status === 401) {
      await store.change(item.id, (kept) => ({ ...kept, setback }))
      return 'signed-out'
    }
    const wait = retryAfter(response.headers.get('Retry-After'), around.now())
    if (response.status === 429) {
      const until = around.now().getTime() + (wait ?? PAUSE)
      await delay(item, setback, wait ?? PAUSE)
      // The server counts by what is sent: others of this kind would hear the same.
      await store.changeAll((other) => (other.kind === item.kind && other.author === item.author && other.nextTryAt < until ? { ...other, nextTryAt: until } : null))
      return 'go-on'
    }
    // The bytes were cut on the way: the same ones again.
    const cut = problem?.type.endsWith('/digest-mismatch') ?? false
    if (cut || response.status >= 500 || response.status === 408 || response.status === 425 || response.status < 400) {
      await delay(item, setback, wait)
      return 'go-on'
    }
    await store.change(item.id, (kept) => ({ ...kept, state: 'needs-you', tries: kept.tries + 1, setback }))
    return 'go-on'
  }

  async function flushLocked(): Promise<Flushed> {
    let pausedUntil: number | null = null
    let outcome: Outcome = 'waiting'
    for (;;) {
      const author = await around.author()
      const items = await store.all()
      if (!author) return { outcome: items.length ? 'signed-out' : 'emptied', nextAt: null }
      const item = nextDue(items, author, around.now().getTime())
      if (!item) {
        if (!items.some((one) => one.author === author)) outcome = 'emptied'
        const due = nextDueAt(items, author, around.now().getTime())
        return { outcome, nextAt: due === null ? null : Math.max(due, pausedUntil ?? 0) }
      }
      const next = await send(item)
      around.changed()
      if (next === 'signed-out') return { outcome: 'signed-out', nextAt: null }
      if (next === 'stop') {
        const kept = (await store.all()).find((one) => one.id === item.id)
        pausedUntil = kept?.nextTryAt ?? around.now().getTime() + PAUSE
        return { outcome: 'waiting', nextAt: pausedUntil }
      }
    }
  }

  let running: Promise<Flushed> | undefined
  let queued: Promise<Flushed> | undefined

  return {
    /** Send what is due. Calls during a run share one run after it, so that what was just kept is seen. */
    flush(): Promise<Flushed> {
      const run = () => {
        const one = around.locked(flushLocked).finally(() => {
          if (running === one) running = undefined
        })
        running = one
        return one
      }
      if (!running) return run()
      queued ??= running.then(
        () => undefined,
        () => undefined,
      ).then(() => {
        queued = undefined
        return run()
      })
      return queued
    },

    /** The way is clear again (online, app shown, signed in): what waited for the network need not wait longer. */
    async hurry(): Promise<void> {
      await store.changeAll((item) => {
        if (item.state === 'waiting' && item.nextTryAt > 0 && (item.setback?.why === 'unreachable' || (item.setback?.why === 'problem' && item.setback.problem.status === 401))) return { ...item, nextTryAt: 0 }
        // Refused without a reason of ours: something between us and the server spoke.
        if (item.state === 'needs-you' && item.setback?.why === 'status' && item.setback.status !== 413) return { ...item, state: 'waiting', nextTryAt: 0 }
        return null
      })
    },

    /** The person says: try this one now. */
    async again(id: string): Promise<void> {
      await store.change(id, (item) => ({ ...item, state: 'waiting', nextTryAt: 0, setback: null }))
      around.changed()
    },
  }
}
