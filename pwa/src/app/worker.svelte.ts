/** Registers the service worker after the first screen, offers a waiting version, follows a tapped notification, keeps push on. */
import { toast } from '../kit/toast.svelte'
import { t } from '../kit/words'
import { router } from '../router/router.svelte'
import { session } from '../session/session.svelte'

export async function startWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.addEventListener('message', (event) => {
    const message = event.data as { type?: string; path?: string } | null
    if (message?.type === 'go' && message.path?.startsWith('/')) router.go(message.path)
  })
  // A browser that forbids it: everything works but opening without a network.
  const registration = await navigator.serviceWorker.register('/sw.js').catch(() => undefined)
  if (!registration) return
  // The server pushes only to the session that asked for it: whenever it is another one, this phone asks again.
  $effect.root(() => {
    const signedIn = $derived(session.me?.session)
    $effect(() => {
      if (signedIn) void import('../push/push').then(({ renew }) => renew()).catch(() => undefined)
    })
  })
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const next = registration.installing
    next?.addEventListener('statechange', () => {
      if (next.state === 'installed' && navigator.serviceWorker.controller) offer(next)
    })
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void registration.update().catch(() => undefined)
  })
}

let offered = false
function offer(waiting: ServiceWorker): void {
  if (offered) return
  offered = true
  toast.say(t.updateReady, {
    lasting: true,
    action: {
      label: t.update,
      run: () => {
        navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
        waiting.postMessage({ type: 'take-over' })
      },
    },
  })
}
