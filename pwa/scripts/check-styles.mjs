// Features use the kit's tokens: no raw colours, no raw sizes, no style attributes (the CSP forbids them), no inline event handlers.
import { globSync, readFileSync } from 'node:fs'

const RULES = [
  [/#[0-9a-fA-F]{3,8}\b/, 'a raw colour: use a token (var(--…))'],
  [/\b(?:rgb|hsl|oklch|lab|lch)a?\(/, 'a raw colour: use a token (var(--…))'],
  [/(?:color|background|border[\w-]*|fill|stroke)\s*:[^;]*\b(?:white|black|red|green|blue|gr[ae]y|orange|yellow)\b/, 'a named colour: use a token'],
  [/font-size\s*:(?!\s*(?:var\(|inherit|min\(|max\(|clamp\())/, 'a raw font size: use --t-…'],
  [/(?:padding|margin|gap|inset|row-gap|column-gap)[\w-]*\s*:[^;]*\b(?:[4-9]|\d{2,})px/, 'a raw space: use --s-…'],
  [/border-radius\s*:[^;]*\b\d+px/, 'a raw radius: use --r-…'],
  [/box-shadow\s*:(?!\s*(?:var\(|none|inset 0 0 0 1px var|0 0 0))/, 'a raw shadow: use --float'],
  [/font-family\s*:/, 'a font: the kit sets it'],
]
let failures = 0
const say = (file, line, text) => {
  failures++
  console.error(`${file}:${line}: ${text}`)
}
for (const file of globSync('src/**/*.{svelte,css}')) {
  const text = readFileSync(file, 'utf8')
  const lineOf = (index) => text.slice(0, index).split('\n').length
  for (const found of text.matchAll(/\sstyle\s*=\s*["'{]/g)) say(file, lineOf(found.index), 'a style attribute: use a class, or style:property={…}')
  if (file.startsWith('src/kit/')) continue
  const blocks = file.endsWith('.css') ? [[0, text]] : [...text.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map((found) => [found.index, found[0]])
  for (const [start, block] of blocks) {
    block.split('\n').forEach((line, offset) => {
      for (const [pattern, reason] of RULES) if (pattern.test(line)) say(file, lineOf(start) + offset, `${reason}\n    ${line.trim()}`)
    })
  }
}
if (failures) process.exit(1)
