import { systemClock } from '../clients/clock.ts'
import { Ucp } from '../clients/ucp.ts'
import { Vsphere } from '../clients/vsphere.ts'
import type { Cluster } from '../cluster/schema.ts'
import { clusterWatchSettings } from '../cluster/watch-settings.ts'
import { isFault } from '../core/fault.ts'
import type { Connected } from '../deploy/connected.ts'
import { readConnection } from '../deploy/read-connection.ts'
import { ensureEngine } from '../engine/engine.ts'
import { upStack } from '../engine/run-stack.ts'
import { stateFolder } from '../engine/state-folder.ts'
import { loadCluster } from '../load/load-cluster.ts'
import { jsonLog } from '../watch/log-lines.ts'
import { ClusterJournal } from '../watch/pools/cluster-journal.ts'
import { ClusterWatcher, type ClusterWatcherParts } from '../watch/pools/cluster-watcher.ts'
import { Leadership, leadByLease } from '../watch/pools/leadership.ts'
import { readMemories, writeMemories } from '../watch/pools/memory-record.ts'
import { askAt } from '../watch/pools/read-samples.ts'
import { runClusterWatcher } from '../watch/pools/run-cluster-watcher.ts'
import { handsOf, ViewOfCluster } from '../watch/pools/view-of-cluster.ts'
import { type Listen, serveStatus } from '../watch/serve-status.ts'
import type { CommandContext } from './command-context.ts'
import { runEnvironment } from './environment.ts'
import { UsageError } from './exit-code.ts'
import { LeaseWatch } from './lease-watch.ts'
import { reportIssues } from './load-or-report.ts'
import { EnginePoolStacks } from './pool-stacks.ts'
import { stopSignal } from './stop-signal.ts'
import { PoolFiles } from './watched-pools.ts'

export interface WatchClusterOptions {
  readonly cluster: string
  readonly listen: Listen
  /** Where the node watchers listen on their nodes. */
  readonly nodePort: number
}

/** A short time for each call: what was not read is looked at again in half a minute. */
const retries = { attempts: 2, baseMilliseconds: 500, totalMilliseconds: 5_000 }
const timeoutMilliseconds = 30_000

const openUcp = (connected: Connected): Ucp => {
  const { endpoint, username, password, caCertificate } = connected.ucp()
  return new Ucp({
    ...{ endpoint, username, password, http: { retries, timeoutMilliseconds } },
    ...(caCertificate === undefined ? {} : { caCertificate }),
  })
}

const openVsphere = (connected: Connected): Vsphere => {
  const { server, user, password, allowUnverifiedTls } = connected.vcenter()
  return new Vsphere({
    server,
    user,
    password,
    tls: { allowUnverified: allowUnverifiedTls },
    retries,
    timeoutMilliseconds,
  })
}

/** @throws {UsageError} where the state lies in no folder. */
const requireState = (environment: NodeJS.ProcessEnv): string => {
  const state = stateFolder(environment)
  if (state !== undefined) return state
  throw new UsageError(
    'The cluster watcher needs the state in a folder: who leads, what it remembers and the live VMs stand beside it.',
    'Set PULUMI_BACKEND_URL to file:///…, a folder that all who apply share.',
  )
}

interface Surroundings {
  readonly context: CommandContext
  readonly options: WatchClusterOptions
  readonly environment: NodeJS.ProcessEnv
  readonly engine: string
  readonly state: string
  readonly journal: ClusterJournal
  readonly wallTime: () => Date
  readonly signal: AbortSignal
}

const filesOf = ({ context, options, journal }: Surroundings): PoolFiles =>
  new PoolFiles(context.root, options.cluster, (issues) =>
    journal.warn('files', 'The files have issues: the pools stay as they were read before.', { issues }),
  )

const viewOf = ({ environment, options, signal }: Surroundings, cluster: Cluster): ViewOfCluster => {
  const connected = readConnection({
    cluster: options.cluster,
    file: environment.TENANTRY_CONNECTIONS,
    endpoints: () => cluster.endpoints,
  })
  const { datacenter, folder } = cluster.vsphere
  return new ViewOfCluster({
    openUcp: () => openUcp(connected),
    openVsphere: () => openVsphere(connected),
    place: { cluster: cluster.cluster, folder: `/${datacenter}/vm/${folder}` },
    ask: askAt(options.nodePort),
    clock: systemClock,
    signal,
  })
}

const partsOf = (around: Surroundings, files: PoolFiles, view: ViewOfCluster): ClusterWatcherParts => {
  const { options, environment, engine, state, journal, wallTime, signal, context } = around
  const { cluster } = options
  const leadership = new Leadership(leadByLease(state, cluster))
  let pools: Awaited<ReturnType<PoolFiles['read']>> = []
  return {
    ...{ cluster, leadership, journal, wallTime, signal, clock: systemClock, random: Math.random },
    tickSeconds: clusterWatchSettings(files.cluster).tickSeconds,
    pools: async () => {
      pools = await files.read()
      return pools.map(({ subject }) => subject)
    },
    readSight: view.read,
    hands: handsOf(view, () => leadership.verify()),
    stacks: new EnginePoolStacks({
      ...{ state, environment, engine, project: context.project, pools: () => pools, up: upStack },
      leases: new LeaseWatch(state, systemClock.now),
    }),
    memory: {
      read: (moment) => readMemories(state, cluster, moment),
      write: (record) => writeMemories(state, cluster, record),
    },
  }
}

const watch = async (around: Surroundings): Promise<void> => {
  const { options, journal, signal } = around
  const files = filesOf(around)
  await files.read()
  const view = viewOf(around, files.cluster)
  const parts = partsOf(around, files, view)
  const watcher = new ClusterWatcher(parts)
  const shown = { metrics: () => journal.metrics(), health: () => watcher.health() }
  const status = await serveStatus(shown, options.listen)
  journal.started(status.address, clusterWatchSettings(files.cluster))
  try {
    const { clock, tickSeconds, random } = parts
    await runClusterWatcher(watcher, { clock, journal, tickSeconds, random, signal })
  } finally {
    await status.stop()
    await view.close()
  }
}

const begin = async (context: CommandContext, options: WatchClusterOptions): Promise<void> => {
  const environment = await runEnvironment(context.project, context.terminal)
  const state = requireState(environment)
  const wallTime = () => new Date()
  const log = jsonLog(context.terminal.print, wallTime)
  const { directory: engine } = await ensureEngine({ report: context.terminal.note, environment })
  const journal = new ClusterJournal(log, options.cluster)
  await watch({ context, options, environment, engine, state, journal, wallTime, signal: stopSignal(log) })
}

/** Watches a cluster's pools until the process is told to stop. @throws {Fault} where it cannot begin. */
export const watchCluster = async (context: CommandContext, options: WatchClusterOptions): Promise<void> => {
  const cluster = loadCluster(context.root, options.cluster)
  if (!cluster.ok) return reportIssues(context, cluster.issues, new Map(), false)
  try {
    await begin(context, options)
  } catch (error) {
    if (!isFault(error, 'cancelled')) throw error
  }
}
