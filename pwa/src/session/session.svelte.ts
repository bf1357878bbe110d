/** Who is signed in, where they are, and what they may see. Kept on the phone so that the app opens without a network. */
import { api, call, onSignedOut } from '../api/client'
import { Refused, Unreachable } from '../api/problem'
import type { Me, NeighbourhoodRef, Role } from '../api/types'
import { language, languageIsChosen } from '../i18n/language.svelte'
import { eraseReadings, readFact, writeFact } from '../storage/database'
import { forgetReadings, resumeReadings } from '../storage/reading.svelte'

/** `expired`: the server ended it. Who it was is still known, and what they were at stays, out of sight, until they sign in again. */
export type State = 'starting' | 'out' | 'in' | 'expired'
/** What tabs tell one another. The phone has one session, whichever tab began or ended it. */
export type News = 'began' | 'left' | 'expired'

const PLANNERS: readonly Role[] = ['coordinator', 'secretary', 'subdistrict_admin']
const FIELD: readonly Role[] = ['volunteer', 'building_leader', ...PLANNERS]

/** Where somebody comes who is not signed in: no need to ask. */
const OUTSIDE = new Set(['/sign-in', '/i'])

/** What changes a session comes with the screens that do, and when another tab did. */
const changing = () => import('./changing')
const end = () => void changing().then((one) => one.end(), () => undefined)

class Session {
  state = $state<State>('starting')
  me = $state.raw<Me | null>(null)
  #chosen = $state<string | null>(null)
  /** Signed out without a network: the server's session is still to be ended, and its cookie must not be asked who it is. */
  toEnd = false
  /** Whether the phone could write down who is signed in. Where it can't, its memory says nothing. */
  written = false
  readonly #channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('mingxun-session') : null

  /** Every neighbourhood in which the person has a role. */
  neighbourhoods = $derived.by<NeighbourhoodRef[]>(() => {
    const found = new Map<string, NeighbourhoodRef>()
    for (const membership of this.me?.memberships ?? []) for (const place of membership.neighbourhoods) found.set(place.id, place)
    return [...found.values()]
  })
  /** The one that the screens show. */
  here = $derived<NeighbourhoodRef | null>(this.neighbourhoods.find((place) => place.id === this.#chosen) ?? this.neighbourhoods[0] ?? null)
  roles = $derived<ReadonlySet<Role>>(
    new Set((this.me?.memberships ?? []).filter((membership) => membership.neighbourhoods.some((place) => place.id === this.here?.id)).map((membership) => membership.role)),
  )
  /** Plans shifts and runs the queue: coordinator and above. */
  plans = $derived(PLANNERS.some((role) => this.roles.has(role)))
  leads = $derived(this.plans || this.roles.has('building_leader'))
  /** May serve: sees shifts, scans, checks in. */
  serves = $derived(FIELD.some((role) => this.roles.has(role)))
  /** Acts for a responsible party. */
  handles = $derived(this.roles.has('handler'))

  /** Where the app opens for this person. */
  get first(): string {
    if (this.plans) return '/now'
    return this.serves || !this.handles ? '/' : '/tickets'
  }

  /** The neighbourhood's id for paths. Screens are only shown when there is one. */
  get neighbourhood(): string {
    return this.here?.id ?? ''
  }

  async choose(neighbourhood: string): Promise<void> {
    this.#chosen = neighbourhood
    await writeFact('neighbourhood', neighbourhood).catch(() => undefined)
  }

  /** From what is kept at once, then from the server. */
  async start(): Promise<void> {
    onSignedOut(() => void this.expire())
    const follow = (news?: News) => void changing().then((one) => one.follow(news), () => undefined)
    this.#channel?.addEventListener('message', (event) => follow(event.data as News))
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && follow())
    addEventListener('online', () => this.toEnd && end())
    const kept = await Promise.all([readFact<Me>('me'), readFact<string>('neighbourhood'), readFact<boolean>('to-end')]).catch(() => [undefined, undefined, undefined] as const)
    this.#chosen = kept[1] ?? null
    this.toEnd = kept[2] === true
    if (kept[0]) {
      this.me = kept[0]
      this.written = true
      this.state = 'in'
      void this.refresh()
    } else if (this.toEnd) {
      this.state = 'out'
      end()
    } else if (OUTSIDE.has(location.pathname)) this.state = 'out'
    // The phone may have forgotten what its cookie still knows.
    else await this.refresh()
  }

  async refresh(): Promise<void> {
    try {
      await this.become(await call(api.GET('/api/me')))
    } catch (error) {
      if (error instanceof Refused && error.problem.status === 401) await this.expire()
      else if (this.state === 'starting') this.state = 'out'
      if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error
    }
  }

  /** The server no longer knows the session. What waits to be sent, and what is half written, waits for the same person. */
  async expire(): Promise<void> {
    if (this.state === 'starting') this.state = 'out'
    if (this.state !== 'in') return
    const kept = this.written ? await readFact<Me>('me').catch(() => undefined) : undefined
    // Another tab has signed in since: it is not that session which is over.
    if (kept && kept.session !== this.me?.session) return (await changing()).follow()
    await this.forget('expired')
    this.tell('expired')
  }

  /** The app as freshly opened. */
  anew(): void {
    location.reload()
  }

  async become(me: Me): Promise<void> {
    const before = this.me
    if (before && before.id !== me.id) {
      forgetReadings()
      await eraseReadings().catch(() => undefined)
    }
    try {
      await writeFact('me', me)
      if (this.toEnd) await writeFact('to-end', undefined)
      this.written = true
    } catch {
      this.written = false
    }
    this.toEnd = false
    if (!languageIsChosen()) language.set(me.language)
    if (this.state !== 'in' || before?.session !== me.session) this.tell('began')
    // What is on the screen, or behind the sign-in, is another person's.
    if (before && before.id !== me.id && this.written) return this.anew()
    this.enter(me)
  }

  enter(me: Me): void {
    const again = this.state === 'expired'
    this.me = me
    this.state = 'in'
    if (again) resumeReadings()
  }

  /** Erase what the phone has of the person who was signed in. */
  async forget(to: 'out' | 'expired'): Promise<void> {
    await eraseReadings(to === 'out' ? this.me?.id : undefined).catch(() => undefined)
    this.leave(to)
    void changing().then((one) => one.clearTray(), () => undefined)
  }

  leave(to: 'out' | 'expired'): void {
    forgetReadings()
    this.#chosen = to === 'out' ? null : this.#chosen
    if (to === 'out') this.me = null
    this.state = to
  }

  tell(news: News): void {
    this.#channel?.postMessage(news)
  }
}

export const session = new Session()
