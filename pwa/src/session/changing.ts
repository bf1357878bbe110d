/** Begin a session, end it, and follow what another tab did: the phone has one. */
import { api, call } from '../api/client'
import { Refused } from '../api/problem'
import type { Me } from '../api/types'
import { language } from '../i18n/language.svelte'
import { alone } from '../outbox/lock'
import { readFact, writeFact } from '../storage/database'
import { session, type News } from './session.svelte'

/** How long signing out waits for the server, milliseconds. */
const ENDING = 6_000

let ending: Promise<void> = Promise.resolve()

/** Nothing of the outbox is under way while the cookie changes hands. */
export async function signIn(phone: string, password: string): Promise<void> {
  // Its answer takes the cookie away: not the one that is just being given.
  await ending
  await alone(async () => session.become(await call(api.POST('/api/session', { body: { phone, password } }))))
}

/** By a link of the demonstration's, which works once. */
export async function signInByLink(token: string): Promise<void> {
  await ending
  await alone(async () => session.become(await call(api.POST('/api/session/link', { body: { token } }))))
}

export async function accept(token: string, phone: string, password: string): Promise<void> {
  await ending
  await alone(async () => session.become(await call(api.POST('/api/invitation/acceptance', { body: { token, phone, password } }))))
}

/**
 * Without a network the phone forgets all the same, and ends the server's session before it asks the server who it is again.
 * Throws when the phone can't even write that down: then the cookie would sign the person in again.
 */
export async function signOut(): Promise<void> {
  await alone(async () => {
    if (!(await ended())) {
      await writeFact('to-end', true)
      session.toEnd = true
    }
    await session.forget('out')
  })
  session.tell('left')
}

export async function speak(to: 'zh' | 'en'): Promise<void> {
  language.set(to)
  if (session.me && session.me.language !== to) await session.become(await call(api.PATCH('/api/me', { body: { language: to } })))
}

/** Another tab may have signed in or out. */
export async function follow(news?: News): Promise<void> {
  if (session.state === 'starting' || (session.state === 'in' && !session.written)) return
  let kept: Me | undefined
  try {
    kept = await readFact<Me>('me')
  } catch {
    return
  }
  if (!kept) {
    if (session.state === 'in' || (session.state === 'expired' && news === 'left')) session.leave(news === 'expired' ? 'expired' : 'out')
    return
  }
  // Nothing of one person's screens goes on under another's name.
  if (session.me && session.me.id !== kept.id) return session.anew()
  if (session.state !== 'in' || session.me?.session !== kept.session) session.enter(kept)
}

/** End the session of an earlier, offline sign-out. */
export function end(): void {
  ending = ending.then(async () => {
    if (!session.toEnd || !(await ended())) return
    session.toEnd = false
    await writeFact('to-end', undefined).catch(() => undefined)
  })
}

/** Whether the server knows no session of this cookie any more. */
async function ended(): Promise<boolean> {
  try {
    await call(api.DELETE('/api/session', { signal: AbortSignal.timeout(ENDING) }))
    return true
  } catch (error) {
    return error instanceof Refused && error.problem.status === 401
  }
}

/** What the phone still shows of a person outside the app. */
export async function clearTray(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker?.getRegistration()
    for (const notification of (await registration?.getNotifications()) ?? []) notification.close()
    await (navigator as Navigator & { clearAppBadge?: () => Promise<void> }).clearAppBadge?.()
  } catch {
    // Not every browser has a tray or a badge.
  }
}
