/**
 * A push is always shown (browsers take the right away otherwise), and the server is told that it was. When the browser changes
 * the address that it is pushed to, the server is told the new one.
 */
import { bodyOf, bytesOf, subscriptionFor } from '../push/subscription'
import { worker } from './scope'

/** schemas/push-message.json */
interface PushMessage { v: number; message: string; title: string; body: string; path: string; tag: string; lang: string }

function read(event: PushEvent): PushMessage | null {
  try {
    const found = event.data?.json() as PushMessage | undefined
    return found && typeof found.title === 'string' ? found : null
  } catch {
    return null
  }
}

/** Only a path of this app. */
function inside(path: unknown): string {
  if (typeof path !== 'string' || !path.startsWith('/')) return '/inbox'
  const url = new URL(path, worker.location.origin)
  return url.origin === worker.location.origin ? url.pathname + url.search : '/inbox'
}

async function show(message: PushMessage | null): Promise<void> {
  // What a newer server says, an older app can't read: it still says that there is something.
  const { title, body, tag, lang } = message ?? { title: '明巡', body: '有新消息，点开看看', tag: 'mingxun', lang: 'zh' }
  // One notification a ticket or shift. News of it rings again; the same message sent twice does not.
  const before = await worker.registration.getNotifications({ tag })
  const options: NotificationOptions & { renotify: boolean } = {
    body, tag, renotify: before.some((one) => one.title !== title || one.body !== body), lang: lang === 'en' ? 'en' : 'zh-CN',
    icon: '/icons/icon-192.png', badge: '/icons/badge-96.png', data: { path: inside(message?.path) },
  }
  await worker.registration.showNotification(title, options)
  if (!message) return
  await fetch(`/api/messages/${encodeURIComponent(message.message)}/shown`, { method: 'POST', credentials: 'same-origin', headers: { 'Idempotency-Key': `shown-${message.message}`.slice(0, 64) } }).catch(() => undefined)
}

async function open(path: string): Promise<void> {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
  for (const window of windows) {
    try {
      await window.focus()
      // The app goes there itself, so that nothing half-typed elsewhere is lost by a reload.
      window.postMessage({ type: 'go', path })
      return
    } catch {
      // This one may not be brought to the front; another perhaps.
    }
  }
  await worker.clients.openWindow(path)
}

/** Without a network, or with nobody signed in, it is lost: the app does the same when it is opened (push/push `renew`). */
async function renew(): Promise<void> {
  if (Notification.permission !== 'granted') return
  const reply = await fetch('/api/push-key', { credentials: 'same-origin' })
  if (!reply.ok) return
  const { key } = (await reply.json()) as { key: string }
  const subscription = await subscriptionFor(worker.registration.pushManager, bytesOf(key))
  await fetch('/api/me/push-subscriptions', {
    method: 'POST', credentials: 'same-origin', body: JSON.stringify(bodyOf(subscription)),
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
  })
}

export function installPush(): void {
  worker.addEventListener('pushsubscriptionchange', (event) => (event as ExtendableEvent).waitUntil(renew().catch(() => undefined)))
  worker.addEventListener('push', (event) => event.waitUntil(show(read(event))))
  worker.addEventListener('notificationclick', (event) => {
    event.notification.close()
    event.waitUntil(open(inside((event.notification.data as { path?: unknown } | null)?.path)))
  })
}
