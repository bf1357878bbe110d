/**
 * Times as people say them. All instants come as RFC 3339 strings or Dates; the wall clock is the neighbourhood's,
 * wherever the phone is. `now` is a parameter so that a ticking screen can pass its own.
 */
import { language } from './language.svelte'

/** Every neighbourhood served is in China, which has one zone; a volunteer on holiday still sees the post's time. */
const ZONE = 'Asia/Shanghai'
const MINUTE = 60_000
const DAY = 86_400_000

type Moment = string | number | Date
interface Wall { year: number; month: number; day: number; hour: number; minute: number; serial: number; weekday: number }

const parts = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' })

function wall(at: Moment): Wall {
  const found: Record<string, number> = {}
  for (const { type, value } of parts.formatToParts(new Date(at))) found[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = found
  const noon = Date.UTC(year, month - 1, day)
  return { year, month, day, hour, minute, serial: Math.round(noon / DAY), weekday: new Date(noon).getUTCDay() }
}

const ZH_DAYS = ['周日', '周一', '周二', '周三', '周四', '周五', '周六']
const EN_DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const EN_MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const english = (): boolean => language.now === 'en'
const weekday = (at: Wall): string => (english() ? EN_DAYS : ZH_DAYS)[at.weekday] ?? ''
const date = (at: Wall, other?: Wall): string => {
  const year = other && at.year !== other.year
  return english() ? `${at.day} ${EN_MONTHS[at.month - 1]}${year ? ` ${at.year}` : ''}` : `${year ? `${at.year}年` : ''}${at.month}月${at.day}日`
}

/** `8:30`, `14:00`. */
export function clock(at: Moment): string {
  const { hour, minute } = wall(at)
  return `${hour}:${String(minute).padStart(2, '0')}`
}

/** `14:00–16:00`, `22:00–次日 6:00`. */
export function span(from: Moment, to: Moment): string {
  const nights = wall(to).serial - wall(from).serial
  const midnight = nights === 1 && clock(to) === '0:00'
  if (nights === 0) return `${clock(from)}–${clock(to)}`
  if (midnight) return `${clock(from)}–24:00`
  if (nights === 1) return english() ? `${clock(from)}–${clock(to)} next day` : `${clock(from)}–次日 ${clock(to)}`
  return `${clock(from)}–${date(wall(to))} ${clock(to)}`
}

/** `今天`, `明天`, `昨天`, otherwise `周三`. */
export function dayName(at: Moment, now: Moment = new Date()): string {
  const there = wall(at)
  const names: Record<number, [string, string]> = { [-1]: ['昨天', 'Yesterday'], 0: ['今天', 'Today'], 1: ['明天', 'Tomorrow'] }
  const named = names[there.serial - wall(now).serial]
  return named ? named[english() ? 1 : 0] : weekday(there)
}

/** `18日`: stands below a weekday. */
export function dayNumber(at: Moment): string {
  const { day, month } = wall(at)
  return english() ? `${day} ${EN_MONTHS[month - 1]}` : `${day}日`
}

/** The head of a day's list: `今天`, `明天`, `周六 19日`, and beyond two weeks `9月30日 周三`. */
export function dayHead(at: Moment, now: Moment = new Date()): string {
  const there = wall(at)
  const here = wall(now)
  const away = there.serial - here.serial
  if (away >= -1 && away <= 1) return dayName(at, now)
  if (away > 1 && away < 14 && there.month === here.month) return english() ? `${weekday(there)} ${date(there)}` : `${weekday(there)} ${there.day}日`
  return english() ? `${weekday(there)} ${date(there, here)}` : `${date(there, here)} ${weekday(there)}`
}

/** `9月16日 周三`. */
export function longDay(at: Moment): string {
  const there = wall(at)
  return english() ? `${weekday(there)} ${date(there)}` : `${date(there)} ${weekday(there)}`
}

/** `9月14日–20日`, `9月28日–10月4日`; both days belong to it. */
export function dayRange(from: Moment, to: Moment): string {
  const [a, b] = [wall(from), wall(to)]
  if (english()) return a.month === b.month ? `${a.day}–${date(b)}` : `${date(a)} – ${date(b)}`
  return `${date(a)}–${a.month === b.month ? `${b.day}日` : date(b)}`
}

/** A point: `今天 9:50`, `周三 14:00` within six days, otherwise `9月16日 14:00`. */
export function moment(at: Moment, now: Moment = new Date()): string {
  return `${dayOf(at, now)} ${clock(at)}`
}

/** From–to with its day: `今天 14:00–16:00`. */
export function when(from: Moment, to: Moment, now: Moment = new Date()): string {
  return `${dayOf(from, now)} ${span(from, to)}`
}

function dayOf(at: Moment, now: Moment): string {
  const away = wall(at).serial - wall(now).serial
  return away >= -1 && away <= 6 ? dayName(at, now) : date(wall(at), wall(now))
}

/** `25 分钟`, `3 小时`, `2 天`: rounded down to what a person would say; less than a minute counts as one. */
export function length(milliseconds: number): string {
  const minutes = Math.max(1, Math.floor(milliseconds / MINUTE))
  if (minutes < 60) return unit(minutes, '分钟', 'minute')
  if (minutes < 24 * 60) return unit(Math.floor(minutes / 60), '小时', 'hour')
  return unit(Math.floor(minutes / 60 / 24), '天', 'day')
}

/** Minutes served: `45 分钟`, `2 小时`, `2 小时 15 分钟`. */
export function minutes(count: number): string {
  const hours = Math.floor(count / 60)
  const rest = count % 60
  if (hours === 0) return unit(rest, '分钟', 'minute')
  return rest === 0 ? unit(hours, '小时', 'hour') : `${unit(hours, '小时', 'hour')} ${unit(rest, '分钟', 'minute')}`
}

function unit(count: number, zh: string, en: string): string {
  return english() ? `${count} ${en}${count === 1 ? '' : 's'}` : `${count} ${zh}`
}

/** A deadline: `还剩 3 小时`, past it `超了 2 小时`. */
export function left(deadline: Moment, now: Moment = new Date()): string {
  const rest = new Date(deadline).getTime() - new Date(now).getTime()
  if (rest >= 0) return english() ? `${length(rest)} left` : `还剩 ${length(rest)}`
  return english() ? `${length(-rest)} over` : `超了 ${length(-rest)}`
}

/** A beginning: `还有 25 分钟`; when it has begun, `开始了`. */
export function until(start: Moment, now: Moment = new Date()): string {
  const rest = new Date(start).getTime() - new Date(now).getTime()
  if (rest < 0) return english() ? 'Started' : '开始了'
  return english() ? `In ${length(rest)}` : `还有 ${length(rest)}`
}

/** Somebody who should be here: `晚了 12 分钟`. */
export function late(start: Moment, now: Moment = new Date()): string {
  const over = new Date(now).getTime() - new Date(start).getTime()
  return english() ? `${length(over)} late` : `晚了 ${length(over)}`
}

/** What happened: `刚才`, `5 分钟前`, `3 小时前` today, otherwise the moment. */
export function ago(at: Moment, now: Moment = new Date()): string {
  const past = new Date(now).getTime() - new Date(at).getTime()
  if (past < MINUTE) return english() ? 'Just now' : '刚才'
  if (past < 6 * 60 * MINUTE && wall(at).serial === wall(now).serial) return english() ? `${length(past)} ago` : `${length(past)}前`
  return moment(at, now)
}

/** Midnight in the neighbourhood, `days` from the day of `at`, as an instant. */
export function midnight(at: Moment = new Date(), days = 0): Date {
  const { serial } = wall(at)
  // China keeps UTC+8 all year.
  return new Date((serial + days) * DAY - 8 * 60 * MINUTE)
}

/** Monday's midnight of the week of `at`, `weeks` on. */
export function monday(at: Moment = new Date(), weeks = 0): Date {
  return midnight(at, weeks * 7 - ((wall(at).weekday + 6) % 7))
}

/** `2026-09-16` and `14:00` of the neighbourhood, for form fields. */
export function fieldDate(at: Moment): string {
  const { year, month, day } = wall(at)
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}
export function fieldTime(at: Moment): string {
  return clock(at).padStart(5, '0')
}

/** What form fields say, as an instant with its offset; null when it is no time. */
export function fromFields(day: string, time: string): string | null {
  const at = new Date(`${day}T${time}:00+08:00`)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}
