/** Everybody who fits, read page by page so that they can stand by pinyin, which the database cannot do. */
import { api, call } from '../api/client'
import type { Me, PersonOut, Role } from '../api/types'
import { session } from '../session/session.svelte'

export interface People { items: PersonOut[]; /** There are more than are shown. */ more: boolean }
export interface Wanted { query: string; role: Role | '' }

const PAGE = 100
/** A neighbourhood has some hundreds of volunteers; whoever has more searches. */
export const MOST = 1_000

export async function readPeople(neighbourhood: string, { query, role }: Wanted, most = MOST): Promise<People> {
  const items = new Map<string, PersonOut>()
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof onePage>> = await onePage(neighbourhood, query, role, cursor, Math.min(PAGE, most))
    for (const person of page.items) items.set(person.id, person)
    cursor = page.next_cursor
  } while (cursor && items.size < most)
  return { items: [...items.values()], more: cursor !== null }
}

/** What is looked for goes in a body: addresses end up in logs, and names don't belong there. */
const onePage = (neighbourhood: string, query: string, role: Role | '', cursor: string | null, limit: number) => {
  const path = { neighbourhood }
  const rest = { limit, ...(role ? { role } : {}), ...(cursor ? { cursor } : {}) }
  return call(
    query
      ? api.POST('/api/neighbourhoods/{neighbourhood}/people/search', { params: { path }, body: { query, ...rest } })
      : api.GET('/api/neighbourhoods/{neighbourhood}/people', { params: { path, query: rest } }),
  )
}

/**
 * What a list showed and what was searched, so that coming back from a person finds the place again. Never on the phone's disk, and
 * gone with whoever is signed in.
 */
const lists = new WeakMap<Me, Map<string, { list: People; shown: number }>>()
const searches = new WeakMap<Me, string>()

export function recall(key: string): { list: People; shown: number } | undefined {
  return session.me ? lists.get(session.me)?.get(key) : undefined
}
export function remember(key: string, list: People, shown: number): void {
  if (!session.me) return
  const mine = lists.get(session.me) ?? new Map<string, { list: People; shown: number }>()
  lists.set(session.me, mine.set(key, { list, shown }))
}
export function lastSearch(): string {
  return session.me ? (searches.get(session.me) ?? '') : ''
}
export function rememberSearch(query: string): void {
  if (session.me) searches.set(session.me, query)
}
