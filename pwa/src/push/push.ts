/** Push on this phone: may it, is it on, switch it on with a time limit, off again. */
import { api, call } from '../api/client'

export type PushState =
  | 'on'
  | 'off'
  /** The person said no in the browser; only its settings can change that. */
  | 'denied'
  /** iOS, in Safari: only from the home screen. */
  | 'install-first'
  /** WeChat's and similar browsers: never. */
  | 'impossible'

/** How long `pushManager.subscribe()` may take. It hangs for ever where the push service can't be reached. */
const SUBSCRIBE_LIMIT = 15_000

export class PushTooSlow extends Error {
  override name = 'PushTooSlow'
}
export class PushDenied extends Error {
  override name = 'PushDenied'
}

export const inWeChat = (): boolean => /MicroMessenger/i.test(navigator.userAgent)
export const isIos = (): boolean => /iPad|iPhone|iPod/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1)
export const isInstalled = (): boolean => matchMedia('(display-mode: standalone)').matches || (navigator as Navigator & { standalone?: boolean }).standalone === true

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  return navigator.serviceWorker?.getRegistration()
}

export async function pushState(): Promise<PushState> {
  if (inWeChat()) return 'impossible'
  if (!('PushManager' in globalThis) || !('serviceWorker' in navigator) || !('Notification' in globalThis)) return isIos() && !isInstalled() ? 'install-first' : 'impossible'
  if (Notification.permission === 'denied') return 'denied'
  const subscription = await (await registration())?.pushManager.getSubscription()
  return subscription && Notification.permission === 'granted' ? 'on' : 'off'
}

/** Must be called from a tap. Throws PushDenied, PushTooSlow, Refused, Unreachable. */
export async function switchOn(): Promise<void> {
  if ((await Notification.requestPermission()) !== 'granted') throw new PushDenied('permission')
  const worker = await within(navigator.serviceWorker.ready)
  const { key } = await call(api.GET('/api/push-key'))
  const wanted = bytesOf(key)
  const before = await worker.pushManager.getSubscription()
  // One made for another server key can never be reached again.
  if (before && !same(before.options.applicationServerKey, wanted)) await before.unsubscribe()
  const subscription = await within(worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted }))
  const { endpoint, keys } = subscription.toJSON()
  await call(api.POST('/api/me/push-subscriptions', { body: { endpoint: endpoint ?? '', p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' } }))
}

/** This phone gets no more pushes; the server retires the address when it finds it gone. */
export async function switchOff(): Promise<void> {
  const subscription = await (await registration())?.pushManager.getSubscription()
  await subscription?.unsubscribe()
}

export async function test(): Promise<void> {
  await call(api.POST('/api/me/push-test'))
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PushTooSlow('push service')), SUBSCRIBE_LIMIT)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function same(a: ArrayBuffer | null, b: Uint8Array): boolean {
  if (!a) return false
  const bytes = new Uint8Array(a)
  return bytes.length === b.length && bytes.every((byte, index) => byte === b[index])
}
