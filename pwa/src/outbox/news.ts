/** Tabs and worker tell one another that the queue changed, and ask whoever is sending to let go. */
type News = 'changed' | 'let-go'

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('mingxun-outbox') : null
const listeners: Record<News, Set<() => void>> = { changed: new Set(), 'let-go': new Set() }
// What an app of another version says is at least a change.
const hear = (news: unknown) => listeners[news === 'let-go' ? 'let-go' : 'changed'].forEach((listener) => listener())
channel?.addEventListener('message', (event) => hear(event.data))

function say(news: News): void {
  channel?.postMessage(news)
  hear(news)
}

function on(news: News, listener: () => void): () => void {
  listeners[news].add(listener)
  return () => listeners[news].delete(listener)
}

export const tell = (): void => say('changed')
export const listen = (listener: () => void): (() => void) => on('changed', listener)
/** What is being sent is broken off; it stays in the queue and goes another time. */
export const askToLetGo = (): void => say('let-go')
export const onLetGo = (listener: () => void): (() => void) => on('let-go', listener)
