/** Taking a place and giving it back, with what was refused and the way back. */
import { api, Attempt, call } from '../api/client'
import { explain } from '../api/explain'
import { Refused } from '../api/problem'
import type { NeedRole, ShiftKind, ShiftOut, SignUpRefusal } from '../api/types'
import { t as kit } from '../kit/words'
import { toast } from '../kit/toast.svelte'
import { t } from './words'

/** Another shift in the way, as far as the reader may know it. */
export interface Clash { shift: string | null; title: string | null; starts_at: string }

export interface SignUpRefusals { reasons: SignUpRefusal[]; conflict: Clash | null; missing: NeedRole[] }

/** What the last try came to: reasons of a refusal, or a sentence. */
export interface Failure { shift: string; kind: ShiftKind; title: string; refusals: SignUpRefusals | null; text: string }

export class Joining {
  /** The shift under way. */
  busy = $state<string | null>(null)
  failure = $state.raw<Failure | null>(null)
  readonly #attempt = new Attempt()
  readonly #changed: () => Promise<unknown>

  /** `changed`: read again what is shown. */
  constructor(changed: () => Promise<unknown>) {
    this.#changed = changed
  }

  async signUp(shift: Pick<ShiftOut, 'id' | 'kind'>, said: string = t.signedUp): Promise<boolean> {
    return this.#act(shift, t.notSignedUp, async () => {
      await call(api.POST('/api/shifts/{shift}/sign-up', { params: { path: { shift: shift.id } }, headers: this.#attempt.for(['sign-up', shift.id]) }))
      toast.say(said)
    })
  }

  /** Undo takes the place again: if nobody else was quicker. */
  async withdraw(shift: Pick<ShiftOut, 'id' | 'kind'>): Promise<boolean> {
    return this.#act(shift, t.notWithdrawn, async () => {
      await call(api.DELETE('/api/shifts/{shift}/sign-up', { params: { path: { shift: shift.id } }, headers: this.#attempt.for(['withdraw', shift.id]) }))
      toast.say(t.withdrawn, { action: { label: kit.undo, run: () => void this.#again(shift) } })
    })
  }

  /** The screen may be another by now: so the answer comes as a toast. */
  async #again(shift: Pick<ShiftOut, 'id' | 'kind'>): Promise<void> {
    if (!(await this.signUp(shift, t.signedUpAgain)) && this.failure) toast.say(`${this.failure.title}. ${this.failure.text}`)
  }

  async #act(shift: Pick<ShiftOut, 'id' | 'kind'>, title: string, act: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false
    this.busy = shift.id
    this.failure = null
    try {
      await act()
      this.#attempt.done()
      return true
    } catch (error) {
      this.failure = { shift: shift.id, kind: shift.kind, title, refusals: refusalsOf(error), text: explain(error) }
      return false
    } finally {
      await this.#changed().catch(() => undefined)
      this.busy = null
    }
  }
}

function refusalsOf(error: unknown): SignUpRefusals | null {
  if (!(error instanceof Refused) || error.slug !== 'sign-up-refused') return null
  const { reasons, conflict, missing } = error.problem as { reasons?: SignUpRefusal[]; conflict?: Clash | null; missing?: NeedRole[] }
  return { reasons: reasons ?? [], conflict: conflict ?? null, missing: missing ?? [] }
}
