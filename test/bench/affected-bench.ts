import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { generateFleet } from '../fixtures/generate-fleet.ts'
import { costOf } from './cost.ts'
import { median } from './median.ts'

const tenants = 1500
const times = 5

/** What a checkout of the platform consists of beside its tenants and clusters. */
const sources = ['bin', 'package.json', 'package-lock.json', 'Pulumi.yaml', 'src', 'tsconfig.json']

const git = (root: string, ...words: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=Bench', '-c', 'user.email=bench@bank.example', ...words], {
    cwd: root,
    encoding: 'utf8',
  })

const commit = (root: string): void => {
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', 'A change')
}

/** A checkout of 1,500 tenants with the program beside them, in git. */
const writeCheckout = (root: string): void => {
  for (const { file, text } of generateFleet(tenants)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  for (const name of sources) cpSync(join(checkoutRoot(), name), join(root, name), { recursive: true })
  symlinkSync(join(checkoutRoot(), 'node_modules'), join(root, 'node_modules'))
  writeFileSync(join(root, '.gitignore'), 'node_modules\n.tenantry\ncache\n')
  git(root, 'init', '--quiet', '--initial-branch=main')
  commit(root)
}

/** The command, and where it runs. */
const affected = (root: string) => ({
  command: [process.execPath, join(root, 'bin', 'tenantry.mjs'), 'affected', '--since', 'HEAD~1', '--names'],
  options: { cwd: root, env: { ...process.env, TENANTRY_CACHE: join(root, 'cache') } },
})

/** How many stacks a run names; throws where that cannot be what the change affects. Warms what is kept for the next run. */
const counted = (root: string, { name, expected }: Change): number => {
  const { command, options } = affected(root)
  const [program = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error((stderr || stdout).slice(0, 2000))
  const { length } = stdout.split('\n').filter(Boolean)
  if (!expected(length)) throw new Error(`${name}: ${length} stacks are affected`)
  return length
}

interface Change {
  readonly name: string
  readonly file: (root: string) => string
  readonly edit: (text: string) => string
  readonly expected: (stacks: number) => boolean
}

const firstTenant = (root: string): string =>
  `tenants/${git(root, 'ls-files', 'tenants').split('\n')[0]?.slice(8)}`

const changes: readonly Change[] = [
  {
    name: 'one tenant',
    file: firstTenant,
    edit: (text) => text.replace(/displayName: '[^']*'/, "displayName: 'Another name'"),
    expected: (stacks) => stacks > 0 && stacks <= 2,
  },
  {
    name: 'a registry in a cluster file',
    file: () => 'stacks/nonprod.ts',
    edit: (text) => text.replace('https://registry.nonprod', 'https://images.nonprod'),
    expected: (stacks) => stacks > 100 && stacks <= tenants + 1,
  },
  {
    name: 'a size class in shared code',
    file: () => 'src/compile/size-classes.ts',
    edit: (text) => text.replace(/(medium: sizeOf\(\[[^\]]*\], \[[^\]]*\], \[)\d+/, '$11'),
    expected: (stacks) => stacks > 0 && stacks < 2 * tenants,
  },
]

/** Commits one change, and measures how long it takes to tell what it affects. */
const bench = (root: string, change: Change): void => {
  const path = join(root, change.file(root))
  const text = readFileSync(path, 'utf8')
  const edited = change.edit(text)
  if (edited === text) throw new Error(`${change.name}: nothing to change in ${path}`)
  writeFileSync(path, edited)
  commit(root)
  const before = performance.now()
  const stacks = counted(root, change)
  const first = ((performance.now() - before) / 1000).toFixed(2)
  const { command, options } = affected(root)
  const costs = Array.from({ length: times }, () => costOf(command, options))
  const wall = median(costs.map(({ wallSeconds }) => wallSeconds)).toFixed(2)
  const cpu = median(costs.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2)
  console.log(
    `  ${change.name}: ${stacks} stacks affected: ${wall} s wall, ${cpu} s CPU (median of ${times}, warm; ${first} s wall the first time)`,
  )
}

/** `tenantry affected` over a large fleet: a tenant, a cluster, shared code; each as a commit of its own. */
export const benchAffected = (): void => {
  const root = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  try {
    writeCheckout(root)
    console.log(`tenantry affected --since HEAD~1, ${tenants} tenants on 2 clusters:`)
    for (const change of changes) bench(root, change)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
