import type { Schema } from '../api/types'
import { roleWords } from '../i18n/roles'
import { t } from './import-words'
import { spoken } from './phones'

/** What is kept of these is not shown in a preview (`PersonDetail` only). */
const SILENT = new Set(['political_status', 'remark'])

/** A change in words: `电话：138 0000 0000 → 139 0000 0000`. */
export function changeText({ field, before, after }: Schema<'FieldChange'>): string {
  if (field === 'roles') return t.gains((roleWords as Record<string, string>)[after] ?? after)
  const name = (t.fields as Record<string, string>)[field] ?? field
  const say = field === 'phone' ? spoken : (text: string) => text
  if (SILENT.has(field)) return after ? t.changeTo(name, after) : t.changeGone(name)
  return after ? t.change(name, say(before), say(after)) : t.erased(name, say(before))
}
