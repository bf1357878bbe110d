/** The neighbourhood's locations, as far as a form needs them (coordinators' answers hold the secret numbers, too). */
import { api, call } from '../api/client'
import type { Place } from './draft'

export interface KnownPlace extends Place { area: string }

/** A neighbourhood has some dozens of places; this is 1,000. */
const MOST_PAGES = 10

export async function readPlaces(neighbourhood: string): Promise<KnownPlace[]> {
  const found: KnownPlace[] = []
  let cursor: string | null = null
  for (let count = 0; count < MOST_PAGES; count++) {
    const page: Awaited<ReturnType<typeof onePage>> = await onePage(neighbourhood, cursor)
    found.push(...page.items.map(({ id, name, plate, area_name }) => ({ id, name, plate, area: area_name })))
    cursor = page.next_cursor
    if (!cursor) break
  }
  return found
}

const onePage = (neighbourhood: string, cursor: string | null) =>
  call(api.GET('/api/neighbourhoods/{neighbourhood}/locations', { params: { path: { neighbourhood }, query: { limit: 100, ...(cursor ? { cursor } : {}) } } }))

export function matching(places: readonly KnownPlace[], query: string): readonly KnownPlace[] {
  const wanted = query.trim().toLowerCase()
  return wanted ? places.filter(({ name, plate, area }) => [name, plate, area].some((text) => text.toLowerCase().includes(wanted))) : places
}
