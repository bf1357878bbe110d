/**
 * Hints from the server (SSE) that something changed. A hint is never the change itself: screens read again.
 * A lost hint does no harm, since every (re)connection counts as one.
 */
export interface Hint {
  /** The fact's kind, as `ticket_opened`, or `inbox`; empty after a reconnection: anything may have changed. */
  topic: string
  /** What it is about: a shift, a ticket, … */
  id: string | null
  neighbourhood: string | null
}

const listeners = new Set<(hints: readonly Hint[]) => void>()
const GATHER = 400
const FIRST_PAUSE = 3_000
const LONGEST_PAUSE = 60_000
const ANYTHING: Hint = { topic: '', id: null, neighbourhood: null }

let waiting: Hint[] = []
let gathering: ReturnType<typeof setTimeout> | undefined

/** Facts of one change come together; a listener hears at most one hint that concerns it (it reads anew anyway). */
function hand(hint: Hint): void {
  waiting.push(hint)
  gathering ??= setTimeout(() => {
    gathering = undefined
    const all = waiting.some((one) => !one.topic) ? [ANYTHING] : waiting
    waiting = []
    for (const listener of [...listeners]) listener(all)
  }, GATHER)
}

/**
 * Be told when something that `concerns` accepts has changed, once for all that came together.
 * `ANYTHING` (topic '') is always told.
 */
export function onHint(concerns: (hint: Hint) => boolean, told: () => void): () => void {
  const listener = (hints: readonly Hint[]) => {
    if (hints.some((hint) => !hint.topic || concerns(hint))) told()
  }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function parse(data: string): Hint {
  try {
    const found = JSON.parse(data) as Partial<Hint>
    return { topic: found.topic ?? '', id: found.id ?? null, neighbourhood: found.neighbourhood ?? null }
  } catch {
    return ANYTHING
  }
}

/** Listen while signed in. Returns how to stop. Rests while the app is hidden. */
export function live(): () => void {
  let source: EventSource | null = null
  let pause = FIRST_PAUSE
  let retry: ReturnType<typeof setTimeout> | undefined
  let first = true

  function connect(): void {
    if (source || document.visibilityState === 'hidden') return
    source = new EventSource('/api/events')
    source.onopen = () => {
      pause = FIRST_PAUSE
      if (!first) hand(ANYTHING)
      first = false
    }
    source.onmessage = (event: MessageEvent<string>) => hand(parse(event.data))
    source.addEventListener('hint', (event: MessageEvent<string>) => hand(parse(event.data)))
    source.onerror = () => {
      if (source?.readyState !== EventSource.CLOSED) return
      // Refused rather than cut: the browser gives up, so come back later.
      source = null
      clearTimeout(retry)
      retry = setTimeout(connect, pause)
      pause = Math.min(pause * 2, LONGEST_PAUSE)
    }
  }
  function close(): void {
    clearTimeout(retry)
    source?.close()
    source = null
  }
  const shown = () => (document.visibilityState === 'hidden' ? close() : connect())
  document.addEventListener('visibilitychange', shown)
  addEventListener('online', connect)
  connect()
  return () => {
    document.removeEventListener('visibilitychange', shown)
    removeEventListener('online', connect)
    close()
  }
}
