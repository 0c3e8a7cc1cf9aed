import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { generateFleet, generateTenants } from '../fixtures/generate-fleet.ts'
import { median } from './median.ts'

const here = dirname(fileURLToPath(import.meta.url))

/** Pinned to one core where the machine can. */
const onOneCore = (script: string, folder: string): Record<string, number> => {
  const node = [process.execPath, '--import', 'tsx', join(here, script), folder]
  const [command = '', ...args] = process.platform === 'linux' ? ['taskset', '-c', '0', ...node] : node
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as Record<string, number>
}

const repeated = (script: string, folder: string, key: string, times: number): number =>
  median(Array.from({ length: times }, () => onOneCore(script, folder)[key] ?? Number.NaN))

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
export const benchCompile = (): void => {
  console.log('read + check + compile, 2 clusters, one core, a cold process each, median:')
  for (const [tenants, times] of [
    [50, 5],
    [500, 5],
    [5000, 3],
  ] as const) {
    const root = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
    try {
      writeFleet(root, tenants)
      const seconds = repeated('measure-compile.ts', root, 'seconds', times)
      const yaml = repeated('measure-yaml.ts', join(root, 'yaml'), 'seconds', times)
      const { resources, issues } = onOneCore('measure-compile.ts', root)
      console.log(
        `  ${String(tenants).padStart(5)} tenants: ${seconds.toFixed(2)} s, ${((seconds / tenants) * 1000).toFixed(2)} ms a tenant, ${resources} resources, ${issues} issues; YAML read and parse alone ${yaml.toFixed(2)} s (ratio ${(seconds / yaml).toFixed(2)})`,
      )
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  }
}
