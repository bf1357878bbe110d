import { askToLetGo } from './news'

const LOCK = 'mingxun-outbox'
/** How long the cookie's change waits for the lock, milliseconds: a tab that sleeps may hold it for ever. */
const PATIENCE = 5_000

let last: Promise<unknown> = Promise.resolve()

/**
 * Run `work` alone among all tabs and the service worker. Where Web Locks are missing (WebViews before 2022), alone in
 * this context only: twins then both send, which the server's idempotency makes harmless.
 */
export function locked<T>(work: () => Promise<T>): Promise<T> {
  if ('locks' in navigator) return navigator.locks.request(LOCK, work) as Promise<T>
  const turn = last.then(work, work)
  last = turn.catch(() => undefined)
  return turn
}

/**
 * Run `work` while nothing of the outbox is on its way: what is being sent is broken off, and goes another time. Runs in the end
 * even if somebody never lets go: the server refuses what goes with another person's cookie (`X-Author`).
 */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  askToLetGo()
  if (!('locks' in navigator)) return locked(work)
  let begun = false
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE)
  try {
    return (await navigator.locks.request(LOCK, { signal: patience.signal }, () => {
      begun = true
      return work()
    })) as T
  } catch (error) {
    if (begun) throw error
    return await work()
  } finally {
    clearTimeout(timer)
  }
}
