// Sets up what the tests need (packages, engine, vcsim where Go is there), runs every project, prints one closing line.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, root, run } from './setup.mjs'

const counts = (file) => {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  return {
    passed: report.numPassedTests,
    failed:
      report.numFailedTests +
      report.testResults.filter((one) => one.status === 'failed' && one.assertionResults.length === 0).length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

await ensureInstalled()
const setup = await run('npx', ['--no-install', 'tsx', 'scripts/setup-real.ts', 'engine', 'vcsim'])
if (setup !== 0) process.exit(setup)
const results = join(root, '.tenantry', 'test-results.json')
mkdirSync(join(root, '.tenantry'), { recursive: true })
rmSync(results, { force: true })
const code = await run('npx', [
  '--no-install',
  'vitest',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${results}`,
  ...process.argv.slice(2),
])
const { passed, failed, skipped } = counts(results)
console.log(
  `\n${passed} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
)
process.exitCode = code
