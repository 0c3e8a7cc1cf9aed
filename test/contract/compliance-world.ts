import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root as checkout } from '../../bin/bundle.mjs'
import { platformUser } from '../../src/lab/cluster-lab.ts'
import { callEngine } from '../../src/lab/docker/engine-calls.ts'
import { type Lab, startLab } from '../../src/lab/lab.ts'
import { type Registry, startRegistry } from '../../src/lab/registry/server.ts'
import { readDirectory } from '../../src/lab/ucp/directory.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import type { MadeEntry } from '../image/make-tar.ts'

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface ShownFinding {
  readonly rule: string
  readonly severity: string
  readonly message: string
}

/** A production cluster of the lab, its registry before a store of images, and the command as a process. */
export interface ComplianceWorld {
  readonly lab: Lab
  readonly registry: Registry
  readonly at: (name: string) => string
  /** Writes a file into the world's folder; resolves to its path. */
  readonly write: (name: string, text: string) => Promise<string>
  /** `tenantry compliance check … --tenant retail-banking --cluster prod --application payments`. */
  readonly check: (options: readonly string[], environment?: NodeJS.ProcessEnv) => Promise<Ended>
  /** `tenantry compose measure <stack> … --tenant retail-banking --cluster prod`. */
  readonly measure: (stack: string, options: readonly string[]) => Promise<Ended>
  /** Creates a service straight in the cluster's engine. */
  readonly run: (service: RunningSample) => Promise<void>
  readonly stop: () => Promise<void>
}

interface RunningSample {
  readonly name: string
  readonly stack: string
  readonly collection: string
  readonly containers: number
  readonly cpus: number
  readonly port?: number
  /** CPUs. */
  readonly reserved?: number
}

export const payments = '/Run/Std/retail-banking/payments'
export const repository = 'retail-banking/payments-api-prod'
/** As the compose files name it; the connections file says where the lab's registry really is. */
export const imageNamed = (tag: string): string => `registry.prod.bank.example/${repository}:${tag}`

/** Entries of a layer in which nothing is wrong. */
export const cleanEntries: readonly MadeEntry[] = [
  { name: 'etc/passwd', content: 'root:x:0:0::/:/bin/false\napp:x:1000:1000::/:/bin/false\n' },
  { name: 'opt/api', mode: 0o755, content: 'api' },
]

/** A stack with nothing wrong, of one service for each image. */
export const stackOf = (...images: readonly string[]): string => {
  const services = images.map(
    (image, at) => `  api${at}:
    image: ${image}
    user: '1000:1000'
    security_opt: [no-new-privileges]
    networks: [backend]
    healthcheck: { test: [CMD, /opt/api, health] }
    logging: { driver: gelf }
    deploy:
      labels: { com.docker.ucp.access.label: ${payments} }
      resources:
        limits: { cpus: '1', memory: 512M }
        reservations: { cpus: '0.1', memory: 128M }
      update_config: { failure_action: rollback }
      restart_policy: { condition: on-failure }
`,
  )
  return `name: payments\nservices:\n${services.join('')}networks:\n  backend: { external: true, name: retail-banking-backend }\n`
}

/** What Trivy says of an image without vulnerabilities. */
export const cleanScan = (image: string, digest?: string): string =>
  JSON.stringify({
    SchemaVersion: 2,
    CreatedAt: new Date().toISOString(),
    ArtifactName: image,
    Metadata: { RepoDigests: digest === undefined ? [] : [`${image.replace(/:[^:/]*$/, '')}@${digest}`] },
  })

export const findingsIn = ({ out, err }: Ended): readonly ShownFinding[] => {
  try {
    return (JSON.parse(out) as { findings: ShownFinding[] }).findings
  } catch {
    throw new Error(`It printed no report: ${out}${err}`)
  }
}

export const rulesIn = (ended: Ended): string[] => [...new Set(findingsIn(ended).map(({ rule }) => rule))]

const tenantry = (arguments_: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ended> =>
  new Promise((done) => {
    const child = execFile(
      process.execPath,
      [join(checkout, 'bin/tenantry.mjs'), ...arguments_],
      { env: { ...process.env, NO_COLOR: '1', ...environment }, maxBuffer: 1e8 },
      (_, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    )
  })

/** The team whose signature production asks for, with one who may sign; set before anything is pushed. */
const askForSignatures = ({ clusters: [cluster] }: Lab): void => {
  if (cluster === undefined) throw new Error('The lab has no cluster.')
  const { accounts, organizations, configuration } = cluster.ucp.state
  accounts.create({ name: 'retail-banking', isOrg: true })
  const platform = accounts.create({ name: 'platform', isOrg: true })
  const team = organizations.createTeam(platform.id, 'security', '')
  organizations.putTeamMember(team, accounts.get(platformUser).id)
  configuration.replace(
    '[trust_configuration]\nrequire_content_trust = true\nrequire_signature_from = ["platform/security"]\n',
    { roleExists: () => true, teamExists: (name) => name === 'platform/security' },
  )
}

const startWorldLab = async (files: string): Promise<Lab> => {
  for (const folder of ['tenants', 'stacks'])
    await cp(join(checkout, folder), join(files, folder), {
      recursive: true,
      filter: (path) => !path.endsWith('.yaml'),
    })
  await mkdir(join(files, '.tenantry'))
  const fleet = await loadFleet(files)
  if (!fleet.ok) throw new Error(JSON.stringify(fleet.issues))
  return startLab({
    root: files,
    clusters: fleet.value.clusters.map(({ value }) => value).filter(({ cluster }) => cluster === 'prod'),
    directory: await readDirectory(join(checkout, 'lab', 'directory.json')),
    report: () => undefined,
    real: false,
  })
}

/** The lab's connections, with the registry that has images in place of its own. */
const connectionsTo = async ({ layout }: Lab, { address, caCertificate }: Registry, folder: string) => {
  const { clusters } = JSON.parse(await readFile(layout.connections, 'utf8'))
  const caFile = join(folder, 'images-ca.pem')
  await writeFile(caFile, caCertificate)
  clusters.prod.registry = { ...clusters.prod.registry, endpoint: address, caFile }
  // Beside the lab's own: the paths in it are relative.
  const file = join(layout.folder, 'connections-images.json')
  await writeFile(file, JSON.stringify({ clusters }))
  return file
}

const serviceOf = ({ name, stack, collection, containers, cpus, port, reserved = 0 }: RunningSample) => ({
  Name: name,
  Labels: { 'com.docker.stack.namespace': stack, 'com.docker.ucp.access.label': collection },
  TaskTemplate: {
    ContainerSpec: { Image: 'app:1' },
    Resources: {
      Limits: { NanoCPUs: cpus * 1e9, MemoryBytes: 2 ** 23 },
      Reservations: { NanoCPUs: reserved * 1e9 },
    },
  },
  Mode: { Replicated: { Replicas: containers } },
  ...(port === undefined
    ? {}
    : { EndpointSpec: { Ports: [{ Protocol: 'tcp', PublishedPort: port, TargetPort: 80 }] } }),
})

/** @param store address of the distribution's registry that keeps the images; there are none to pull where absent. */
export const startComplianceWorld = async (store?: string): Promise<ComplianceWorld> => {
  const files = await mkdtemp(join(tmpdir(), 'tenantry-compliance-world-'))
  const lab = await startWorldLab(files)
  askForSignatures(lab)
  const [cluster] = lab.clusters
  if (cluster === undefined) throw new Error('The lab has no cluster.')
  const registry = await startRegistry({ ucp: cluster.ucp, ...(store === undefined ? {} : { store }) })
  registry.state.change({ createRepositoryOnPush: true })
  const TENANTRY_CONNECTIONS = await connectionsTo(lab, registry, files)
  const where = ['--tenant', 'retail-banking', '--cluster', 'prod']
  const at = (name: string): string => join(files, name)
  return {
    lab,
    registry,
    at,
    write: async (name, text) => {
      await writeFile(at(name), text)
      return at(name)
    },
    check: (options, environment = {}) =>
      tenantry(['--root', files, 'compliance', 'check', ...options, ...where, '--application', 'payments'], {
        TENANTRY_CONNECTIONS,
        ...environment,
      }),
    measure: (stack, options) =>
      tenantry(['--root', files, 'compose', 'measure', stack, ...where, ...options], {
        TENANTRY_CONNECTIONS,
      }),
    run: async (service) => {
      const call = { method: 'POST', path: '/services/create', json: serviceOf(service) } as const
      await callEngine(cluster.engine.socketPath, call)
    },
    stop: async () => {
      await registry.stop()
      await lab.stop()
      await rm(files, { recursive: true, force: true })
    },
  }
}
