/** A new version waits until the person agrees: never in mid-task. */
import { worker } from './scope'

export function installUpdate(): void {
  worker.addEventListener('message', (event) => {
    if ((event.data as { type?: string } | null)?.type === 'take-over') void worker.skipWaiting()
  })
  // The very first worker serves the page that brought it, so that it opens offline from then on.
  worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
}
