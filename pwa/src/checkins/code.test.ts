import { describe, expect, it } from 'vitest'
import { digits, scanned, spoken } from './code'

/** A poster of location 01234567-89ab-7def-8123-456789abcdef, key version 3. */
const bytes = (kind: number, length: number) => Uint8Array.from({ length }, (_, index) => (index === 0 ? kind : index <= 16 ? (ID[index - 1] ?? 0) : index))
const ID = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x7d, 0xef, 0x81, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]
const payload = (kind: number, length: number) => btoa(String.fromCharCode(...bytes(kind, length))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
const POSTER = payload(1, 29)
const ROTATING = payload(2, 33)
const LOCATION = '01234567-89ab-7def-8123-456789abcdef'

describe('a code', () => {
  it.each([
    ['of a poster', `https://mingxun.example.org/c/${POSTER}`],
    ['of a tablet', `https://mingxun.example.org/c/${ROTATING}`],
    ['of another domain: posters outlive it', `http://old.example/c/${POSTER}`],
    ['with what WeChat adds', `https://mingxun.example.org/c/${POSTER}?from=singlemessage#wechat_redirect`],
    ['below a path', `https://example.org/mingxun/c/${POSTER}/`],
    ['as the path alone, with blanks around', ` /c/${POSTER}\n`],
  ])('%s names its place', (_, text) => {
    expect(scanned(text)).toEqual({ is: 'code', text: text.trim(), location: LOCATION })
  })

  it.each([
    ['of something else', 'https://weixin.qq.com/r/abc'],
    ['cut off', `https://mingxun.example.org/c/${POSTER.slice(0, -1)}`],
    ['of a kind that does not fit its length', `https://mingxun.example.org/c/${payload(2, 29)}`],
    ['with words in it', `签到 https://mingxun.example.org/c/${POSTER}`],
    ['far too long', `https://mingxun.example.org/c/${POSTER}?${'x'.repeat(300)}`],
    ['that is empty', ' '],
  ])('%s is none', (_, text) => expect(scanned(text)).toBeNull())
})

describe('a number', () => {
  it.each(['408215', '408 215', '４０８２１５', '408-215', '４０８　２１５', ' 408215 '])('may be written %s', (text) => {
    expect(scanned(text)).toEqual({ is: 'number', text: '408215', location: null })
  })
  it.each(['40821', '4082155', '048215', '四零八'])('is not %s', (text) => expect(scanned(text)).toBeNull())
  it('keeps what is a digit in any writing, as the field takes it', () => {
    expect(digits('４０8-2 1五5')).toBe('408215')
    expect(spoken('408215')).toBe('408 215')
  })
})
