const LOCK = 'mingxun-outbox'

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
