/** How long the server may take to say that it is there, milliseconds. */
const LIMIT = 10_000

/** Whether the server answers anything at all. */
export async function reachable(): Promise<boolean> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), LIMIT)
  try {
    await fetch('/healthz', { cache: 'no-store', credentials: 'omit', signal: limit.signal })
    return true
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
