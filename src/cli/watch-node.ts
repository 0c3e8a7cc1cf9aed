import { readFileSync } from 'node:fs'
import { systemClock } from '../clients/clock.ts'
import { Ucp } from '../clients/ucp.ts'
import type { Cluster } from '../cluster/schema.ts'
import { nodeWatchSettings } from '../cluster/watch-settings.ts'
import { Fault } from '../core/fault.ts'
import { Secret } from '../core/secret.ts'
import { loadCluster } from '../load/load-cluster.ts'
import { jsonLog, type Log, type LogEvent } from '../watch/log-lines.ts'
import type { NodeRules } from '../watch/node/decide-windows.ts'
import { NodeJournal } from '../watch/node/node-journal.ts'
import { NodeSession } from '../watch/node/node-session.ts'
import { NodeWatcher } from '../watch/node/node-watcher.ts'
import { runNodeWatcher } from '../watch/node/run-node-watcher.ts'
import { kernelSampler } from '../watch/node/sampler.ts'
import { type Listen, serveStatus } from '../watch/serve-status.ts'
import type { CommandContext } from './command-context.ts'
import { reportIssues } from './load-or-report.ts'
import { stopSignal } from './stop-signal.ts'

export interface WatchNodeOptions {
  readonly cluster: string
  readonly username: string
  readonly passwordFile: string
  readonly caFile?: string
  readonly endpoint?: string
  readonly node: string
  readonly listen: Listen
  readonly proc: string
  readonly cgroupRoot: string
  readonly cgroup?: string
  readonly resumeAtEnd?: boolean
}

const textOf = (file: string, what: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Fault('invalid-request', `${what} should lie in ${file}, which cannot be read (${code}).`, {
      cause,
      details: {
        hint: 'Name the file with its option or its variable (see --help), and let this process read it.',
      },
    })
  }
}

/** A short time for each call: it is asked again soon, and what a call waits for a decision waits for too. */
const http = {
  retries: { attempts: 2, baseMilliseconds: 500, totalMilliseconds: 5_000 },
  timeoutMilliseconds: 15_000,
}

/** A session with the credentials as they are in their files by now. @throws {Fault} `invalid-request` where one is not there. */
const openUcp = ({ username, passwordFile, caFile, endpoint }: WatchNodeOptions, cluster: Cluster): Ucp =>
  new Ucp({
    endpoint: endpoint ?? cluster.endpoints.ucp,
    username,
    password: new Secret(textOf(passwordFile, 'The password of UCP').trimEnd()),
    ...(caFile === undefined ? {} : { caCertificate: textOf(caFile, 'The certificate authority of UCP') }),
    http,
  })

const rulesOf = (cluster: Cluster): NodeRules & { readonly sampleSeconds: number } => ({
  pause: cluster.thresholds.pause,
  resume: cluster.thresholds.resume,
  ...nodeWatchSettings(cluster),
})

interface Surroundings {
  readonly log: Log
  readonly wallTime: () => Date
  readonly signal: AbortSignal
}

/** Everything of one watcher's process but its loop. */
const makeWatching = (
  options: WatchNodeOptions,
  cluster: Cluster,
  { log, wallTime, signal }: Surroundings,
) => {
  const rules = rulesOf(cluster)
  const session = new NodeSession(options.node, { open: () => openUcp(options, cluster), signal })
  const journal = new NodeJournal(log, options.node)
  const roots = { proc: options.proc, cgroup: options.cgroupRoot }
  const sampler = kernelSampler(roots, { clock: systemClock, group: options.cgroup })
  const own = { rules, sampler, session, journal, wallTime, signal }
  const watcher = new NodeWatcher({ ...own, clock: systemClock, random: Math.random })
  return { rules, session, journal, watcher }
}

const started = (options: WatchNodeOptions, cluster: Cluster, facts: object): LogEvent => ({
  level: 'info',
  event: 'started',
  message: `The node ${options.node} of ${cluster.cluster} is watched.`,
  cluster: cluster.cluster,
  node: options.node,
  ...facts,
})

const watch = async (context: CommandContext, options: WatchNodeOptions, cluster: Cluster): Promise<void> => {
  const wallTime = () => new Date()
  const log = jsonLog(context.terminal.print, wallTime)
  const signal = stopSignal(log)
  // Credentials that are not there are told at once, not in a minute.
  await openUcp(options, cluster).close()
  const { rules, session, journal, watcher } = makeWatching(options, cluster, { log, wallTime, signal })
  const shown = { metrics: () => journal.metrics(), health: () => watcher.health() }
  const status = await serveStatus(shown, options.listen)
  log(started(options, cluster, { address: status.address, rules }))
  try {
    const resumesAtEnd = options.resumeAtEnd === true
    await runNodeWatcher(watcher, {
      clock: systemClock,
      sampleSeconds: rules.sampleSeconds,
      resumesAtEnd,
      signal,
    })
  } finally {
    await status.stop()
    await session.close()
  }
}

/** Watches this host's node until the process is told to stop. @throws {Fault} where it cannot begin. */
export const watchNode = async (context: CommandContext, options: WatchNodeOptions): Promise<void> => {
  const cluster = loadCluster(context.root, options.cluster)
  if (cluster.ok) await watch(context, options, cluster.value.value)
  else reportIssues(context, cluster.issues, new Map(), false)
}
