/** The week that the planning screen shows, by its address: the same for the phone's list and the desk's table. */
import { api, call } from '../api/client'
import type { Schema, ShiftOut } from '../api/types'
import { dayRange, fieldDate, fromFields, midnight, monday } from '../i18n/times'
import { ticking } from '../i18n/ticking.svelte'
import type { Hint } from '../live/live'
import { router } from '../router/router.svelte'
import { session } from '../session/session.svelte'
import { reading, type Reading } from '../storage/reading.svelte'
import { daysOf } from './week'

const TOPICS: ReadonlySet<string> = new Set(['shift_created', 'shift_changed', 'shift_cancelled', 'signed_up', 'withdrew', 'assigned', 'unassigned'])
const news = (hint: Hint) => TOPICS.has(hint.topic) && (hint.neighbourhood === null || hint.neighbourhood === session.neighbourhood)
/** A week has some dozens; this is 1,000. */
const MOST_PAGES = 10

export class WeekView {
  today = $derived(fieldDate(ticking.now))
  /** Monday's midnight. */
  begin = $derived(monday(fromFields(router.query.get('week') ?? '', '00:00') ?? ticking.now))
  first = $derived(fieldDate(this.begin))
  isThis = $derived(this.first === fieldDate(monday(ticking.now)))
  range = $derived(dayRange(this.begin, midnight(this.begin, 6)))
  newPath = $derived(this.first > this.today ? `/plan/new?day=${this.first}` : '/plan/new')
  readonly shifts: Reading<ShiftOut[]> = reading(
    () => `plan/${session.neighbourhood}/${this.first}`,
    () => readWeek(this.begin),
    { hints: news },
  )
  days = $derived(daysOf(this.shifts.data ?? [], [0, 1, 2, 3, 4, 5, 6].map((day) => midnight(this.begin, day))))

  go(weeks: number): void {
    const week = fieldDate(midnight(this.begin, weeks * 7))
    router.ask({ week: week === fieldDate(monday(ticking.now)) ? null : week, shift: null })
  }

  goToday(): void {
    router.ask({ week: null, shift: null })
  }
}

async function readWeek(begin: Date): Promise<ShiftOut[]> {
  const found: ShiftOut[] = []
  let cursor: string | null = null
  for (let count = 0; count < MOST_PAGES; count++) {
    const query = { from: begin.toISOString(), to: midnight(begin, 7).toISOString(), limit: 100, ...(cursor ? { cursor } : {}) }
    const page: Schema<'ShiftPage'> = await call(api.GET('/api/neighbourhoods/{neighbourhood}/shifts', { params: { path: { neighbourhood: session.neighbourhood }, query } }))
    found.push(...page.items)
    cursor = page.next_cursor
    if (!cursor) break
  }
  return found
}
