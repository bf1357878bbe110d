import { myShifts, myStays } from '../duty/mine'
import type { AttendanceOut, ShiftOut } from '../api/types'
import { session } from '../session/session.svelte'
import { reading, type Reading } from '../storage/reading.svelte'
import { readPlaces, type KnownPlace } from './places'

/** What the phone knows before a scan: kept, so that it is there without a network. */
export interface Known { mine: Reading<ShiftOut[]>; stays: Reading<AttendanceOut[]>; places: Reading<KnownPlace[]> }

/** To be called while a component begins. */
export function known(): Known {
  const places = reading<KnownPlace[]>(
    () => `places/names/${session.neighbourhood}`,
    async () => (session.serves ? readPlaces(session.neighbourhood) : []),
    { hints: (hint) => hint.topic.startsWith('location') },
  )
  return { mine: myShifts(), stays: myStays(), places }
}

/** Until what is kept on the phone has been read, or that takes too long; never for the server. */
export async function recalled({ mine, stays }: Known): Promise<void> {
  for (let tries = 0; tries < 15 && (mine.data === undefined || stays.data === undefined); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
}
