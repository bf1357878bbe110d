import { describe, expect, it } from 'vitest'
import type { AreaOut, LocationOut } from '../api/types'
import { changed, created, wrongIn, type Draft } from './draft'
import { beside, matching, parents, tree } from './list'
import { metres, parsePosition } from './position'
import { holds, wait } from './rotating'

describe('a position from a map', () => {
  it.each([
    ['31.1254, 121.5237'],
    ['121.5237,31.1254'],
    ['121.5237 31.1254'],
    ['１２１．５２３７，３１．１２５４'],
    ['北纬31.1254° 东经121.5237°'],
    ['lat=31.1254&lng=121.5237'],
    ['（121.5237，31.1254）'],
  ])('is read from %s', (text) => expect(parsePosition(text)).toEqual({ latitude: 31.1254, longitude: 121.5237 }))

  it('is read from degrees, minutes and seconds', () => {
    const found = parsePosition('31°07′31.4″N 121°31′25.3″E')
    expect(found?.latitude).toBeCloseTo(31.12539, 4)
    expect(found?.longitude).toBeCloseTo(121.52369, 4)
  })

  it.each([[''], ['abc'], ['31.1254'], ['31.1, 121.5, 7'], ['31.1254, 31.1254'], ['0, 0'], ['51.5, -0.12']])('is not read from “%s”', (text) => expect(parsePosition(text)).toBeNull())
})

it('tells a wrong map from a wrong metre', () => {
  const here = { latitude: 31.1254, longitude: 121.5237 }
  expect(metres(here, here)).toBe(0)
  expect(metres(here, { latitude: 31.1264, longitude: 121.5237 })).toBeCloseTo(111.2, 0)
  expect(metres(here, { latitude: 31.1254, longitude: 121.5247 })).toBeCloseTo(95.2, 0)
})

const place = (plate: string, more: Partial<LocationOut> = {}): LocationOut => ({
  id: plate, neighbourhood: 'n', area: 'n', area_name: '凌云里', plate, name: `点${plate}`, address: '', latitude: null, longitude: null, source_datum: null, fence_radius: 80, key_version: 1, number: null, ...more,
})

describe('a place being written', () => {
  const draft: Draft = { name: '东门岗亭', plate: '', area: 'n', address: ' 凌云路 ', position: null, fence: '80' }

  it('says what to mend first', () => {
    expect(wrongIn(draft)).toBeNull()
    expect(wrongIn({ ...draft, name: ' ' })).toBe('name')
    expect(wrongIn({ ...draft, plate: '12-A' })).toBe('plate')
    expect(wrongIn({ ...draft, plate: '12A', position: undefined })).toBe('position')
  })

  it('sends what was given', () => {
    expect(created(draft)).toEqual({ name: '东门岗亭', area: 'n', address: '凌云路', fence_radius: 80 })
    const position = { latitude: 31, longitude: 121, datum: 'bd09' as const }
    expect(created({ ...draft, plate: '7', position })).toMatchObject({ plate: '7', position })
  })

  it('sends only what has changed, and leaves the position alone', () => {
    const before = place('01', { name: '东门岗亭', address: '凌云路', latitude: 31, longitude: 121 })
    expect(changed(draft, before)).toBeNull()
    expect(changed({ ...draft, name: '东门', fence: '150' }, before)).toEqual({ name: '东门', fence_radius: 150 })
  })
})

describe('the neighbourhood', () => {
  const area = (id: string, kind: AreaOut['kind'], parent: string | null): AreaOut => ({ id, kind, parent, name: id })
  const areas = [area('n', 'neighbourhood', 's'), area('第一网格', 'grid', 'n'), area('10号楼', 'building', '第一网格'), area('9号楼', 'building', '第一网格'), area('1号楼', 'building', 'n')]

  it('is a tree of grids and buildings, in the order in which they are counted', () => {
    const found = tree(areas)
    expect(found.grids.map((one) => [one.area.name, one.buildings.map((building) => building.name)])).toEqual([['第一网格', ['9号楼', '10号楼']]])
    expect(found.loose.map((one) => one.name)).toEqual(['1号楼'])
    expect(parents(areas, ['neighbourhood', 'grid']).map((one) => one.id)).toEqual(['n', '第一网格'])
  })

  it('finds places by name, plate, address and area', () => {
    const places = [place('01', { name: '东门岗亭' }), place('12A', { address: '三林路口' })]
    expect(matching(places, '东门')).toHaveLength(1)
    expect(matching(places, '12a')[0]?.plate).toBe('12A')
    expect(matching(places, '三林')).toHaveLength(1)
    expect(matching(places, '凌云')).toHaveLength(2)
    expect(matching(places, ' ')).toHaveLength(2)
  })

  it('closes the round from three places on', () => {
    const names = (count: number, id: string) => beside(['1', '2', '3'].slice(0, count).map((plate) => place(plate)), id).map((one) => one?.plate ?? null)
    expect(names(3, '1')).toEqual(['3', '2'])
    expect(names(2, '1')).toEqual([null, '2'])
    expect(names(1, '1')).toEqual([null, null])
    expect(names(3, 'x')).toEqual([null, null])
  })
})

describe('a rotating code', () => {
  const next = '2026-09-16T04:00:30Z'

  it('is fetched again when the server has the next one, however the tablet’s clock stands', () => {
    const wrong = Date.parse('2026-09-16T09:13:00Z')
    expect(wait(next, 'Wed, 16 Sep 2026 04:00:10 GMT', wrong)).toBe(20_000)
    expect(wait(next, null, Date.parse('2026-09-16T04:00:25Z'))).toBe(5_000)
  })

  it('is never asked for in a rush, nor forgotten', () => {
    expect(wait(next, 'Wed, 16 Sep 2026 04:00:30 GMT', 0)).toBe(1_000)
    expect(wait(next, 'Wed, 16 Sep 2026 03:00:00 GMT', 0)).toBe(30_000)
  })

  it('is taken off when it no longer holds', () => {
    expect(holds('2026-09-16T04:01:00Z', 'Wed, 16 Sep 2026 04:00:10 GMT', 0)).toBe(50_000)
    expect(holds('2026-09-16T04:01:00Z', 'Wed, 16 Sep 2026 04:02:00 GMT', 0)).toBe(0)
  })
})
