import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { generateFleet, generateTenants } from '../fixtures/generate-fleet.ts'
import { bundled } from './bundled.ts'
import { median } from './median.ts'

const shortRun = join(checkoutRoot(), 'bin', 'short-run.mjs')

/** Pinned to one core where the machine can; with the flags that `tenantry` sets. */
const onOneCore = (program: string, folder: string): Record<string, number> => {
  const node = [process.execPath, '--import', shortRun, program, folder]
  const [command = '', ...args] = process.platform === 'linux' ? ['taskset', '-c', '0', ...node] : node
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as Record<string, number>
}

const repeated = (program: string, folder: string, times: number): number =>
  median(Array.from({ length: times }, () => onOneCore(program, folder).seconds ?? Number.NaN))

const writeFleet = (root: string, tenants: number): void => {
  for (const { file, text } of generateFleet(tenants)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  mkdirSync(join(root, 'yaml'))
  for (const tenant of generateTenants(tenants))
    writeFileSync(join(root, 'yaml', `${tenant.organization}.yaml`), stringify(tenant))
}

/** Read, check and compile at three sizes, two clusters, cold, beside reading the same tenants as YAML. */
export const benchCompile = async (): Promise<void> => {
  console.log('read + check + compile, 2 clusters, one core, a cold process each, median:')
  for (const [tenants, times] of [
    [50, 5],
    [500, 5],
    [5000, 3],
  ] as const) {
    const root = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
    try {
      writeFleet(root, tenants)
      const compile = await bundled('measure-compile', root)
      const seconds = repeated(compile, root, times)
      const yaml = repeated(await bundled('measure-yaml', root), join(root, 'yaml'), times)
      const { resources, issues } = onOneCore(compile, root)
      console.log(
        `  ${String(tenants).padStart(5)} tenants: ${seconds.toFixed(2)} s, ${((seconds / tenants) * 1000).toFixed(2)} ms a tenant, ${resources} resources, ${issues} issues; YAML read and parse alone ${yaml.toFixed(2)} s (ratio ${(seconds / yaml).toFixed(2)})`,
      )
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  }
}
