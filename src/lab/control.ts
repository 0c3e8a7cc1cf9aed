import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Cluster } from '../cluster/schema.ts'
import { Fault } from '../core/fault.ts'
import { programEnvironment } from '../core/program-environment.ts'
import { withFileLock } from '../engine/file-lock.ts'
import { endProcess, isAlive } from '../engine/process-identity.ts'
import type { DaemonMessage, DaemonOrder } from './daemon-messages.ts'
import { passphrase, passphraseFile } from './lab-credentials.ts'
import type { DockerChoice } from './lab-docker.ts'
import { refuseRunning } from './lab-journal.ts'
import { type LabRecord, type PluginRecord, readLabRecord, writeLabRecord } from './lab-record.ts'
import { type LabLayout, labLayout } from './layout.ts'
import { installPlugins } from './plugins/install-plugins.ts'

/** Makes the bundle of a root below `src/` and tells its path; `ensureBundle` of bin/bundle.mjs. */
export type Bundler = (entry: string) => Promise<string>

export interface LabUpRequest {
  /** The checkout. */
  readonly root: string
  /** Out of the cluster files. */
  readonly clusters: readonly Cluster[]
  readonly bundle: Bundler
  /** Told in sentences what happens. */
  readonly report: (line: string) => void
  /** Folder of the Pulumi CLI; without one no plugins are installed. */
  readonly engineFolder?: string
  /** False: no real part at all, whatever is there; true where absent. */
  readonly real?: boolean
  /** Which Docker Engine the clusters have; `standardDocker` where absent, `memory` where nothing is to be real. */
  readonly docker?: DockerChoice
  /** From powered on to joined; 300 where absent. */
  readonly joinDelayMilliseconds?: number
}

export interface LabStatus {
  readonly running: boolean
  /** Of the running lab. */
  readonly record?: LabRecord
  /** Whether a lab died and left things behind; the next `labUp` or `labDown` cleans up. */
  readonly stale: boolean
}

const graceMilliseconds = 20_000

/** Whether the lab of a checkout runs. Changes nothing. */
export const labStatus = async (root: string): Promise<LabStatus> => {
  const record = await readLabRecord(labLayout(root).record)
  if (record === undefined) return { running: false, stale: false }
  if (await isAlive(record.supervisor)) return { running: record.ready, record, stale: false }
  return { running: false, stale: true }
}

/** Removes what a lab needed only while it ran; logs, plugins and the engine's state stay. */
const sweep = async (layout: LabLayout): Promise<void> => {
  for (const path of [layout.record, layout.connections, layout.secrets, layout.run])
    await rm(path, { recursive: true, force: true })
}

/** Ends what a dead supervisor left running, each process only if it is still the one that was started. */
const cleanUp = async (layout: LabLayout, record: LabRecord): Promise<void> => {
  for (const child of record.children) await endProcess(child, graceMilliseconds)
  await sweep(layout)
}

const preparePlugins = async (request: LabUpRequest, layout: LabLayout): Promise<readonly PluginRecord[]> => {
  if (request.engineFolder === undefined) return []
  request.report('installing the plugins for docker, vault and vsphere into the lab')
  return installPlugins({
    pulumi: join(request.engineFolder, 'pulumi'),
    home: layout.pulumiHome,
    bundle: request.bundle,
    report: request.report,
  })
}

const failedStart = (layout: LabLayout, message: string): Fault =>
  new Fault('unavailable', `The lab did not start: ${message}`, {
    details: { resource: 'lab', hint: `Its log is ${join(layout.logs, 'lab.log')}.` },
  })

const isMessage = (value: unknown): value is DaemonMessage =>
  value !== null && typeof value === 'object' && 'kind' in value

/** Starts the supervisor's process, detached, and waits until it is ready or has failed. */
const launch = async (request: LabUpRequest, layout: LabLayout): Promise<void> => {
  const program = await request.bundle('lab/daemon')
  const log = openSync(join(layout.logs, 'lab.log'), 'a', 0o600)
  const child = spawn(process.execPath, [program], {
    cwd: request.root,
    env: programEnvironment(process.env),
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  const order: DaemonOrder = {
    root: request.root,
    clusters: request.clusters,
    real: request.real ?? true,
    ...(request.docker === undefined ? {} : { docker: request.docker }),
    ...(request.joinDelayMilliseconds === undefined
      ? {}
      : { joinDelayMilliseconds: request.joinDelayMilliseconds }),
  }
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) =>
        reject(failedStart(layout, `its process ended with ${code ?? 'a signal'}.`)),
      )
      child.on('message', (message: unknown) => {
        if (!isMessage(message)) return
        if (message.kind === 'report') request.report(message.line)
        else if (message.kind === 'ready') resolve()
        else reject(failedStart(layout, message.message))
      })
      child.send(order)
    })
  } finally {
    child.removeAllListeners()
    if (child.connected) child.disconnect()
    child.unref()
  }
}

/**
 * Starts the lab of a checkout in a process of its own and resolves when every part answers.
 *
 * What a lab that died left behind is ended and removed first. The engine's state begins empty.
 * @throws {Fault} `conflict` where one is running, `unavailable` where it does not start.
 */
export const labUp = async (request: LabUpRequest): Promise<LabRecord> => {
  const layout = labLayout(request.root)
  await mkdir(layout.logs, { recursive: true, mode: 0o700 })
  const start = async (): Promise<LabRecord> => {
    await refuseRunning(layout)
    const before = await readLabRecord(layout.record)
    if (before !== undefined) {
      request.report('cleaning up after a lab that died')
      await cleanUp(layout, before)
    }
    const plugins = await preparePlugins(request, layout)
    await launch(request, layout)
    const running = await readLabRecord(layout.record)
    if (running === undefined) throw failedStart(layout, 'it wrote no record of itself.')
    const { engineFolder } = request
    const record = {
      ...running,
      plugins: [...plugins],
      ...(engineFolder === undefined ? {} : { engineFolder }),
    }
    await writeLabRecord(layout.record, record)
    return record
  }
  return withFileLock(`${layout.folder}/lab.lock`, start, () =>
    request.report('another process starts the lab of this checkout; waiting for it'),
  )
}

/** Ends the lab of a checkout with everything it started; false where none was running. */
export const labDown = async (root: string): Promise<boolean> => {
  const layout = labLayout(root)
  const record = await readLabRecord(layout.record)
  if (record === undefined) return false
  const wasRunning = await isAlive(record.supervisor)
  await endProcess(record.supervisor, graceMilliseconds)
  await cleanUp(layout, record)
  return wasRunning
}

/**
 * What the engine and `tenantry` need in their environment to work on the running lab.
 *
 * @throws {Fault} `unavailable` where no lab is running.
 */
export const labEnvironment = async (root: string): Promise<Readonly<Record<string, string>>> => {
  const { running, record } = await labStatus(root)
  if (!running || record === undefined)
    throw new Fault('unavailable', 'No lab is running in this checkout.', {
      details: { resource: 'lab', hint: 'Start one with `tenantry lab up`.' },
    })
  return environmentOf(labLayout(root), record.engineFolder, process.env)
}

/** The same for a lab that this process runs itself. Pure. */
export const environmentOf = (
  layout: LabLayout,
  engineFolder: string | undefined,
  environment: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> => ({
  ...(engineFolder === undefined ? {} : { PATH: withFirst(engineFolder, environment.PATH) }),
  PULUMI_HOME: layout.pulumiHome,
  PULUMI_BACKEND_URL: `file://${layout.state}`,
  PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(layout),
  // The engine takes this one before the file: the caller's would not fit.
  ...(environment.PULUMI_CONFIG_PASSPHRASE === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase }),
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  TENANTRY_CONNECTIONS: layout.connections,
})

const withFirst = (folder: string, path: string | undefined): string =>
  [folder, ...(path ?? '').split(delimiter).filter((one) => one !== '' && one !== folder)].join(delimiter)

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** An environment as lines for `eval` in a POSIX shell. Pure. */
export const shellExports = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quoted(value)}`)
    .join('\n')
