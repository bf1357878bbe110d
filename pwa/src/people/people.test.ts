import { describe, expect, it } from 'vitest'
import type { PersonOut } from '../api/types'
import { language } from '../i18n/language.svelte'
import { changeText } from './changes'
import { byBuilding, byLetter, first, letterOf } from './groups'
import { accountAct, isLastHere, mayEnd } from './ending'
import { bodyOf, held, missing, offered, ordered, stateOf, type Draft } from './invite'
import { spoken } from './phones'
import { chosen, filters, taken, type RosterRow } from './rows'
import { tidyName } from './upload'
import type { RosterPreview } from '../api/types'

const person = (name: string, building: string | null = null, room = ''): PersonOut => ({
  id: name + room, name, phone: null, phone_note: '', building, building_name: building, room, roles: [], skills: [], has_account: false,
})

describe('a list of people', () => {
  it.each([['王秀珍', 'W'], ['李建华', 'L'], ['吕小妹', 'L'], ['马根宝', 'M'], ['欧阳敏', 'O'], ['阮玲', 'R'], ['安娜', 'A'], ['Zoë', 'Z'], ['ed', 'E'], ['😀', '#'], ['', '#'], ['9号', '#']])('puts %s under %s', (name, letter) => {
    expect(letterOf(name)).toBe(letter)
  })

  it('reads surnames as surnames', () => {
    expect([...'单曾解仇区查翟'].map(letterOf)).toEqual(['S', 'Z', 'X', 'Q', 'O', 'Z', 'Z'])
  })

  it('stands by letter, and those without one last', () => {
    const groups = byLetter([person('赵一'), person('123'), person('白二'), person('赵阿'), person('Anna')])
    expect(groups.map((group) => [group.key, group.people.map((one) => one.name)])).toEqual([['A', ['Anna']], ['B', ['白二']], ['Z', ['赵阿', '赵一']], ['#', ['123']]])
  })

  it('stands by building as buildings are counted, and those without one last', () => {
    const groups = byBuilding([person('甲', null), person('乙', '10号楼', '302'), person('丙', '9号楼', '1201'), person('丁', '9号楼', '302')], '没写楼号')
    expect(groups.map((group) => [group.label, group.people.map((one) => one.name)])).toEqual([['9号楼', ['丁', '丙']], ['10号楼', ['乙']], ['没写楼号', ['甲']]])
  })

  it('is drawn as far as asked, across groups', () => {
    const groups = byLetter([person('白一'), person('白二'), person('赵一'), person('赵二')])
    expect(first(groups, 3).map((group) => group.people.length)).toEqual([2, 1])
    expect(first(groups, 2).map((group) => group.key)).toEqual(['B'])
  })
})

it.each([['+8613800001234', '138 0000 1234'], ['+862150501234', '021 5050 1234'], ['+86512' + '65231234', '0512 6523 1234'], ['+442079460958', '+442079460958'], ['110', '110']])('says the number %s as %s', (phone, said) => {
  expect(spoken(phone)).toBe(said)
})

describe('the end of a role', () => {
  const here = [{ id: 'n', name: '凌云里' }]
  const one = { id: 'm', role: 'coordinator' as const, neighbourhoods: here }
  const volunteer = { ...one, id: 'v', role: 'volunteer' as const }

  it('is for whoever may give it', () => {
    expect(mayEnd(one, new Set(['coordinator']), 'n')).toBe(false)
    expect(mayEnd(one, new Set(['secretary']), 'n')).toBe(true)
    expect(mayEnd(volunteer, new Set(['coordinator']), 'n')).toBe(true)
    expect(mayEnd(volunteer, new Set(['coordinator']), 'elsewhere')).toBe(false)
  })

  it('is the last one when nothing else keeps them here', () => {
    expect(isLastHere([one, volunteer], volunteer, 'n')).toBe(false)
    expect(isLastHere([volunteer, { ...one, neighbourhoods: [{ id: 'x', name: '' }] }], volunteer, 'n')).toBe(true)
  })

  it('shuts nobody out whose roles others end, and never oneself', () => {
    const own = new Set(['coordinator'] as const)
    const person = { id: 'p', has_account: true, account_disabled: false, memberships: [volunteer] as never[] }
    expect(accountAct(person, 'me', own, 'n')).toBe('shut')
    expect(accountAct({ ...person, has_account: false, account_disabled: true }, 'me', own, 'n')).toBe('open')
    expect(accountAct({ ...person, has_account: false }, 'me', own, 'n')).toBe(null)
    expect(accountAct({ ...person, memberships: [volunteer, one] as never[] }, 'me', own, 'n')).toBe(null)
    expect(accountAct(person, 'p', own, 'n')).toBe(null)
  })
})

describe('an invitation', () => {
  const draft: Draft = { person: null, name: '', known: false, role: 'volunteer', area: '', party: '', hours: 168 }

  it('names what is missing', () => {
    expect(missing(draft)).toEqual(['name'])
    expect(missing({ ...draft, known: true, name: '顾佩芳' })).toEqual(['person'])
    expect(missing({ ...draft, name: '顾佩芳', role: 'building_leader' })).toEqual(['building'])
    expect(missing({ ...draft, name: '顾佩芳', role: 'handler' })).toEqual(['party'])
    expect(missing({ ...draft, name: '顾佩芳' })).toEqual([])
  })

  it('sends a party for handlers alone, and a building for volunteers and leaders alone', () => {
    const full = { ...draft, name: ' 顾佩芳 ', area: 'b9', party: 'p1' }
    expect(bodyOf(full, 'n')).toEqual({ name: '顾佩芳', role: 'volunteer', area: 'b9', valid_hours: 168 })
    expect(bodyOf({ ...full, role: 'handler' }, 'n')).toEqual({ name: '顾佩芳', role: 'handler', area: 'n', party: 'p1', valid_hours: 168 })
    expect(bodyOf({ ...full, known: true, person: 'x', role: 'coordinator' }, 'n')).toEqual({ person: 'x', role: 'coordinator', area: 'n', valid_hours: 168 })
  })

  it('offers only the roles that one may give', () => {
    expect(offered(new Set(['coordinator']))).toEqual(['volunteer', 'building_leader', 'handler'])
    expect(offered(new Set(['secretary']))).toContain('coordinator')
    expect(offered(new Set(['secretary']))).not.toContain('secretary')
    expect(offered(new Set(['subdistrict_admin']))).toContain('secretary')
  })

  it('is waiting until it is used, taken back or over', () => {
    const now = new Date('2026-09-16T04:00:00Z')
    const one = { accepted_at: null, revoked_at: null, expires_at: '2026-09-17T00:00:00Z' }
    expect(stateOf(one, now)).toBe('waiting')
    expect(stateOf({ ...one, expires_at: '2026-09-16T04:00:00Z' }, now)).toBe('expired')
    expect(stateOf({ ...one, revoked_at: '2026-09-16T00:00:00Z' }, now)).toBe('revoked')
    expect(stateOf({ ...one, accepted_at: '2026-09-16T00:00:00Z', expires_at: '2026-09-16T01:00:00Z' }, now)).toBe('accepted')
  })

  it('begins with the role that the roster gave, for whoever cannot sign in yet', () => {
    const membership = { id: 'm', role: 'building_leader' as const, area: 'b9', area_name: '9号楼', party: null, neighbourhoods: [] }
    expect(held({ has_account: false, memberships: [membership] }, ['volunteer', 'building_leader'])).toEqual({ role: 'building_leader', area: 'b9' })
    expect(held({ has_account: true, memberships: [membership] }, ['volunteer', 'building_leader'])).toBeNull()
    expect(held({ has_account: false, memberships: [{ ...membership, role: 'secretary' }] }, ['volunteer'])).toBeNull()
  })

  it('lists 9号楼 before 10号楼', () => {
    const area = (name: string) => ({ id: name, parent: 'n', kind: 'building' as const, name })
    expect(ordered([area('10号楼'), area('9号楼')]).map((one) => one.name)).toEqual(['9号楼', '10号楼'])
  })
})

describe('the preview of a roster', () => {
  const row = (more: Partial<RosterRow>): RosterRow => ({ row: 2, sheet: '', fate: 'new', name: '王秀珍', phone: null, building: '', room: '', problems: [], changes: [], ...more })
  const problem = { code: 'phone_short', field: 'phone', value: '138', text: '电话“138”位数不够，没有导入，请核对。', fatal: false }
  const preview: RosterPreview = {
    id: 'i', file_name: '名册.xlsx', counts: { new: 2, changed: 1, same: 0, duplicate: 0, refused: 1 }, new_buildings: [], ignored_columns: [],
    rows: [row({}), row({ row: 3, name: '李建华', problems: [problem] }), row({ row: 12, name: '顾佩芳', fate: 'changed', phone: '+8613800001234', building: '9号楼', room: '302' }), row({ row: 4, name: '', fate: 'refused' })],
  }

  it('counts who comes in or changes', () => expect(taken(preview)).toBe(3))

  it('offers the filters that have rows', () => {
    expect(filters(preview)).toEqual([{ value: 'all', count: 4 }, { value: 'look', count: 2 }, { value: 'new', count: 2 }, { value: 'changed', count: 1 }, { value: 'refused', count: 1 }])
  })

  it('finds rows by fate, name, building, digits and number', () => {
    const rows = (filter: Parameters<typeof chosen>[1], query = '') => chosen(preview.rows, filter, query).map((one) => one.row)
    expect(rows('look')).toEqual([3, 4])
    expect(rows('changed')).toEqual([12])
    expect(rows('all', '建华')).toEqual([3])
    expect(rows('all', '9号楼 302')).toEqual([12])
    expect(rows('all', '1234')).toEqual([12])
    expect(rows('all', '12')).toEqual([12])
    expect(rows('new', '顾')).toEqual([])
  })

  it('says changes in words, and not what is kept of the delicate ones', () => {
    language.set('zh')
    expect(changeText({ field: 'phone', before: '+8613800001234', after: '+8613900001234' })).toBe('电话：138 0000 1234 → 139 0000 1234')
    expect(changeText({ field: 'room', before: '', after: '302' })).toBe('室号：写上 302')
    expect(changeText({ field: 'room', before: '302', after: '' })).toBe('室号：去掉 302')
    expect(changeText({ field: 'political_status', before: '', after: '中共党员' })).toBe('政治面貌：改成 中共党员')
    expect(changeText({ field: 'roles', before: '', after: 'building_leader' })).toBe('加上身份：楼组长')
  })
})

it('gives the file a name that the server takes', () => {
  expect(tidyName('名册\n2026.xlsx')).toBe('名册 2026.xlsx')
  expect([...tidyName('长'.repeat(300))]).toHaveLength(200)
  expect(tidyName('\u0000')).toBe('roster')
})
