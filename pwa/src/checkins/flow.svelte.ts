/** From a scanned code to what became of it: reads it, decides what fits, keeps the check-in in the outbox, says how it went. */
import { api, call } from '../api/client'
import { explain, explainProblem } from '../api/explain'
import { Refused } from '../api/problem'
import type { ProblemDocument } from '../api/problem'
import type { AttendanceOut, CodeReading, ShiftOut } from '../api/types'
import { openStay, shiftAt, type Stay } from '../duty/next'
import { read, remove } from '../outbox/deciding'
import { checkIn, checkOut, type Kept } from '../outbox/keeping'
import { outbox } from '../outbox/outbox.svelte'
import { t as kept } from '../outbox/words'
import { spoken, type Scanned } from './code'
import type { Locator } from './locator'
import type { KnownPlace } from './places'
import { t } from './words'

/** How long the server may take to say what a code is before the phone decides alone, milliseconds. */
const READING = 4_000
/** How long a person looks at 正在签到 before it says that it is kept. */
const SENDING = 5_000

export interface Outcome {
  leaving: boolean
  /** `saved`: on the phone, not yet on the server. */
  state: 'delivered' | 'saved'
  place: { id: string | null; name: string; plate: string | null }
  at: Date
  receipt: AttendanceOut | null
  /** Whether the phone knew where it was. */
  located: boolean
  item: string
}

export type Way = 'number' | 'again' | 'vouch'
export interface Trouble { title: string; text: string; ways: Way[] }

export type Step =
  | { is: 'reading' }
  /** Nothing of one's own fits here: one chooses. */
  | { is: 'choose'; code: Scanned; at: Date; reading: CodeReading; elsewhere: string | null }
  /** Checked in here already; without a network and with a number typed, perhaps elsewhere. */
  | { is: 'staying'; code: Scanned; at: Date; stay: Stay; sure: boolean }
  | { is: 'sending'; leaving: boolean; place: string }
  | { is: 'done'; outcome: Outcome }
  | { is: 'trouble'; trouble: Trouble }

export interface Knowledge {
  mine: readonly ShiftOut[]
  stays: readonly AttendanceOut[]
  places: readonly KnownPlace[]
}

export class Flow {
  step = $state.raw<Step>({ is: 'reading' })
  readonly #know: () => Knowledge
  readonly #locator: Locator
  readonly #delivered: (receipt: AttendanceOut) => void
  #kept: Kept<AttendanceOut> | null = null
  /** Refused while the person watches: taken off the phone when they try another way, since they know. */
  #refused: string | null = null

  constructor(know: () => Knowledge, locator: Locator, delivered: (receipt: AttendanceOut) => void) {
    this.#know = know
    this.#locator = locator
    this.#delivered = delivered
  }

  /** Where the phone believes the person to be checked in. */
  get stay(): Stay | null {
    const { mine, stays } = this.#know()
    return openStay({ mine, stays, waiting: outbox.mine })
  }

  /** Something was scanned or typed. */
  async take(code: Scanned, at: Date): Promise<void> {
    this.step = { is: 'reading' }
    const stay = this.stay
    if (stay && stay.location !== null && stay.location === code.location) return this.#stay(code, at, stay, true)
    const own = code.location === null ? null : shiftAt(code.location, this.#know().mine, at.getTime())
    // Known without asking: the quickest, and the same without a network. The server looks anyway.
    if (own && !stay) return this.arrive(code, at, { shift: own.id, place: { id: own.location, name: own.location_name, plate: own.plate } })
    let reading: CodeReading
    try {
      reading = await call(api.POST('/api/code-readings', { body: { code: code.text }, signal: AbortSignal.timeout(READING) }))
    } catch (error) {
      if (error instanceof Refused && error.problem.status < 500) return this.#refuse(error.problem, error)
      return this.#alone(code, at, stay)
    }
    await this.#fits(code, at, reading, stay)
  }

  async #fits(code: Scanned, at: Date, reading: CodeReading, known: Stay | null): Promise<void> {
    if (reading.retired) return this.#say(t.retiredTitle(reading.location_name), t.retiredText, ['again', 'number', 'vouch'])
    const stay = await this.#stayOf(reading.open_attendance, known)
    if (stay && stay.location === reading.location) return this.#stay(code, at, stay, true)
    const place = { id: reading.location, name: reading.location_name, plate: reading.plate }
    if (reading.my_shift) return this.arrive(code, at, { shift: reading.my_shift.id, place })
    this.step = { is: 'choose', code, at, reading, elsewhere: stay?.place ?? null }
  }

  /** The open stay that the server speaks of. */
  async #stayOf(attendance: string | null, known: Stay | null): Promise<Stay | null> {
    if (attendance === null || known?.saved) return known
    if (known?.id === attendance) return known
    try {
      const found = await call(api.GET('/api/attendance/{attendance}', { params: { path: { attendance } }, signal: AbortSignal.timeout(READING) }))
      this.#delivered(found)
      return openStay({ mine: this.#know().mine, stays: [found], waiting: [] })
    } catch {
      // A newer check-in ends the older stay in any case.
      return null
    }
  }

  /** Without the server: what the phone knows decides, and the server judges later. */
  async #alone(code: Scanned, at: Date, stay: Stay | null): Promise<void> {
    if (stay && code.location === null) return this.#stay(code, at, stay, false)
    const { mine } = this.#know()
    const own = code.location === null ? null : shiftAt(code.location, mine, at.getTime())
    await this.arrive(code, at, { shift: own?.id ?? null, place: this.#place(code) })
  }

  #place(code: Scanned): Outcome['place'] {
    if (code.location === null) return { id: null, name: t.numberPlace(spoken(code.text)), plate: null }
    const { places, mine, stays } = this.#know()
    const shift = mine.find((one) => one.location === code.location)
    const stay = stays.find((one) => one.location === code.location)
    const known = places.find((one) => one.id === code.location) ?? (shift && { name: shift.location_name, plate: shift.plate }) ?? (stay && { name: stay.location_name, plate: stay.plate })
    return { id: code.location, name: known?.name ?? t.somePlace, plate: known?.plate ?? null }
  }

  #stay(code: Scanned, at: Date, stay: Stay, sure: boolean): void {
    this.step = { is: 'staying', code, at, stay, sure }
  }

  async arrive(code: Scanned, at: Date, { shift, signUp = false, place = this.#place(code) }: { shift: string | null; signUp?: boolean; place?: Outcome['place'] }): Promise<void> {
    this.step = { is: 'sending', leaving: false, place: place.name }
    const position = await this.#locator.get()
    await this.#keep({ leaving: false, place, at, located: position !== null }, () =>
      checkIn({ code: code.text, at: at.toISOString(), position, shift, sign_up: signUp }, { place: place.name, ...(place.id ? { location: place.id } : {}), ...(place.plate ? { plate: place.plate } : {}) }),
    )
  }

  /** Leaving is allowed from anywhere: `code` null is the person's own word. */
  async leave(code: Scanned | null, at: Date): Promise<void> {
    const stay = this.stay
    const place = stay ? { id: stay.location, name: stay.place, plate: stay.plate } : code ? this.#place(code) : { id: null, name: '', plate: null }
    this.step = { is: 'sending', leaving: true, place: place.name }
    const position = await this.#locator.get()
    await this.#keep({ leaving: true, place, at, located: position !== null }, () =>
      checkOut({ attendance: stay?.id ?? null, code: code?.text ?? null, at: at.toISOString(), position }, { place: place.name }),
    )
  }

  async #keep(about: Pick<Outcome, 'leaving' | 'place' | 'at' | 'located'>, keep: () => Promise<Kept<AttendanceOut>>): Promise<void> {
    try {
      this.#kept = await keep()
    } catch {
      // Whatever it was: never a spinner for ever, and never 已保存.
      return this.#say(about.leaving ? t.notLeft : t.notArrived, kept.notKept, ['again', 'vouch'])
    }
    await this.#settle({ ...about, state: 'saved', receipt: null, item: this.#kept.id }, SENDING)
  }

  /** What has become of it by now. Called again when the outbox has moved on. */
  async settle(): Promise<void> {
    if (this.step.is === 'done' && this.step.outcome.state === 'saved') await this.#settle(this.step.outcome, 0)
  }

  async #settle(outcome: Outcome, patience: number): Promise<void> {
    const result = await this.#kept?.result(patience)
    if (result?.state === 'delivered') {
      const { receipt } = result
      this.#delivered(receipt)
      // Said on the screen that comes now.
      if (receipt.conflict) void read(outcome.item)
      this.step = { is: 'done', outcome: { ...outcome, state: 'delivered', receipt, place: { id: receipt.location, name: receipt.location_name, plate: receipt.plate } } }
    } else if (result?.state === 'needs-you') {
      if (result.problem) {
        this.#refused = outcome.item
        // `call` would have fetched them with the refusal; this one came through the outbox.
        await import('../api/sentences').catch(() => undefined)
        this.#refuse(result.problem, null, outcome)
      } else this.#say(outcome.leaving ? t.notLeft : t.notArrived, t.strange, ['again', 'vouch'])
    } else this.step = { is: 'done', outcome }
  }

  #refuse(problem: ProblemDocument, error: unknown, outcome?: Outcome): void {
    const slug = problem.type.split('/').pop()
    const text = error ? explain(error) : explainProblem(problem)
    if (slug === 'code-retired') {
      const name = typeof problem.location_name === 'string' ? problem.location_name : (outcome?.place.name ?? '')
      this.#say(t.retiredTitle(name), t.retiredText, ['again', 'number', 'vouch'])
    } else if (slug === 'code-unknown') this.#say(t.unknownTitle, problem.verdict === 'ambiguous' ? t.ambiguousText : t.unknownText, ['again', 'number', 'vouch'])
    else if (slug === 'not-checked-in') this.#say(t.notInTitle, text, ['again', 'vouch'])
    else this.#say(outcome?.leaving ? t.notLeft : t.notArrived, text, ['again', 'vouch'])
  }

  #say(title: string, text: string, ways: Way[]): void {
    this.step = { is: 'trouble', trouble: { title, text, ways } }
  }

  /** The person tries another way: what was refused before their eyes is done with. */
  async forget(): Promise<void> {
    const refused = this.#refused
    this.#refused = null
    if (!refused) return
    try {
      await remove(refused)
    } catch {
      // It stays in the list of what did not get through.
    }
  }
}
