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
