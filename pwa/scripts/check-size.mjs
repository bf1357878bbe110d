// Fails when opening a screen takes more JavaScript than its budget: entry and all it imports at once, plus the screen's chunk.
// The budget of the design is for the first screen of each role; others come when most of it is there already, and have a little more.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const FIRST = new Set([
  'src/shifts/Today.svelte',
  'src/now/NowScreen.svelte',
  'src/tickets/QueueScreen.svelte',
  'src/tickets/IssuesScreen.svelte',
  'src/sign-in/SignIn.svelte',
  'src/invitation/Invitation.svelte',
  'src/checkins/Opened.svelte',
])
const BUDGET = 60 * 1024
const LATER = 70 * 1024
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))
const sizes = new Map()
const size = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length)
  return sizes.get(file)
}
const closure = (key, found = new Set()) => {
  if (found.has(key)) return found
  found.add(key)
  for (const other of manifest[key].imports ?? []) closure(other, found)
  return found
}
const total = (keys) => [...keys].reduce((sum, key) => sum + (manifest[key].file.endsWith('.js') ? size(manifest[key].file) : 0), 0)
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const base = closure(entry)
console.log(`first load without a screen: ${kb(total(base))} gz (budget ${kb(BUDGET)} with a role's first screen, ${kb(LATER)} with another)`)
const screens = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry && key.endsWith('.svelte'))
let failed = false
for (const key of FIRST) {
  if (!screens.includes(key)) throw new Error(`${key} is no screen of its own any more: name the first screen that took its place`)
}
for (const key of screens.sort()) {
  const bytes = total(new Set([...base, ...closure(key)]))
  const over = bytes > (FIRST.has(key) ? BUDGET : LATER)
  failed ||= over
  console.log(`  ${kb(bytes).padStart(9)}  ${key.replace(/^src\//, '')}${over ? '  OVER BUDGET' : ''}`)
}
if (failed) process.exit(1)
