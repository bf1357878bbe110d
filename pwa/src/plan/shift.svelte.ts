import { api, call } from '../api/client'
import type { ShiftDetail } from '../api/types'
import { reading, type Reading } from '../storage/reading.svelte'

/** A shift with names and telephones of those on it: not kept on the phone. */
export function planned(id: () => string): Reading<ShiftDetail> {
  return reading(
    () => `plan/shift/${id()}`,
    () => call(api.GET('/api/shifts/{shift}', { params: { path: { shift: id() } } })),
    { private: true, hints: (hint) => hint.id === id() },
  )
}
