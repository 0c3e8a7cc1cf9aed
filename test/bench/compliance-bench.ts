import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { bundled } from './bundled.ts'
import { writeBenchFiles } from './compose-files.ts'
import { type Cost, costOf } from './cost.ts'
import { median } from './median.ts'
import { findPeer, type Peer } from './peers.ts'

const times = 5
const policy = join(checkoutRoot(), 'test', 'bench', 'policy')

type Command = readonly string[]

/** `rule service`, by file. */
type Findings = ReadonlyMap<string, ReadonlySet<string>>

interface Measured {
  readonly seconds: number
  readonly found: readonly {
    readonly file: string
    readonly rules: number
    readonly findings: readonly (readonly [rule: string, service: string])[]
  }[]
}

interface Tested {
  readonly filename: string
  readonly failures?: readonly { readonly msg: string; readonly metadata: { readonly rule: string } }[]
}

const printed = ([program = '', ...words]: Command): string =>
  execFileSync(program, words, { encoding: 'utf8', maxBuffer: 2 ** 28 })

type Bundle = typeof import('../../bin/bundle.mjs')

/** Our check of a list of files, in one process. */
const ourCommand = async (folder: string): Promise<(list: string) => Command> => {
  const { ensureBundle } = (await import(
    pathToFileURL(join(checkoutRoot(), 'bin', 'bundle.mjs')).href
  )) as Bundle
  const bundles = [await ensureBundle('cli/compliance/read-stack'), await ensureBundle('compliance/check')]
  const script = await bundled('measure-check', folder)
  return (list) => [process.execPath, script, ...bundles, list]
}

/** What a person runs for one file, with the sample fleet; findings are no failure of the benchmark. */
const commandLine = (file: string): Command => {
  const options = ['--tenant', 'retail-banking', '--cluster', 'nonprod', '--static', '--format', 'json']
  const words = ['--root', checkoutRoot(), 'compliance', 'check', file, ...options]
  const ended = '"$@" >/dev/null; [ $? -lt 2 ]'
  return ['sh', '-c', ended, 'sh', process.execPath, join(checkoutRoot(), 'bin', 'tenantry.mjs'), ...words]
}

const conftestCommand = ({ program }: Peer, files: Command): Command => {
  const words = ['test', '--policy', policy, '--parser', 'yaml', '--output', 'json', '--no-fail']
  return [program, ...words, ...files]
}

/** Rules of Dockerfiles that ask for what rules of ours do: user, sudo, tag, registry, health check. */
const dockerRules = ['DL3002', 'DL3004', 'DL3006', 'DL3007', 'DL3026', 'DL3057'] as const

const hadolintCommand = ({ program }: Peer, files: Command): Command => {
  const words = ['--no-fail', '--format', 'json', '--trusted-registry', 'registry.nonprod.example']
  return [program, ...words, ...files]
}

const ruleIn = (message: string): string => message.split(': ')[0] ?? ''
const serviceIn = (message: string): string => message.split(' ').at(-1) ?? ''

const conftestFindings = (text: string): Findings =>
  new Map(
    (JSON.parse(text) as readonly Tested[]).map(({ filename, failures }) => [
      filename,
      new Set((failures ?? []).map(({ msg }) => `${ruleIn(msg)} ${serviceIn(msg)}`)),
    ]),
  )

/** Throws where one tool finds what the other does not: what is compared is to be the same work. */
const compareFindings = ({ found }: Measured, theirs: Findings): ReadonlySet<string> => {
  const rules = new Set([...theirs.values()].flatMap((all) => [...all].map((one) => one.split(' ')[0] ?? '')))
  for (const { file, findings } of found) {
    const ours = findings.filter(([rule]) => rules.has(rule)).map((one) => one.join(' '))
    const their = [...(theirs.get(file) ?? [])]
    const other = [
      ...ours.filter((one) => !their.includes(one)),
      ...their.filter((one) => !ours.includes(one)),
    ]
    if (other.length > 0) throw new Error(`${file}: found by one of both only: ${other.join(', ')}`)
  }
  return rules
}

const medianCost = (command: Command, folder: string): Cost => {
  const costs = Array.from({ length: times }, () => costOf(command, { cwd: folder, env: process.env }))
  return {
    wallSeconds: median(costs.map(({ wallSeconds }) => wallSeconds)),
    cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
  }
}

/** What each tool took for all files in one process, and for one file. */
interface Costs {
  readonly all: Cost
  readonly one: Cost
}

const ratio = (ours: number, theirs: number): string => (theirs / ours).toFixed(2)

const tell = (name: string, count: number, { all, one }: Costs, ours?: Costs): void => {
  const rate = (count / all.wallSeconds).toFixed(0)
  const rateOfCpu = (count / all.cpuSeconds).toFixed(0)
  const compared =
    ours === undefined
      ? ''
      : `; ours is ${ratio(ours.all.wallSeconds, all.wallSeconds)} times as fast (CPU ${ratio(ours.all.cpuSeconds, all.cpuSeconds)}), for one file ${ratio(ours.one.wallSeconds, one.wallSeconds)} (CPU ${ratio(ours.one.cpuSeconds, one.cpuSeconds)})`
  console.log(
    `  ${name}: ${rate} files a second, ${rateOfCpu} a second of CPU, ${count} files in one process; one file ${(one.wallSeconds * 1000).toFixed(0)} ms${compared}`,
  )
}

const benchConftest = async (stacks: Command, folder: string, measured: Measured, ours: Costs) => {
  const peer = await findPeer('conftest')
  if (peer === undefined) return
  const rules = compareFindings(measured, conftestFindings(printed(conftestCommand(peer, stacks))))
  const all = medianCost(conftestCommand(peer, stacks), folder)
  const one = medianCost(conftestCommand(peer, stacks.slice(0, 1)), folder)
  tell(
    `conftest ${peer.version}, ${rules.size} of the rules in Rego, the same findings`,
    stacks.length,
    { all, one },
    ours,
  )
}

const benchHadolint = async (dockerfiles: Command, folder: string, ours: Costs) => {
  const peer = await findPeer('hadolint')
  if (peer === undefined) return
  const found = JSON.parse(printed(hadolintCommand(peer, dockerfiles))) as readonly {
    readonly code: string
  }[]
  const codes = new Set(found.map(({ code }) => code))
  if (!dockerRules.some((code) => codes.has(code))) throw new Error('hadolint found nothing')
  const all = medianCost(hadolintCommand(peer, dockerfiles), folder)
  const one = medianCost(hadolintCommand(peer, dockerfiles.slice(0, 1)), folder)
  tell(
    `hadolint ${peer.version}, on as many Dockerfiles of such images, all of its rules`,
    dockerfiles.length,
    { all, one },
    ours,
  )
}

/**
 * The static rules over compose files, each a stack of its own, read, merged, checked against the schema and judged; beside conftest with
 * rules of ours in Rego, and hadolint over Dockerfiles.
 */
export const benchCompliance = async (count = 1000): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  try {
    const { stacks, dockerfiles } = writeBenchFiles(folder, count)
    const list = join(folder, 'all.txt')
    writeFileSync(list, stacks.join('\n'))
    const command = (await ourCommand(folder))(list)
    const measured = JSON.parse(printed(command)) as Measured
    const findings = measured.found.reduce((sum, one) => sum + one.findings.length, 0)
    console.log(
      `static rules over ${count} compose files, ${findings} findings, median of ${times}; without the start ${(count / measured.seconds).toFixed(0)} files a second:`,
    )
    const ours = {
      all: medianCost(command, folder),
      one: medianCost(commandLine(stacks[0] ?? ''), folder),
    }
    tell(`tenantry, ${measured.found[0]?.rules} rules`, count, ours)
    await benchConftest(stacks, folder, measured, ours)
    await benchHadolint(dockerfiles, folder, ours)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
