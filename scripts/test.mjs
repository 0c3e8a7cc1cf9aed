// Sets up what the tests need (packages, engine, vcsim where Go is there), runs every project, prints one closing line.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, root, run } from './setup.mjs'

const nothing = { passed: 0, failed: 0, skipped: 0 }

/** What a report counts; a report that is missing, or a file that could not even be loaded, is a failure. */
const countsOf = (file) => {
  if (!existsSync(file)) return { ...nothing, failed: 1 }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const unloaded = report.testResults.filter(
    (one) => one.status === 'failed' && one.assertionResults.length === 0,
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

/** One project at a time: the engine's runs and the servers of the contract tests would take each other's CPU. */
const runProject = async (project, args) => {
  const results = join(root, '.tenantry', `test-results-${project}.json`)
  mkdirSync(join(root, '.tenantry'), { recursive: true })
  rmSync(results, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const code = await run('npx', [
    '--no-install',
    'vitest',
    'run',
    '--project',
    project,
    ...reporters,
    ...args,
  ])
  const counts = countsOf(results)
  return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 }
}

await ensureInstalled()
const setup = await run('npx', ['--no-install', 'tsx', 'scripts/setup-real.ts', 'engine', 'vcsim'])
if (setup !== 0) process.exit(setup)
const args = process.argv.slice(2)
let total = nothing
for (const project of ['unit', 'contract', 'model', 'integration', 'faults']) {
  console.log(`\n── ${project} tests`)
  total = add(total, await runProject(project, [...args, ...(args.length > 0 ? ['--passWithNoTests'] : [])]))
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
