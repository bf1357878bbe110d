import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { language } from '../i18n/language.svelte'
import { explainProblem } from './explain'
import { known } from './sentences'

const slugs = globSync('../server/mingxun/**/*.py').flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^ {4}slug = "([a-z0-9-]+)"/gm)].map((found) => found[1] ?? ''))

it('has a sentence for every problem that the server knows', () => {
  expect(slugs.length).toBeGreaterThan(20)
  expect([...new Set(slugs)].filter((slug) => !known.has(slug)).sort()).toEqual([])
})

it('says it in both languages, with or without the members', () => {
  for (const lang of ['zh', 'en'] as const) {
    language.set(lang)
    for (const slug of known) {
      const said = explainProblem({ type: `/problems/${slug}`, title: '', status: 409 })
      expect(said, slug).toMatch(lang === 'zh' ? /[一-鿿].*。$/ : /^[A-Z].*\.$/)
      expect(said).not.toMatch(/undefined|NaN|\[object/)
    }
  }
  language.set('zh')
})

it('tells whoever was slower who was quicker, what they did, and what is left to do', () => {
  const told = (slug: string, last_act: string) =>
    explainProblem({ type: `/problems/${slug}`, title: '', status: 409, last_act, by_name: '王师傅', party_name: '和畅物业', at: '2020-09-16T01:48:00Z' })
  const acts = ['claimed', 'declined', 'handed_over', 'resolved', 'verified', 'reopened']
  for (const lang of ['zh', 'en'] as const) {
    language.set(lang)
    const said = [told('already-claimed', 'claimed'), ...acts.map((act) => told('ticket-changed', act))]
    for (const sentence of said) {
      expect(sentence).toContain('王师傅')
      expect(sentence).toContain('9:48')
    }
    expect(new Set(said).size).toBe(said.length)
  }
  language.set('zh')
  expect(told('already-claimed', 'claimed')).toBe('和畅物业的王师傅 2020年9月16日 9:48 已经认领了，由他们办，您不用管了。')
  expect(told('ticket-changed', 'declined')).toBe('和畅物业的王师傅 2020年9月16日 9:48 先婉拒了，统筹员会另找人。您要办的话，请统筹员再转给您。')
})
