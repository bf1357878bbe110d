/** My own shifts and stays as the phone knows them: for 今天, a shift's page and the scanner. Kept, so that they are there without a network. */
import { api, call } from '../api/client'
import type { AttendanceOut, ShiftOut } from '../api/types'
import type { Hint } from '../live/live'
import { session } from '../session/session.svelte'
import { reading, type Reading } from '../storage/reading.svelte'
import { takeDelivered } from './delivered.svelte'

/** Longer than any shift (24 hours) and the time after which a forgotten check-out is assumed: an open stay is always among these. */
const STAYS_BACK = 36 * 60 * 60_000

const SHIFT_TOPICS: ReadonlySet<string> = new Set(['shift_created', 'shift_changed', 'shift_cancelled', 'signed_up', 'withdrew', 'assigned', 'unassigned'])

/** Something about a shift of the neighbourhood shown. */
export function aboutShifts(hint: Hint): boolean {
  return SHIFT_TOPICS.has(hint.topic) && (hint.neighbourhood === null || hint.neighbourhood === session.neighbourhood)
}

/** Those from today on, in every neighbourhood, by their starts; cancelled ones, too. */
export function myShifts(): Reading<ShiftOut[]> {
  const mine: Reading<ShiftOut[]> = reading(
    () => 'me/shifts',
    async () => (await call(api.GET('/api/me/shifts', { params: { query: { limit: 100 } } }))).items,
    // Others' sign-ups elsewhere are no news here: one of mine, or a new one that somebody gave me.
    { hints: (hint) => hint.topic === 'assigned' || (SHIFT_TOPICS.has(hint.topic) && (mine.data ?? []).some((shift) => shift.id === hint.id)) },
  )
  return mine
}

/** My stays of the last day and a half, the latest first. */
export function myStays(): Reading<AttendanceOut[]> {
  const stays: Reading<AttendanceOut[]> = reading(
    () => `me/stays/${session.neighbourhood}`,
    async () => {
      const query = { person: session.me?.id, from: new Date(Date.now() - STAYS_BACK).toISOString(), limit: 20 }
      return (await call(api.GET('/api/neighbourhoods/{neighbourhood}/attendance', { params: { path: { neighbourhood: session.neighbourhood }, query } }))).items
    },
    { hints: (hint) => hint.topic === 'vouched' || (stays.data ?? []).some((stay) => stay.id === hint.id) },
  )
  takeDelivered(stays)
  return stays
}
