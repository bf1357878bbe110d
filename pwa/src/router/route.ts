import type { Component } from 'svelte'
import type { session } from '../session/session.svelte'

/** What every screen gets: the path's parts, as `{ id: '…' }` of `/shifts/:id`. */
export type Params = Record<string, string>

export interface Route {
  path: string
  /** `() => import('./Shift.svelte')`: each screen is a chunk of its own. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- with or without `params`
  load: () => Promise<{ default: Component<any> }>
  /** Open without being signed in. */
  open?: boolean
  /** Who is shown this screen; others see “not found”. The server decides on the data in any case. */
  who?: (who: typeof session) => boolean
}
