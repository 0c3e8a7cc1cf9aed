import { stringify } from 'yaml'
import type { Cluster } from '../../src/cluster/schema.ts'
import { type CheckRequest, type CheckResult, checkStack } from '../../src/compliance/check.ts'
import type { ImageFacts } from '../../src/compliance/image-facts.ts'
import type { RuleNeed } from '../../src/compliance/rule.ts'
import type { RunningUsage } from '../../src/compliance/running-usage.ts'
import type { ScanReport } from '../../src/compliance/scan/scan-report.ts'
import { tenantRights } from '../../src/compliance/tenant-rights.ts'
import type { ComposeModel } from '../../src/compliance/view/compose-model.ts'
import { modelOfNode } from '../../src/compliance/view/model-of-node.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import type { CompliancePolicy } from '../../src/policy/schema.ts'
import { Tenant } from '../../src/tenant/schema.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'

export const image = 'registry.nonprod.example/acme/shop:1.4.2'
const digest = `sha256:${'4e'.repeat(32)}`
const configDigest = `sha256:${'91'.repeat(32)}`
const label = 'com.docker.ucp.access.label'

/** A moment at which every date below is fresh. */
export const now = new Date('2026-11-22T12:00:00Z')

export const tenant = (more: object = {}): Tenant =>
  Tenant.parse({
    organization: 'acme',
    size: 'small',
    owner: 'ann@bank.example',
    technicalLead: 'bob@bank.example',
    costCentre: 'AC-1000',
    teams: { developers: { role: 'developer', members: ['bob'] } },
    offers: { 'run/std': {} },
    applications: {
      shop: { environments: ['dev', 'prod'], repositories: ['shop'], secrets: ['database'] },
      ledger: { environments: ['dev'], repositories: ['ledger'] },
    },
    networks: {
      backend: { kind: 'overlay', subnet: '10.64.1.0/24' },
      ledger: { kind: 'overlay', subnet: '10.64.2.0/24', application: 'ledger' },
    },
    volumes: { data: { backend: 'files', size: '10Gi' } },
    compliance: { publishedPorts: [{ from: 8443, to: 8449 }] },
    ...more,
  })

/** A stack that every rule is content with, as plain data that a case may change. */
export const goodStack = () => ({
  services: {
    web: {
      image,
      user: '1000:1000',
      security_opt: ['no-new-privileges:true'],
      environment: { LOG_LEVEL: 'info', DB_PASSWORD_FILE: '/run/secrets/database' } as Record<
        string,
        unknown
      >,
      ports: ['8443:8443'] as unknown[],
      networks: ['backend'],
      volumes: ['data:/var/lib/shop'] as unknown[],
      healthcheck: { test: ['CMD', '/bin/health'] } as Record<string, unknown>,
      logging: { driver: 'syslog' } as Record<string, unknown>,
      deploy: {
        replicas: 2,
        labels: { [label]: '/Run/Std/acme/shop' } as Record<string, unknown>,
        resources: {
          limits: { cpus: '1', memory: '512M' } as Record<string, unknown>,
          reservations: { cpus: '0.5', memory: '256M' } as Record<string, unknown>,
        },
        update_config: { parallelism: 1, failure_action: 'rollback' } as Record<string, unknown>,
        restart_policy: { condition: 'on-failure', delay: '5s' } as Record<string, unknown>,
      } as Record<string, unknown>,
    } as Record<string, unknown>,
  } as Record<string, Record<string, unknown>>,
  networks: { backend: { external: true, name: 'acme-backend' } } as Record<string, Record<string, unknown>>,
  volumes: { data: { external: true, name: 'acme-data' } } as Record<string, Record<string, unknown>>,
  secrets: {} as Record<string, Record<string, unknown>>,
  configs: {} as Record<string, Record<string, unknown>>,
})
export type Stack = ReturnType<typeof goodStack>

/** Facts of an image in which nothing is wrong. */
export const goodFacts = (): { -readonly [K in keyof ImageFacts]: ImageFacts[K] } => ({
  reference: image,
  source: 'registry',
  digest,
  configDigest,
  platform: 'linux/amd64',
  layers: [
    { digest, diffId: digest, storedBytes: 10, tarBytes: 20, entries: 2, createdBy: 'ADD rootfs.tar /' },
    { digest, diffId: digest, storedBytes: 10, tarBytes: 20, entries: 2, createdBy: 'RUN rm /usr/bin/su' },
  ],
  user: { declared: 'shop', uid: 1000, gid: 1000 },
  configuration: {
    environment: ['PATH=/usr/bin'],
    labels: {},
    entrypoint: ['/shop'],
    command: [],
    healthCheck: false,
    exposedPorts: ['8443/tcp'],
    volumes: [],
  },
  rootPaths: [],
  uidZeroNames: ['root'],
  malware: {
    state: 'scanned',
    scanner: 'ClamAV 1.4.3',
    signaturesFrom: '2026-11-21T08:00:00Z',
    filesScanned: 2,
    findings: [],
    skipped: [],
  },
  trust: { state: 'signed', digest, signers: ['targets/operations', 'targets/security'] },
  gaps: [],
})

export const goodScan = (): { -readonly [K in keyof ScanReport]: ScanReport[K] } => ({
  format: 'trivy',
  scanner: 'Trivy',
  image,
  digests: [digest],
  scannedAt: '2026-11-20T00:00:00Z',
  unfinished: undefined,
  vulnerabilities: [],
  counted: [],
  source: { file: 'scan.json', line: 1, column: 1 },
})

export type Facts = ReturnType<typeof goodFacts>
export type Scan = ReturnType<typeof goodScan>

/** What a case makes different of the good stack and of what is known about it. */
export interface Case {
  readonly stack?: (stack: Stack, web: Record<string, unknown>) => void
  readonly facts?: (facts: Facts) => void
  readonly scan?: (scan: Scan) => void
  readonly images?: 'none'
  readonly scans?: 'none'
  readonly running?: RunningUsage | 'unknown'
  readonly tenant?: object
  readonly cluster?: Partial<Cluster>
  readonly application?: string
  readonly asked?: readonly RuleNeed[]
  /** The platform's `compliance.ts`. */
  readonly policy?: CompliancePolicy
}

/** A model of one YAML text. Throws Error with the issues where it cannot be read. */
export const modelOf = (text: string, file = 'stack.yml'): ComposeModel => {
  const read = parseYaml(file, text)
  if (!read.ok) throw new Error(read.issues.map(({ message }) => message).join('; '))
  const [node] = read.value.documents
  if (node === undefined) throw new Error('no document')
  return modelOfNode(node, [file])
}

const modelFor = ({ stack }: Case): ComposeModel => {
  const good = goodStack()
  stack?.(good, good.services.web ?? {})
  return modelOf(stringify(good, { aliasDuplicateObjects: false }))
}

/** The request of a case. */
export const requestOf = (one: Case): CheckRequest => {
  const facts = goodFacts()
  one.facts?.(facts)
  const scan = goodScan()
  one.scan?.(scan)
  const cluster: Cluster = { ...nonprod, ...one.cluster }
  return {
    model: modelFor(one),
    stack: 'shop',
    rights: tenantRights(tenant(one.tenant), cluster, one.application, one.policy),
    asked: new Set(one.asked ?? ['files', 'images', 'scans', 'running']),
    unread: new Map(),
    images: new Map(one.images === 'none' ? [] : [[image, facts]]),
    scans: one.scans === 'none' ? [] : [scan],
    running: one.running === 'unknown' ? undefined : (one.running ?? { services: [] }),
    waivers: [],
    baseline: [],
    baselineFile: 'baseline.json',
    now,
  }
}

export const checkCase = (one: Case): CheckResult => checkStack(requestOf(one))

/** Rules of the open findings, each once, sorted. */
export const rulesOf = ({ open }: CheckResult): readonly string[] =>
  [...new Set(open.map(({ finding }) => finding.rule))].sort()
