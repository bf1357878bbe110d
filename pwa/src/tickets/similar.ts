/** Whether somebody has reported the same here already. Asked beforehand and never waited for. */
import { api, call } from '../api/client'
import { Refused, Unreachable } from '../api/problem'
import type { Category, TicketOut } from '../api/types'

export async function similarTo(neighbourhood: string, category: Category, location: string): Promise<TicketOut | null> {
  try {
    const page = await call(
      api.GET('/api/neighbourhoods/{neighbourhood}/tickets', { params: { path: { neighbourhood }, query: { category, location, state: ['open', 'claimed', 'declined'], limit: 1 } } }),
    )
    return page.items[0] ?? null
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) return null
    throw error
  }
}
