import { afterEach, describe, expect, it } from 'vitest'
import { language } from './language.svelte'
import * as times from './times'

/** Wednesday, 16 September 2026, 13:35 in Shanghai. */
const NOW = new Date('2026-09-16T05:35:00Z')
const at = (text: string) => `2026-09-${text}:00+08:00`

afterEach(() => language.set('zh'))

describe('in Chinese', () => {
  it.each([
    ['a time has no leading zero', times.clock(at('16T08:30')), '8:30'],
    ['from and to', times.span(at('16T14:00'), at('16T16:00')), '14:00–16:00'],
    ['over midnight', times.span(at('16T22:00'), at('17T06:00')), '22:00–次日 6:00'],
    ['until midnight', times.span(at('16T20:00'), at('17T00:00')), '20:00–24:00'],
    ['today', times.when(at('16T14:00'), at('16T16:00'), NOW), '今天 14:00–16:00'],
    ['tomorrow', times.when(at('17T07:00'), at('17T08:00'), NOW), '明天 7:00–8:00'],
    ['this week', times.dayName(at('18T08:30'), NOW), '周五'],
    ['beyond six days it has its date', times.moment(at('30T08:30'), NOW), '9月30日 8:30'],
    ['the day’s number', times.dayNumber(at('18T08:30')), '18日'],
    ['the head of a day', times.dayHead(at('19T08:30'), NOW), '周六 19日'],
    ['the head of today', times.dayHead(at('16T23:59'), NOW), '今天'],
    ['the day in full', times.longDay(NOW), '9月16日 周三'],
    ['a week', times.dayRange(at('14T00:00'), at('20T00:00')), '9月14日–20日'],
    ['a week over two months', times.dayRange(at('28T00:00'), '2026-10-04T00:00:00+08:00'), '9月28日–10月4日'],
    ['hours left', times.left(at('16T17:30'), NOW), '还剩 3 小时'],
    ['hours over', times.left(at('16T11:30'), NOW), '超了 2 小时'],
    ['minutes to the start', times.until(at('16T14:00'), NOW), '还有 25 分钟'],
    ['begun', times.until(at('16T13:00'), NOW), '开始了'],
    ['late', times.late(at('16T13:23'), NOW), '晚了 12 分钟'],
    ['just now', times.ago(at('16T13:35'), NOW), '刚才'],
    ['minutes ago', times.ago(at('16T13:30'), NOW), '5 分钟前'],
    ['yesterday', times.ago(at('15T09:50'), NOW), '昨天 9:50'],
    ['served', times.minutes(135), '2 小时 15 分钟'],
    ['served whole hours', times.minutes(120), '2 小时'],
  ])('%s', (_, said, wanted) => expect(said).toBe(wanted))
})

it('speaks English as completely', () => {
  language.set('en')
  expect(times.when(at('16T14:00'), at('16T16:00'), NOW)).toBe('Today 14:00–16:00')
  expect(times.left(at('16T17:30'), NOW)).toBe('3 hours left')
  expect(times.late(at('16T13:34'), NOW)).toBe('1 minute late')
  expect(times.longDay(NOW)).toBe('Wed 16 Sep')
})

it('begins days and weeks at the neighbourhood’s midnight', () => {
  expect(times.midnight(NOW).toISOString()).toBe('2026-09-15T16:00:00.000Z')
  expect(times.monday(NOW).toISOString()).toBe('2026-09-13T16:00:00.000Z')
  expect(times.monday(new Date('2026-09-20T15:59:00Z')).toISOString()).toBe('2026-09-13T16:00:00.000Z')
  expect(times.monday(NOW, 1).toISOString()).toBe('2026-09-20T16:00:00.000Z')
})

it('reads form fields as the neighbourhood’s time', () => {
  expect(times.fromFields('2026-09-16', '14:00')).toBe('2026-09-16T06:00:00.000Z')
  expect(times.fromFields('', '14:00')).toBeNull()
  expect([times.fieldDate(NOW), times.fieldTime(NOW)]).toEqual(['2026-09-16', '13:35'])
})
