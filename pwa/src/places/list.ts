/** All places and areas of the neighbourhood: some dozens, at most some hundreds. */
import { api, call } from '../api/client'
import type { AreaOut, LocationOut } from '../api/types'

export interface Places { locations: LocationOut[]; areas: AreaOut[] }

const MOST_PAGES = 20

export async function readPlaces(neighbourhood: string): Promise<Places> {
  const areas = readAreas(neighbourhood)
  const locations: LocationOut[] = []
  let cursor: string | null = null
  for (let count = 0; count < MOST_PAGES; count++) {
    const page: Awaited<ReturnType<typeof onePage>> = await onePage(neighbourhood, cursor)
    // What the phone keeps of a list opens nothing: the numbers are read on a place's own page.
    locations.push(...page.items.map((location) => ({ ...location, number: null })))
    cursor = page.next_cursor
    if (!cursor) break
  }
  return { locations, areas: await areas }
}

export async function readAreas(neighbourhood: string): Promise<AreaOut[]> {
  return (await call(api.GET('/api/neighbourhoods/{neighbourhood}/areas', { params: { path: { neighbourhood } } }))).items
}

const onePage = (neighbourhood: string, cursor: string | null) =>
  call(api.GET('/api/neighbourhoods/{neighbourhood}/locations', { params: { path: { neighbourhood }, query: { limit: 100, ...(cursor ? { cursor } : {}) } } }))

/** Those whose name, plate, address or area has the text in it. */
export function matching(locations: readonly LocationOut[], query: string): readonly LocationOut[] {
  const wanted = query.trim().toLowerCase()
  return wanted ? locations.filter((one) => [one.name, one.plate, one.address, one.area_name].some((text) => text.toLowerCase().includes(wanted))) : locations
}

const collator = new Intl.Collator('zh', { numeric: true })
const ordered = (areas: AreaOut[]) => areas.sort((a, b) => collator.compare(a.name, b.name))

export interface Branch { area: AreaOut; buildings: AreaOut[] }
/** Grids with their buildings in order, and the buildings that stand below the neighbourhood itself. */
export function tree(areas: readonly AreaOut[]): { grids: Branch[]; loose: AreaOut[] } {
  const below = (parent: string) => ordered(areas.filter((one) => one.kind === 'building' && one.parent === parent))
  const grids = ordered(areas.filter((one) => one.kind === 'grid')).map((area) => ({ area, buildings: below(area.id) }))
  const inGrids = new Set(grids.map((branch) => branch.area.id))
  return { grids, loose: ordered(areas.filter((one) => one.kind === 'building' && !inGrids.has(one.parent ?? ''))) }
}

/** What a place or a new building can stand in, from the widest to the narrowest. */
export function parents(areas: readonly AreaOut[], kinds: readonly AreaOut['kind'][]): AreaOut[] {
  return kinds.flatMap((kind) => ordered(areas.filter((one) => one.kind === kind)))
}

/** The places before and after one on the round, as its sign names them; from three places on the round closes. */
export function beside(locations: readonly LocationOut[], id: string): [LocationOut | null, LocationOut | null] {
  const at = locations.findIndex((one) => one.id === id)
  const count = locations.length
  if (at < 0) return [null, null]
  if (count >= 3) return [locations[(at + count - 1) % count] ?? null, locations[(at + 1) % count] ?? null]
  return [locations[at - 1] ?? null, locations[at + 1] ?? null]
}
