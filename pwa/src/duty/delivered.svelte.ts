/** A check-in or check-out that left the phone: the server's receipt is the newest there is of that stay. */
import { untrack } from 'svelte'
import type { AttendanceOut } from '../api/types'
import { outbox } from '../outbox/outbox.svelte'
import { receiptOf } from '../outbox/store'
import type { Reading } from '../storage/reading.svelte'

/** For as long as the component is shown. Without it, what was read while the check-in was on its way would ask for it once more. */
export function takeDelivered(stays: Reading<AttendanceOut[]>): void {
  let before: string[] = []
  $effect(() => {
    const now = outbox.mine.filter((item) => item.kind === 'check-in' || item.kind === 'check-out').map((item) => item.id)
    const gone = before.filter((id) => !now.includes(id))
    before = now
    untrack(() => gone.forEach((id) => void take(stays, id)))
  })
}

async function take(stays: Reading<AttendanceOut[]>, id: string): Promise<void> {
  const stay = (await receiptOf(id).catch(() => undefined))?.receipt as AttendanceOut | undefined
  // Deleted by the person, not delivered.
  if (!stay) return
  stays.take([stay, ...(stays.data ?? []).filter((one) => one.id !== stay.id)])
  // An answer that is still under way is older than the receipt.
  await stays.again()
}
