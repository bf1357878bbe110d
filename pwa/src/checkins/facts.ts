/** What a receipt says of its evidence, in words: the grade first, then what a person may want to look at. */
import type { AttendanceOut, EvidenceOut, Flag } from '../api/types'
import { clock, minutes } from '../i18n/times'
import { t } from './result-words'

export interface Said { key: string; title: string; text: string }

function grade({ grade: of, place, vouched_by_name: by }: EvidenceOut): Said {
  switch (of) {
    case 'rotating_place':
    case 'poster_place':
      return { key: 'grade', title: t.full, text: t.fullText }
    case 'poster':
      return { key: 'grade', title: t.usable, text: place === 'unknown' ? t.usableText : t.usableCode }
    case 'vouched':
      return { key: 'grade', title: t.vouched, text: by ? t.vouchedText(by) : '' }
    case 'own_word':
      return { key: 'grade', title: t.ownWord, text: t.ownWordText }
    case 'assumed':
      return { key: 'grade', title: t.assumed, text: t.assumedText }
  }
}

const flag = (of: Flag): Said => ({ key: of, title: t[of], text: t[`${of}Text`] })

/** Of a coming, or of a going (`leaving`). */
export function saidOf(receipt: AttendanceOut, leaving: boolean): Said[] {
  const evidence = leaving ? receipt.left : receipt.arrived
  if (!evidence) return []
  const said: Said[] = []
  if (leaving && receipt.minutes && receipt.left) said.push({ key: 'served', title: t.served(minutes(receipt.minutes)), text: t.from(clock(receipt.arrived.at), clock(receipt.left.at)) })
  said.push(grade(evidence))
  if (!leaving && receipt.shift_title) said.push({ key: 'shift', title: t.forShift(receipt.shift_title), text: t.forShiftText })
  // No place left on the wished shift says more than that there was none.
  const flags = evidence.flags.filter((one) => one !== 'no_shift' || !evidence.flags.includes('no_place'))
  said.push(...flags.map(flag))
  if (receipt.conflict) said.push({ key: 'conflict', title: t.conflict, text: t.conflictText })
  return said
}
