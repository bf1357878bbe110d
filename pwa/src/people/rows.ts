/** What a preview shows of its rows. Pure. */
import type { RosterPreview, Schema } from '../api/types'

export type RosterRow = Schema<'RosterRow'>
export type Fate = Schema<'RowFate'>
/** `all`, what a person should look at, or one fate. */
export type Filter = 'all' | 'look' | Fate

export const FATES: readonly Fate[] = ['new', 'changed', 'same', 'duplicate', 'refused']

/** How many people the import would add or change. */
export function taken(preview: RosterPreview): number {
  return (preview.counts.new ?? 0) + (preview.counts.changed ?? 0)
}

const odd = (row: RosterRow): boolean => row.problems.length > 0 || row.fate === 'refused'

export interface Option { value: Filter; count: number }
/** The filters that have rows, with how many. */
export function filters(preview: RosterPreview): Option[] {
  const all = FATES.reduce((sum, fate) => sum + (preview.counts[fate] ?? 0), 0)
  const options: Option[] = [{ value: 'all', count: all }, { value: 'look', count: preview.rows.filter(odd).length }, ...FATES.map((fate) => ({ value: fate, count: preview.counts[fate] ?? 0 }))]
  return options.filter((option) => option.value === 'all' || option.count > 0)
}

export function chosen(rows: readonly RosterRow[], filter: Filter, query: string): readonly RosterRow[] {
  const wanted = query.trim().toLowerCase()
  const digits = wanted.replace(/\D/g, '')
  if (filter === 'all' && !wanted) return rows
  return rows.filter((row) => {
    if (filter === 'look' ? !odd(row) : filter !== 'all' && row.fate !== filter) return false
    return !wanted || row.name.toLowerCase().includes(wanted) || `${row.building} ${row.room}`.toLowerCase().includes(wanted) || String(row.row) === wanted || (digits.length >= 3 && (row.phone ?? '').includes(digits))
  })
}

/** An empty table to fill in, for those who have none; the mark at its head tells Excel that it is UTF-8. */
export const TEMPLATE = '\uFEFF姓名,联系电话,楼号,室号,是否楼组长,特长,可服务时间,备注\r\n'
