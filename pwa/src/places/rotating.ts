/** When a tablet asks for the next code. Pure. */

const LEAST = 1_000
const MOST = 30_000
const AGAIN = 3_000

/**
 * Milliseconds until the code at `next_at` can be fetched. By the server's clock (its Date header, in whole seconds), since a tablet's
 * own is often wrong; a little late rather than early, which the code's grace allows.
 */
export function wait(nextAt: string, serverDate: string | null, here: number): number {
  const said = serverDate ? Date.parse(serverDate) : NaN
  const now = Number.isNaN(said) ? here : said
  return Math.min(MOST, Math.max(LEAST, Date.parse(nextAt) - now))
}

/** How long the code holds from now on, milliseconds, by the same clock. */
export function holds(validUntil: string, serverDate: string | null, here: number): number {
  const said = serverDate ? Date.parse(serverDate) : NaN
  return Math.max(0, Date.parse(validUntil) - (Number.isNaN(said) ? here : said))
}

/** After nobody answered. */
export const retry = AGAIN
