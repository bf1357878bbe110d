/** Push on this phone: may it, is it on, switch it on with a time limit, off again, and keep it on. */
import { api, call } from '../api/client'
import { Refused, Unreachable } from '../api/problem'
import { session } from '../session/session.svelte'
import { readFact, writeFact } from '../storage/database'
import { bodyOf, bytesOf, subscriptionFor } from './subscription'

export type PushState =
  /** The server pushes here. */
  | 'on'
  /** It does, and lately nothing arrived. */
  | 'failing'
  | 'off'
  /** The server does not answer, so nobody knows. */
  | 'unsure'
  /** The person said no in the browser; only its settings can change that. */
  | 'denied'
  /** iOS, in Safari: only from the home screen. */
  | 'install-first'
  /** WeChat's and similar browsers: never. */
  | 'impossible'

/** How long `pushManager.subscribe()` may take. It hangs for ever where the push service can't be reached. */
const SUBSCRIBE_LIMIT = 15_000
/** Kept on the phone: who switched push on here. So it comes back when the browser lost it, and after signing out and in. */
const WISH = 'push'

export class PushTooSlow extends Error {
  override name = 'PushTooSlow'
}
export class PushDenied extends Error {
  override name = 'PushDenied'
}

export const inWeChat = (): boolean => /MicroMessenger/i.test(navigator.userAgent)
export const isIos = (): boolean => /iPad|iPhone|iPod/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1)
export const isInstalled = (): boolean => matchMedia('(display-mode: standalone)').matches || (navigator as Navigator & { standalone?: boolean }).standalone === true
const isPossible = (): boolean => !inWeChat() && 'PushManager' in globalThis && 'serviceWorker' in navigator && 'Notification' in globalThis

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  return navigator.serviceWorker?.getRegistration()
}

/** “On” is what the server says, not the browser: it pushes only to the session that asked for it. */
export async function pushState(): Promise<PushState> {
  if (!isPossible()) return isIos() && !isInstalled() && !inWeChat() ? 'install-first' : 'impossible'
  if (Notification.permission === 'denied') return 'denied'
  try {
    if (!(await renew())) return 'off'
    const { items } = await call(api.GET('/api/me/push-subscriptions'))
    const mine = items.find((one) => one.current)
    if (mine) return mine.failing ? 'failing' : 'on'
    // Retired since: asked for once more, and what the server says to that counts.
    renewed = ''
    return (await renew()) ? 'on' : 'off'
  } catch (error) {
    return error instanceof Unreachable ? 'unsure' : 'off'
  }
}

/** Session and address that the server took in this run of the app. */
let renewed = ''
const about = (endpoint: string): string => `${session.me?.session ?? ''} ${endpoint}`

/**
 * After opening and signing in. A new sign-in ends the session that push hung on; the server's key may be another one; the
 * browser may have a new address, or none any more. Asks nobody anything; false: push is not on here. Throws Refused, Unreachable,
 * PushTooSlow.
 */
export async function renew(): Promise<boolean> {
  if (!isPossible() || Notification.permission !== 'granted' || !session.me) return false
  const manager = (await registration())?.pushManager
  if (!manager) return false
  const kept = await manager.getSubscription()
  if (!kept && (await readFact(WISH)) !== session.me.id) return false
  if (!kept || renewed !== about(kept.endpoint)) await give(manager)
  return true
}

/** Must be called from a tap. Throws PushDenied, PushTooSlow, Refused, Unreachable. */
export async function switchOn(): Promise<void> {
  if ((await Notification.requestPermission()) !== 'granted') throw new PushDenied('permission')
  await give((await within(navigator.serviceWorker.ready)).pushManager)
}

/** Give the server this browser's subscription, made for its key. */
async function give(manager: PushManager): Promise<void> {
  const { key } = await call(api.GET('/api/push-key'))
  const offer = async (): Promise<void> => {
    const subscription = await within(subscriptionFor(manager, bytesOf(key)))
    const of = about(subscription.endpoint)
    await call(api.POST('/api/me/push-subscriptions', { body: bodyOf(subscription) }))
    renewed = of
  }
  try {
    await offer()
  } catch (error) {
    // The push service no longer knows it, though the browser does not: only a new one helps.
    if (!(error instanceof Refused) || error.problem.type !== '/problems/push-subscription-gone') throw error
    await (await manager.getSubscription())?.unsubscribe()
    await offer()
  }
  await writeFact(WISH, session.me?.id).catch(() => undefined)
}

/** This phone gets no more pushes, until its owner wants them again. */
export async function switchOff(): Promise<void> {
  await writeFact(WISH, undefined)
  await silence()
  try {
    // Told now, the server takes no more pushes for delivered; otherwise it finds out by the next one.
    const { items } = await call(api.GET('/api/me/push-subscriptions'))
    for (const one of items.filter((each) => each.current)) await call(api.DELETE('/api/me/push-subscriptions/{subscription}', { params: { path: { subscription: one.id } } }))
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error
  }
}

/** Before signing out: the next person at this phone must not get this one's messages. It comes back when they sign in again. */
export async function silence(): Promise<void> {
  renewed = ''
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
