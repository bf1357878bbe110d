/** Where something can be: the neighbourhood's locations and buildings, in one reading that the phone keeps. */
import { api, call } from '../api/client'
import { byName } from '../i18n/lists'

export interface PlaceLocation { id: string; plate: string; name: string; area: string }
export interface Building { id: string; name: string }
export interface Places { locations: PlaceLocation[]; buildings: Building[] }

/** What is reported: one of these, or nothing chosen yet (null). */
export type Place =
  | { kind: 'location'; id: string; name: string; plate: string | null; how?: 'code' | 'check-in' }
  | { kind: 'building'; id: string; name: string }
  | { kind: 'nowhere' }

/** The location in a poster's code (docs/design-trail.md, “Codes”), or null: the phone can tell without a network where a scan was. */
export function locationIn(code: string): string | null {
  const payload = code.split('/').at(-1) ?? ''
  if (!/^[\w-]{39}$|^[\w-]{44}$/u.test(payload)) return null
  const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/').padEnd(Math.ceil(payload.length / 4) * 4, '='))
  const hex = [...bytes.slice(1, 17)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5')
}

/** Pages of the list of locations are few: a neighbourhood has some dozens. */
const MOST_PAGES = 20

export async function readPlaces(neighbourhood: string): Promise<Places> {
  const [areas, locations] = await Promise.all([call(api.GET('/api/neighbourhoods/{neighbourhood}/areas', { params: { path: { neighbourhood } } })), everyLocation(neighbourhood)])
  const buildings = areas.items.filter((area) => area.kind === 'building').map(({ id, name }) => ({ id, name }))
  return { locations, buildings: buildings.sort(byName((building) => building.name)) }
}

async function everyLocation(neighbourhood: string): Promise<PlaceLocation[]> {
  const locations: PlaceLocation[] = []
  let cursor: string | null = null
  for (let count = 0; count < MOST_PAGES; count++) {
    const page: Awaited<ReturnType<typeof onePage>> = await onePage(neighbourhood, cursor)
    locations.push(...page.items.map(({ id, plate, name, area_name }) => ({ id, plate, name, area: area_name })))
    cursor = page.next_cursor
    if (!cursor) break
  }
  return locations
}

const onePage = (neighbourhood: string, cursor: string | null) =>
  call(api.GET('/api/neighbourhoods/{neighbourhood}/locations', { params: { path: { neighbourhood }, query: { limit: 100, ...(cursor ? { cursor } : {}) } } }))

/** Those whose name, plate or area has the text in it. */
export function found(places: Places, query: string): Places {
  const wanted = query.trim().toLowerCase()
  if (!wanted) return places
  const has = (...texts: string[]) => texts.some((text) => text.toLowerCase().includes(wanted))
  return { locations: places.locations.filter((one) => has(one.name, one.plate, one.area)), buildings: places.buildings.filter((one) => has(one.name)) }
}
