import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type RunAllReport, runAll } from '../../src/cli/run-all.ts'
import { selectStacks } from '../../src/cli/select.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { openTerminal } from '../../src/cli/terminal.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { ensureEngine } from '../../src/engine/engine.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import { type Bundler, environmentOf } from '../../src/lab/control.ts'
import { type Lab, startLab } from '../../src/lab/lab.ts'
import type { DockerChoice } from '../../src/lab/lab-docker.ts'
import { installPlugins } from '../../src/lab/plugins/install-plugins.ts'
import { readDirectory } from '../../src/lab/ucp/directory.ts'
import type { Fleet } from '../../src/load/fleet.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import type { StackState } from '../../src/model/desired-state.ts'

/** A lab of the tests' own, with copies of the sample files that a test may edit. */
export interface LabSession {
  readonly lab: Lab
  /** Folder with `tenants/` and `stacks/`. */
  readonly files: string
  readonly engine: string
  readonly environment: NodeJS.ProcessEnv
  readonly fleet: () => Promise<Fleet>
  /** The stacks of organizations (all where none is named), platform stacks first. */
  readonly stacks: (organizations: readonly string[]) => Promise<readonly StackState[]>
  readonly run: (
    operation: 'preview' | 'up',
    stacks: readonly StackState[],
    options?: { readonly full?: boolean },
  ) => Promise<RunAllReport>
  readonly close: () => Promise<void>
}

const silent: Terminal = { ...openTerminal(), live: false, note: () => undefined, print: () => undefined }

const fleetOf = async (files: string): Promise<Fleet> => {
  const checked = await loadFleet(files)
  if (checked.ok) return checked.value
  throw new Error(checked.issues.map(({ code, message }) => `${code}: ${message}`).join('\n'))
}

export interface LabSessionOptions {
  /** Puts a fault proxy before every Vault and before vCenter. */
  readonly faultProxies?: boolean
  /** The clusters' Docker Engine; `memory` where absent: only what is about dockerd pays for real ones. */
  readonly docker?: DockerChoice
  /** Changes the copies of the sample files before anything reads them. */
  readonly prepare?: (files: string) => Promise<void>
}

/** Starts a lab in a temporary folder, with the real Vault, vCenter simulator and engine that are in the cache. */
export const openLabSession = async (options: LabSessionOptions = {}): Promise<LabSession> => {
  const { prepare, ...labOptions } = options
  const project = checkoutRoot()
  const files = await mkdtemp(join(tmpdir(), 'tenantry-e2e-'))
  for (const folder of ['tenants', 'stacks'])
    await cp(join(project, folder), join(files, folder), {
      recursive: true,
      filter: (path) => !path.endsWith('.yaml'),
    })
  await mkdir(join(files, '.tenantry'), { recursive: true })
  await prepare?.(files)
  const fleet = await fleetOf(files)
  const { directory: engine } = await ensureEngine({ report: () => undefined })
  const lab = await startLab({
    root: files,
    clusters: fleet.clusters.map(({ value }) => value),
    directory: await readDirectory(join(project, 'lab', 'directory.json')),
    report: () => undefined,
    docker: 'memory',
    ...labOptions,
  })
  const { ensureBundle } = (await import(pathToFileURL(join(project, 'bin', 'bundle.mjs')).href)) as {
    ensureBundle: Bundler
  }
  await installPlugins({
    pulumi: join(engine, 'pulumi'),
    home: lab.layout.pulumiHome,
    bundle: ensureBundle,
    report: () => undefined,
  })
  const environment = { ...process.env, ...environmentOf(lab.layout, engine, process.env) }
  return {
    lab,
    files,
    engine,
    environment,
    fleet: () => fleetOf(files),
    stacks: async (organizations) => selectStacks(await fleetOf(files), { organizations, clusters: [] }),
    run: (operation, stacks, { full = true } = {}) =>
      runAll({
        project,
        terminal: silent,
        operation,
        stacks,
        engine,
        environment,
        parallel: 2,
        full,
      }),
    close: async () => {
      await lab.stop()
      await rm(files, { recursive: true, force: true })
    },
  }
}

/** Why runs failed, for an assertion that tells. */
export const failuresOf = (results: readonly StackResult[]): string[] =>
  results
    .filter(({ outcome }) => outcome !== 'succeeded')
    .flatMap(({ stack, diagnostics }) => [stack, ...diagnostics.map(({ message }) => message)])

/** `stack: change name` of everything that is not unchanged, sorted. */
export const changesOf = (results: readonly StackResult[]): string[] =>
  results
    .flatMap(({ stack, resources }) =>
      resources
        .filter(({ change }) => change !== 'same')
        .map(({ change, name }) => `${stack}: ${change} ${name}`),
    )
    .sort()
