/**
 * Sends what waits, one at a time, under one Web Lock shared by all tabs and the service worker; the lock is taken anew for each.
 *
 * - Only the signed-in person's own items go, with their name (`X-Author`); another's stay until they sign in again.
 * - An item leaves on its own receipt and nothing else (`confirms`).
 * - 401 and another person's cookie stop until it is clear who is signed in. No network, and a server that is away, stop for a while.
 * - 429 delays its kind. 5xx, or a sending that breaks off although the server can be reached, delays that item. The rest goes on.
 * - Another 4xx parks the item (`needs-you`) with the server's reason; the rest goes on, except what depends on it.
 */
import { problemOf } from '../api/problem'
import { backOff, completed, confirms, contentDigest, nextDue, nextDueAt, retryAfter, type Item, type Setback } from './items'
import * as queue from './queue'
import { all as kept } from './store'

export interface Surroundings {
  fetch: (request: Request) => Promise<Response>
  now: () => Date
  /** The person signed in on this device, whose cookie goes along. */
  author: () => Promise<string | null>
  /** Whether the server answers anything at all. Asked when a sending broke off: is it the network, or this very item? */
  reachable: () => Promise<boolean>
  /** Runs `work` while no other tab or worker holds the lock. */
  locked: <T>(work: () => Promise<T>) => Promise<T>
  /** Told after every change of the queue, so that screens follow. */
  changed: () => void
  random: () => number
  origin: string
}

/** `other-author`: the cookie is another person's than the phone believes. */
export type Outcome = 'emptied' | 'waiting' | 'signed-out' | 'other-author'
export interface Flushed { outcome: Outcome; /** When to come again, milliseconds of the phone's clock. */ nextAt: number | null }

const JSON_TIMEOUT = 30_000
const CONTENT_TIMEOUT = 180_000
/** Told to come later although the server did not say when (429 without Retry-After), or asked to let go, milliseconds. */
const PAUSE = 15_000

type Next = 'go-on' | { pauseUntil: number } | 'signed-out' | 'other-author'

export function sender(around: Surroundings) {
  /** How often in a row there was no network. */
  let off = 0
  /** Set when somebody asks to let go, until the next flush. */
  let letGo = false
  let going: AbortController | undefined

  function request(item: Item, bytes: ArrayBuffer | undefined, signal: AbortSignal): Request {
    const headers = new Headers({ Accept: 'application/json', 'X-Author': item.author })
    if (item.idempotencyKey) headers.set('Idempotency-Key', item.idempotencyKey)
    if (item.ifMatch) headers.set('If-Match', item.ifMatch)
    let body: BodyInit
    if (item.content && bytes) {
      headers.set('Content-Type', item.content.type)
      headers.set('Content-Digest', contentDigest(item.content.sha256))
      body = bytes
    } else {
      headers.set('Content-Type', 'application/json')
      body = JSON.stringify(completed(item, around.now()) ?? {})
    }
    return new Request(new URL(item.url, around.origin), { method: item.method, headers, body, credentials: 'same-origin', cache: 'no-store', signal })
  }

  /** Again later: not before `wait`, and later each time, so that others come first. */
  async function delay(item: Item, setback: Setback, wait: number | null): Promise<void> {
    const now = around.now().getTime()
    await queue.change(item.id, (one) => ({ ...one, tries: one.tries + 1, setback, nextTryAt: now + Math.max(wait ?? 0, backOff(one.tries, around.random())) }))
  }

  async function park(item: Item, setback: Setback): Promise<void> {
    await queue.change(item.id, (one) => ({ ...one, state: 'needs-you', tries: one.tries + 1, setback }))
  }

  /** The answer and its text; null when there was none. */
  async function exchange(item: Item, bytes: ArrayBuffer | undefined): Promise<{ response: Response; text: string } | null> {
    if (letGo) return null
    const controller = (going = new AbortController())
    const timer = setTimeout(() => controller.abort(), item.content ? CONTENT_TIMEOUT : JSON_TIMEOUT)
    try {
      const response = await around.fetch(request(item, bytes, controller.signal))
      return { response, text: await response.text() }
    } catch {
      return null
    } finally {
      clearTimeout(timer)
      going = undefined
    }
  }

  async function brokeOff(item: Item): Promise<Next> {
    const now = around.now().getTime()
    // Not its fault: as if it had not been tried.
    if (letGo) return { pauseUntil: now + PAUSE }
    if (await around.reachable()) {
      await delay(item, { why: 'unreachable' }, null)
      return 'go-on'
    }
    const pauseUntil = now + backOff(off++, around.random())
    await queue.change(item.id, (one) => ({ ...one, setback: { why: 'unreachable' }, nextTryAt: pauseUntil }))
    return { pauseUntil }
  }

  /** Returns what the rest of the queue should do. */
  async function send(item: Item): Promise<Next> {
    const bytes = item.content ? await queue.content(item.id).catch(() => undefined) : undefined
    if (item.content && bytes?.byteLength !== item.content.size) {
      await park(item, { why: 'no-content' })
      return 'go-on'
    }
    const answer = await exchange(item, bytes)
    if (!answer) return brokeOff(item)
    off = 0
    const { response, text } = answer
    if (response.ok) {
      let receipt: unknown
      try {
        receipt = JSON.parse(text)
      } catch {
        receipt = undefined
      }
      if (confirms(item, receipt)) await queue.settle(item, receipt, around.now().getTime())
      else await delay(item, { why: 'no-receipt' }, null)
      return 'go-on'
    }
    const problem = problemOf(response.status, response.headers.get('Content-Type'), text)
    const setback: Setback = problem ? { why: 'problem', problem } : { why: 'status', status: response.status }
    const slug = problem?.type.split('/').pop()
    if (response.status === 401 || slug === 'other-author') {
      await queue.change(item.id, (one) => ({ ...one, setback }))
      return slug === 'other-author' ? slug : 'signed-out'
    }
    const now = around.now()
    const wait = retryAfter(response.headers.get('Retry-After'), now)
    if (response.status === 429) {
      await queue.postpone(item.kind, item.author, setback, now.getTime() + (wait ?? PAUSE))
      return 'go-on'
    }
    // The bytes were cut on the way: the same ones again.
    const cut = slug === 'digest-mismatch'
    if (cut || response.status >= 500 || response.status === 408 || response.status === 425 || response.status < 400) {
      await delay(item, setback, wait)
      // The server's own word that it is away: others would hear the same.
      return slug === 'unavailable' ? { pauseUntil: now.getTime() + (wait ?? PAUSE) } : 'go-on'
    }
    await park(item, setback)
    return 'go-on'
  }

  /** One item, under the lock. Null when there may be another. */
  async function step(passed: Set<string>): Promise<Flushed | null> {
    const author = await around.author()
    const items = await kept()
    if (!author) return { outcome: items.length ? 'signed-out' : 'emptied', nextAt: null }
    if (letGo) return { outcome: 'waiting', nextAt: around.now().getTime() + PAUSE }
    const item = nextDue(items, author, around.now().getTime(), passed)
    if (!item) {
      const due = nextDueAt(items, author, around.now().getTime())
      return { outcome: items.some((one) => one.author === author) ? 'waiting' : 'emptied', nextAt: due }
    }
    let next: Next
    try {
      next = await send(item)
    } catch {
      // The phone could not write down how it went: sent once more another time, which is harmless. The others first.
      passed.add(item.id)
      next = 'go-on'
    }
    around.changed()
    if (next === 'go-on') return null
    return typeof next === 'string' ? { outcome: next, nextAt: null } : { outcome: 'waiting', nextAt: next.pauseUntil }
  }

  async function all(): Promise<Flushed> {
    letGo = false
    const passed = new Set<string>()
    for (;;) {
      const flushed = await around.locked(() => step(passed))
      if (flushed) return passed.size && flushed.nextAt !== null ? { ...flushed, nextAt: Math.max(flushed.nextAt, around.now().getTime() + PAUSE) } : flushed
    }
  }

  let running: Promise<Flushed> | undefined
  let queued: Promise<Flushed> | undefined

  return {
    /** Send what is due. Calls during a run share one run after it, so that what was just kept is seen. */
    flush(): Promise<Flushed> {
      const run = () => {
        const one = all().finally(() => {
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
      off = 0
      await queue.changeAll((item) => {
        if (item.state === 'waiting' && item.nextTryAt > 0 && item.setback?.why === 'unreachable') return { ...item, nextTryAt: 0 }
        // Refused without a reason of ours: something between us and the server spoke.
        if (item.state === 'needs-you' && item.setback?.why === 'status' && item.setback.status !== 413) return { ...item, state: 'waiting', nextTryAt: 0 }
        return null
      })
    },

    /** Break off what is just being sent, and send no more until the next flush. */
    letGo(): void {
      letGo = true
      going?.abort()
    },

    /** The person says: try this one now. */
    async again(id: string): Promise<void> {
      await queue.change(id, (item) => ({ ...item, state: 'waiting', nextTryAt: 0, setback: null }))
      around.changed()
    },
  }
}
