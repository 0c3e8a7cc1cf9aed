// Sets up what the tests need (packages, engine, vcsim where Go is there), runs every project, prints one closing line.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, root, run } from './setup.mjs'

const nothing = { passed: 0, failed: 0, skipped: 0, failures: [] }

const relative = (file) => file.slice(root.length + 1)

/** The tests that failed, with the first lines of why: what comes after them may have pushed them far up. */
const failuresOf = (report) =>
  report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === 'failed')
    if (failed.length === 0) return status === 'failed' ? [{ test: relative(name), why: message ?? '' }] : []
    return failed.map(({ fullName, failureMessages }) => ({
      test: `${relative(name)} > ${fullName}`,
      why: failureMessages.join('\n'),
    }))
  })

/** What a report counts; a report that is missing, or a file that could not even be loaded, is a failure. */
const countsOf = (file) => {
  if (!existsSync(file))
    return { ...nothing, failed: 1, failures: [{ test: relative(file), why: 'no report' }] }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const unloaded = report.testResults.filter(
    (one) => one.status === 'failed' && one.assertionResults.length === 0,
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: failuresOf(report),
  }
}

const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
  failures: [...a.failures, ...b.failures],
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
  if (code === 0 || counts.failed > 0) return counts
  return { ...counts, failed: 1, failures: [{ test: project, why: `vitest ended with ${code}` }] }
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
for (const { test, why } of total.failures) {
  console.log(`\nfailed: ${test}`)
  console.log(
    why
      .split('\n')
      .slice(0, 15)
      .map((line) => `  ${line}`)
      .join('\n'),
  )
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
