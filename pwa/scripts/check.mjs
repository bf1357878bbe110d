// Everything that must hold before a commit, each check with its own output; all run, then one verdict.
import { spawnSync } from 'node:child_process'

const checks = [
  ['svelte-check', ['--tsconfig', './tsconfig.json', '--fail-on-warnings', '--output', 'human']],
  ['tsc', ['-p', 'tsconfig.sw.json']],
  ['eslint', ['.', '--max-warnings', '0']],
  ['node', ['scripts/check-styles.mjs']],
  ['node', ['scripts/generate.mjs', '--check']],
]
let failed = false
for (const [command, args] of checks) {
  const bin = command === 'node' ? process.execPath : `node_modules/.bin/${command}`
  const { status } = spawnSync(bin, args, { stdio: 'inherit' })
  if (status !== 0) {
    failed = true
    console.error(`✗ ${command} ${args.join(' ')}`)
  }
}
process.exit(failed ? 1 : 0)
