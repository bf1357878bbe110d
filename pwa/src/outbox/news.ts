/** Tabs and worker tell one another that the queue changed. */
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('mingxun-outbox') : null
const listeners = new Set<() => void>()
channel?.addEventListener('message', () => listeners.forEach((listener) => listener()))

export function tell(): void {
  channel?.postMessage('changed')
  listeners.forEach((listener) => listener())
}

export function listen(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
