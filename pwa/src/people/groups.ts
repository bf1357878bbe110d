/** People under the letter of their surname, or under their building. Pure. */
import type { PersonOut } from '../api/types'

export interface Grouped { key: string; label: string; people: PersonOut[] }

const collator = new Intl.Collator('zh', { numeric: true })
const LETTERS = 'ABCDEFGHJKLMNOPQRSTWXYZ'
/** The first common character of each letter, in the order of pinyin. */
const FIRSTS = [...'阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨它穵夕丫帀']
/** Surnames that are read otherwise than the character usually is. */
const AS_SURNAME: Record<string, string> = { 单: 'S', 曾: 'Z', 解: 'X', 仇: 'Q', 区: 'O', 查: 'Z', 翟: 'Z', 盖: 'G', 缪: 'M', 乐: 'Y', 尉: 'W', 覃: 'Q' }
const LAST = '#'

/** The letter under which a name stands; `#` for what has none. */
export function letterOf(name: string): string {
  const first = [...name.trim()][0] ?? ''
  if (/[a-z]/i.test(first)) return first.toUpperCase()
  if (!/\p{Script=Han}/u.test(first)) return LAST
  const known = AS_SURNAME[first]
  if (known) return known
  let letter = LAST
  FIRSTS.forEach((bound, index) => {
    if (collator.compare(bound, first) <= 0) letter = LETTERS[index] ?? LAST
  })
  return letter
}

/** By letter, names in order within it; those without a letter come last. */
export function byLetter(people: readonly PersonOut[]): Grouped[] {
  const groups = gathered(people, (person) => letterOf(person.name), (letter) => letter, (a, b) => collator.compare(a.name, b.name))
  return groups.sort((a, b) => (a.key === LAST ? 1 : b.key === LAST ? -1 : a.key < b.key ? -1 : 1))
}

/** By building, 9号楼 before 10号楼, rooms in order within it; those without a building come last, under `without`. */
export function byBuilding(people: readonly PersonOut[], without: string): Grouped[] {
  const groups = gathered(people, (person) => person.building ?? '', (_, person) => person.building_name ?? without, (a, b) => collator.compare(a.room, b.room) || collator.compare(a.name, b.name))
  return groups.sort((a, b) => (a.key === '' ? 1 : b.key === '' ? -1 : collator.compare(a.label, b.label)))
}

function gathered(people: readonly PersonOut[], key: (person: PersonOut) => string, label: (key: string, person: PersonOut) => string, order: (a: PersonOut, b: PersonOut) => number): Grouped[] {
  const groups = new Map<string, Grouped>()
  for (const person of people) {
    const found = groups.get(key(person))
    if (found) found.people.push(person)
    else groups.set(key(person), { key: key(person), label: label(key(person), person), people: [person] })
  }
  for (const group of groups.values()) group.people.sort(order)
  return [...groups.values()]
}

/** The groups as far as their first `count` people. */
export function first(groups: readonly Grouped[], count: number): Grouped[] {
  const shown: Grouped[] = []
  let left = count
  for (const group of groups) {
    if (left <= 0) break
    shown.push(group.people.length > left ? { ...group, people: group.people.slice(0, left) } : group)
    left -= group.people.length
  }
  return shown
}
