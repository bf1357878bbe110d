/** Names and plates of the neighbourhood's places, kept on the phone so that a scan without a network can say where it was. */
import { api, call } from '../api/client'
import type { LocationPage } from '../api/types'

export interface KnownPlace { id: string; name: string; plate: string }

/** A neighbourhood has some dozens of places; this is 1,000. */
const MOST_PAGES = 10

/** No more than a sign shows: coordinators' answers hold the secret numbers, too. */
export async function readPlaces(neighbourhood: string): Promise<KnownPlace[]> {
  const found: KnownPlace[] = []
  let cursor: string | null = null
  for (let count = 0; count < MOST_PAGES; count++) {
    const query: { limit: number; cursor?: string } = { limit: 100, ...(cursor ? { cursor } : {}) }
    const page: LocationPage = await call(api.GET('/api/neighbourhoods/{neighbourhood}/locations', { params: { path: { neighbourhood }, query } }))
    found.push(...page.items.map(({ id, name, plate }) => ({ id, name, plate })))
    cursor = page.next_cursor
    if (!cursor) break
  }
  return found
}
