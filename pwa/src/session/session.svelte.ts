/** Who is signed in, where they are, and what they may see. Kept on the phone so that the app opens without a network. */
import { api, call, onSignedOut } from '../api/client'
import { Refused, Unreachable } from '../api/problem'
import type { Me, NeighbourhoodRef, Role } from '../api/types'
import { language, languageIsChosen } from '../i18n/language.svelte'
import { locked } from '../outbox/lock'
import { eraseReadings, readFact, writeFact } from '../storage/database'
import { forgetReadings } from '../storage/reading.svelte'

type State = 'starting' | 'out' | 'in'

const PLANNERS: readonly Role[] = ['coordinator', 'secretary', 'subdistrict_admin']
const FIELD: readonly Role[] = ['volunteer', 'building_leader', ...PLANNERS]

/** Where somebody comes who is not signed in: no need to ask. */
const OUTSIDE = new Set(['/sign-in', '/i'])

class Session {
  state = $state<State>('starting')
  me = $state.raw<Me | null>(null)
  #chosen = $state<string | null>(null)

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
    const kept = await Promise.all([readFact<Me>('me'), readFact<string>('neighbourhood')]).catch(() => [undefined, undefined] as const)
    this.#chosen = kept[1] ?? null
    if (kept[0]) {
      this.me = kept[0]
      this.state = 'in'
      void this.refresh()
    } else if (OUTSIDE.has(location.pathname)) this.state = 'out'
    // The phone may have forgotten what its cookie still knows.
    else await this.refresh()
  }

  async refresh(): Promise<void> {
    try {
      await this.#become(await call(api.GET('/api/me')))
    } catch (error) {
      if (error instanceof Refused && error.problem.status === 401) await this.expire()
      else if (this.state === 'starting') this.state = 'out'
      if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error
    }
  }

  /** Become whom `how` signs in. Nothing of the outbox is under way while the cookie changes hands. */
  async enter(how: () => Promise<Me>): Promise<void> {
    await locked(async () => this.#become(await how()))
  }

  /** Without a network the phone forgets all the same; the server's session then ends by itself or from another device. */
  async signOut(): Promise<void> {
    await locked(async () => {
      try {
        await call(api.DELETE('/api/session'))
      } catch (error) {
        if (!(error instanceof Refused) || error.problem.status !== 401) throw error
      }
      await this.#forget()
    })
  }

  /** The server no longer knows the session. What waits to be sent waits for the same person. */
  async expire(): Promise<void> {
    if (this.state === 'out') return
    await this.#forget()
  }

  async speak(to: 'zh' | 'en'): Promise<void> {
    language.set(to)
    if (this.me && this.me.language !== to) await this.#become(await call(api.PATCH('/api/me', { body: { language: to } })))
  }

  async #become(me: Me): Promise<void> {
    if (this.me && this.me.id !== me.id) {
      forgetReadings()
      await eraseReadings().catch(() => undefined)
    }
    await writeFact('me', me).catch(() => undefined)
    if (!languageIsChosen()) language.set(me.language)
    this.me = me
    this.state = 'in'
  }

  async #forget(): Promise<void> {
    await eraseReadings().catch(() => undefined)
    forgetReadings()
    this.me = null
    this.#chosen = null
    this.state = 'out'
  }
}

export const session = new Session()
