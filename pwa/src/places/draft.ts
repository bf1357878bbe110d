/** A place as it is being written. Pure. */
import type { LocationOut, Schema } from '../api/types'
import type { Position } from './position'

export interface Draft {
  name: string
  plate: string
  area: string
  address: string
  /** Null: none given. Undefined: begun, and not yet to be read. */
  position: Position | null | undefined
  /** Metres. */
  fence: string
}
export type Wrong = 'name' | 'plate' | 'position'

/** The first thing to mend, in the order of the form. */
export function wrongIn(draft: Draft): Wrong | null {
  if (!draft.name.trim()) return 'name'
  if (draft.plate.trim() && !/^[0-9A-Za-z]{1,4}$/.test(draft.plate.trim())) return 'plate'
  return draft.position === undefined ? 'position' : null
}

export function created(draft: Draft): Schema<'CreateLocation'> {
  const plate = draft.plate.trim()
  return {
    name: draft.name.trim(),
    ...(plate ? { plate } : {}),
    area: draft.area,
    address: draft.address.trim(),
    ...(draft.position ? { position: draft.position } : {}),
    fence_radius: Number(draft.fence),
  }
}

/** What is different from `before`; null when nothing is. */
export function changed(draft: Draft, before: LocationOut): Schema<'UpdateLocation'> | null {
  const changes: Schema<'UpdateLocation'> = {
    ...(draft.name.trim() !== before.name ? { name: draft.name.trim() } : {}),
    ...(draft.area !== before.area ? { area: draft.area } : {}),
    ...(draft.address.trim() !== before.address ? { address: draft.address.trim() } : {}),
    ...(draft.position ? { position: draft.position } : {}),
    ...(Number(draft.fence) !== before.fence_radius ? { fence_radius: Number(draft.fence) } : {}),
  }
  return Object.keys(changes).length ? changes : null
}
