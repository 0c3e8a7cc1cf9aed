import type { Cluster } from '../cluster/schema.ts'
import { Fault } from '../core/fault.ts'
import { type ClusterLab, startCluster } from './cluster-lab.ts'
import { writeCredentials } from './lab-credentials.ts'
import { chooseDocker, type DockerChoice, standardDocker } from './lab-docker.ts'
import { LabJournal, refuseRunning } from './lab-journal.ts'
import { startJoining } from './lab-nodes.ts'
import { behindFaultProxy, startLabVcenter } from './lab-vcenter.ts'
import { type LabLayout, labLayout, prepareLayout } from './layout.ts'
import type { Part } from './part.ts'
import { type People, peopleOf } from './people.ts'
import { StopList } from './stop-list.ts'
import type { LdapDirectory } from './ucp/directory.ts'
import type { LabVcenter } from './vcenter/lab-vcenter.ts'

export interface LabOptions {
  /** Folder that gets `.tenantry/lab/`: the checkout. */
  readonly root: string
  readonly clusters: readonly Cluster[]
  readonly directory: LdapDirectory
  /** Told in sentences what happens. */
  readonly report: (line: string) => void
  /** False: no real part at all, whatever is there. True where absent: the real Vault and vCenter simulator where they are built. */
  readonly real?: boolean
  /** Which Docker Engine the clusters have; `standardDocker` where absent, `memory` where nothing is to be real. */
  readonly docker?: DockerChoice
  /** Puts a fault proxy before every Vault and before vCenter; false where absent. */
  readonly faultProxies?: boolean
  /** From powered on to joined; 300 where absent. */
  readonly joinDelayMilliseconds?: number
  /** Told what happens once it runs, e.g. that a node has joined. */
  readonly log?: (line: string) => void
  /** Gives up starting. */
  readonly signal?: AbortSignal
}

/** From powered on to joined, where nothing else is said: long enough to be seen, short enough for a test. */
const standardJoinDelayMilliseconds = 300

/** The platform on loopback, running in this process and its children. */
export interface Lab {
  readonly layout: LabLayout
  readonly clusters: readonly ClusterLab[]
  readonly vcenter: LabVcenter
  readonly people: People
  /** In the order of starting. */
  readonly parts: readonly Part[]
  /** Ends everything by id and removes `lab.json`. Idempotent. */
  readonly stop: () => Promise<void>
}

const realityOf = ({ reality, version }: Part): string =>
  `${reality === 'real' ? 'real' : 'stand-in'} (${version})`

const describe = (parts: readonly Part[], report: (line: string) => void): void => {
  for (const part of parts)
    report(
      `${part.cluster === null ? part.name : `${part.cluster} ${part.name}`}: ${realityOf(part)} at ${part.address}`,
    )
}

/** All of them, or the first failure once the others have started or failed too. */
const settled = async <T>(starting: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(starting)
  return Promise.all(starting)
}

const checkSignal = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw new Fault('cancelled', 'Starting the lab was cancelled.')
}

/** @throws {Fault} `invalid-request` where the options contradict each other. */
const dockerChoiceOf = ({ real = true, docker }: LabOptions): DockerChoice => {
  if (real) return docker ?? standardDocker
  if (docker === 'real')
    throw new Fault('invalid-request', 'A lab without real parts has no real Docker Engine.')
  return 'memory'
}

interface Starting {
  readonly options: LabOptions
  readonly layout: LabLayout
  readonly stops: StopList
  readonly journal: LabJournal
}

const startParts = async ({ options, layout, stops, journal }: Starting): Promise<Omit<Lab, 'stop'>> => {
  const { signal, report } = options
  const people = peopleOf(options.directory)
  const real = options.real ?? true
  const { tools, reason } = await chooseDocker(dockerChoiceOf(options))
  if (reason !== undefined) report(`no real Docker Engine: ${reason}; one in memory stands in`)
  report('starting vCenter')
  const vcenter = await startLabVcenter(real)
  stops.add(vcenter.stop)
  const faultProxies = options.faultProxies ?? false
  const front = faultProxies ? await behindFaultProxy(vcenter) : vcenter
  stops.add(front.stop)
  checkSignal(signal)
  report(`starting ${options.clusters.map(({ cluster }) => cluster).join(' and ')}`)
  const onProcess = (pid: number): Promise<void> => journal.addProcess(pid)
  const clusters = await settled(
    options.clusters.map((cluster) =>
      startCluster({
        ...{ cluster, people, layout, realVault: real, faultProxies, dockerd: tools, stops, onProcess },
        ...(options.log === undefined ? {} : { log: options.log }),
      }),
    ),
  )
  checkSignal(signal)
  startJoining({
    vcenter,
    clusters,
    stops,
    joinDelayMilliseconds: options.joinDelayMilliseconds ?? standardJoinDelayMilliseconds,
    log: options.log ?? (() => undefined),
  })
  return {
    layout,
    clusters,
    vcenter: front,
    people,
    parts: [front, ...clusters.flatMap(({ parts }) => parts)],
  }
}

/**
 * Starts the platform of the given clusters on loopback: a vCenter for all; a Docker engine, UCP, registry, Vault and
 * Jenkins for each. Writes `.tenantry/lab/` with every credential, and `lab.json` when all of it answers.
 *
 * Ends what it has started when it fails. @throws {Fault} of the part that did not start; `conflict` where
 * one runs in the folder already; `cancelled` by the signal.
 */
export const startLab = async (options: LabOptions): Promise<Lab> => {
  const layout = labLayout(options.root)
  const stops = new StopList()
  await refuseRunning(layout)
  await prepareLayout(layout)
  const journal = await LabJournal.open(layout)
  stops.add(() => journal.remove())
  try {
    const lab = await startParts({ options, layout, stops, journal })
    await writeCredentials(layout, lab)
    await journal.ready(lab.parts)
    describe(lab.parts, options.report)
    let stopped: Promise<void> | undefined
    const stop = (): Promise<void> => {
      stopped ??= stops.run()
      return stopped
    }
    return { ...lab, stop }
  } catch (error) {
    await stops.run().catch(() => undefined)
    throw error
  }
}
