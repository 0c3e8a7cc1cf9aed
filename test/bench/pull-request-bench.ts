import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { generateFleet } from '../fixtures/generate-fleet.ts'
import { failuresOf, type LabSession, openLabSession } from '../integration/lab-session.ts'
import { type Cost, costOf } from './cost.ts'
import { emptyStack } from './empty-stacks.ts'
import { median } from './median.ts'

const tenants = 500
const rounds = 7

const git = (root: string, ...words: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=Bench', '-c', 'user.email=bench@bank.example', ...words], {
    cwd: root,
    encoding: 'utf8',
  })

const commit = (root: string): void => {
  git(root, 'add', 'tenants', 'stacks')
  git(root, 'commit', '--quiet', '--message', 'A change')
}

/** A fleet of 500 in git, in place of the sample files. */
const writeFleet = async (root: string): Promise<void> => {
  for (const folder of ['tenants', 'stacks']) rmSync(join(root, folder), { recursive: true, force: true })
  for (const { file, text } of generateFleet(tenants)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  git(root, 'init', '--quiet', '--initial-branch=main')
  commit(root)
}

/** Applies one tenant, then commits a change of its file: what a pull request is about. Gives back its name. */
const pullRequest = async (session: LabSession): Promise<string> => {
  const [organization = ''] = (await session.fleet()).tenants.map(({ value }) => value.organization)
  const { results } = await session.run('up', await session.stacks([organization]))
  const failures = failuresOf(results)
  if (failures.length > 0) throw new Error(failures.join('\n'))
  const file = join(session.files, 'tenants', `${organization}.ts`)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/displayName: '[^']*'/, "displayName: 'Another name'"))
  commit(session.files)
  return organization
}

const medianOf = (costs: readonly Cost[]): Cost => ({
  wallSeconds: median(costs.map(({ wallSeconds }) => wallSeconds)),
  cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
})

const told = (name: string, { wallSeconds, cpuSeconds }: Cost): string =>
  `  ${name}: ${wallSeconds.toFixed(2)} s wall, ${cpuSeconds.toFixed(2)} s CPU`

const benchIn = async (session: LabSession): Promise<void> => {
  const { engine, environment, files } = session
  const env = { ...environment, PULUMI_SKIP_UPDATE_CHECK: 'true' }
  const organization = await pullRequest(session)
  const { project, stack } = await emptyStack('imports @pulumi/pulumi', {
    folder: files,
    engine,
    environment: env,
  })
  const ours = [process.execPath, join(checkoutRoot(), 'bin', 'tenantry.mjs'), '--root', files]
  const subjects = {
    empty: () => costOf(['pulumi', 'preview', '--stack', stack, '--non-interactive'], { cwd: project, env }),
    change: () => costOf([...ours, 'preview', '--since', 'HEAD~1', '--json'], { cwd: files, env }),
  }
  const costs: { readonly empty: Cost[]; readonly change: Cost[] } = { empty: [], change: [] }
  for (let round = 0; round <= rounds; round += 1)
    for (const name of ['empty', 'change'] as const) {
      const cost = subjects[name]()
      if (round > 0) costs[name].push(cost)
    }
  const [empty, change] = [medianOf(costs.empty), medianOf(costs.change)]
  console.log(
    `preview of a pull request that touches 1 tenant of ${tenants}, on 2 clusters, median of ${rounds}:`,
  )
  console.log(told('pulumi preview of an empty stack', empty))
  console.log(told(`tenantry preview --since HEAD~1 (${organization})`, change))
  console.log(`    ${(change.wallSeconds / empty.wallSeconds).toFixed(2)} × wall`)
}

/** What a reviewer waits for, beside the engine's own preview of nothing, in a lab of the benchmark's own. */
export const benchPullRequest = async (): Promise<void> => {
  const session = await openLabSession({ prepare: writeFleet })
  try {
    await benchIn(session)
  } finally {
    await session.close()
  }
}
