import { myShifts, myStays } from '../duty/mine'
import { session } from '../session/session.svelte'
import { reading } from '../storage/reading.svelte'
import { Flow } from './flow.svelte'
import { Locator } from './locator'
import { readPlaces, type KnownPlace } from './places'

/** A flow with what the phone knows: kept, so that it works without a network. To be called while a component begins. */
export function scanFlow(): { flow: Flow; locator: Locator; mine: ReturnType<typeof myShifts> } {
  const mine = myShifts()
  const stays = myStays()
  const places = reading<KnownPlace[]>(
    () => `places/names/${session.neighbourhood}`,
    async () => (session.serves ? readPlaces(session.neighbourhood) : []),
    { hints: (hint) => hint.topic.startsWith('location') },
  )
  const locator = new Locator()
  const flow = new Flow(
    () => ({ mine: mine.data ?? [], stays: stays.data ?? [], places: places.data ?? [] }),
    locator,
    // What the server just said is the newest there is, also for 今天.
    (receipt) => stays.take([receipt, ...(stays.data ?? []).filter((stay) => stay.id !== receipt.id)]),
  )
  return { flow, locator, mine }
}
