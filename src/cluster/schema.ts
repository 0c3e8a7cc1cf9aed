import * as z from 'zod'
import { bytes, cidr, cpu, key } from '../core/fields.ts'

const https = z.url({ protocol: /^https$/, error: 'an address that begins with https://' })
const address = z.string().regex(/^\d{1,3}(?:\.\d{1,3}){3}$/, "an IPv4 address, e.g. '10.80.0.1'")
const vlanId = z.int().min(1).max(4094)
const host = z.string().regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/, 'a host name or address')

export const Stage = z
  .enum(['nonprod', 'prod'])
  .describe('Which form of each job role holds here, and which environments run here.')
export type Stage = z.infer<typeof Stage>

const Tenancy = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('shared') }).describe('CaaS: every organization that asks for it.'),
    z
      .strictObject({ kind: z.literal('dedicated'), organizations: z.array(key('An organization')).min(1) })
      .describe('CLaaS: only the named organizations.'),
  ])
  .describe('Who the cluster is for.')

const Endpoints = z
  .strictObject({
    ucp: https.describe('The UCP controller.'),
    registry: https.describe('The DTR registry.'),
    vault: https.describe('Vault of this cluster.'),
    vcenter: https.describe('The vCenter that holds its nodes.'),
    jenkinsDomain: host.describe('Domain under which the Jenkins controllers answer.'),
  })
  .describe('Where the systems answer; credentials come from the environment, never from this file.')

export const Machine = z
  .strictObject({
    cpus: z.int().min(1).max(256),
    memory: bytes,
    disk: bytes,
    template: z.string().min(1).max(80).describe('The node template the VM is cloned from.'),
  })
  .describe('A kind of VM.')
export type Machine = z.infer<typeof Machine>

const Pool = z
  .strictObject({
    offer: z.enum(['run/std', 'run/edge', 'build/std']),
    machine: key('A machine'),
    min: z.int().min(1).max(500),
    max: z.int().min(1).max(500),
  })
  .describe('VMs that an offer runs on.')

const Nfs = z
  .strictObject({
    kind: z.literal('nfs'),
    server: host,
    export: z.string().regex(/^\/[\w./-]*$/, "an absolute path, e.g. '/exports/tenantry'"),
    options: z
      .array(z.string().regex(/^[\w=.-]+$/))
      .optional()
      .describe("Mount options, e.g. 'nfsvers=4.1'."),
  })
  .describe('NFS by the local driver.')

const credentials = z
  .string()
  .regex(/^[a-z0-9-]+(?:\/[a-z0-9-]+)*$/, "a path below Vault's mount `platform`, e.g. 'storage/cifs'")
  .describe(
    'Path below the KV mount `platform` in Vault, with `username` and `password` (CIFS, NetApp) or `accessKey` and `secretKey` (Scality).',
  )

const Cifs = z
  .strictObject({
    kind: z.literal('cifs'),
    server: host,
    share: z.string().regex(/^[\w.$-]+$/, "a share's name"),
    credentials,
    options: z.array(z.string().regex(/^[\w=.-]+$/)).optional(),
  })
  .describe('CIFS by the local driver.')

const NetApp = z
  .strictObject({
    kind: z.literal('netapp'),
    driver: z.string().min(1).max(80).describe("Docker volume plugin, e.g. 'netapp:latest'."),
    svm: z.string().min(1).max(80).describe('Storage virtual machine.'),
    aggregate: z.string().min(1).max(80),
  })
  .describe('NetApp by its docker volume plugin; the plugin holds its own credentials.')

const Scality = z
  .strictObject({
    kind: z.literal('scality'),
    driver: z.string().min(1).max(80).describe("Docker volume plugin, e.g. 'rexray/s3fs:0.11'."),
    endpoint: https,
    region: z.string().min(1).max(40),
    credentials,
  })
  .describe('Scality object storage (S3) by a docker volume plugin.')

export const StorageBackend = z.discriminatedUnion('kind', [Nfs, Cifs, NetApp, Scality])
export type StorageBackend = z.infer<typeof StorageBackend>

const Vlan = z
  .strictObject({
    id: vlanId,
    parent: z.string().regex(/^[a-z0-9.]{1,15}$/, "a network device of the nodes, e.g. 'ens224'"),
    subnet: cidr,
    gateway: address.describe('First hop out of the VLAN; outside every tenant’s subnet.'),
  })
  .describe('A VLAN of the bank that tenants may have networks on.')

const PublicPool = z
  .strictObject({
    vlan: vlanId,
    parent: z.string().regex(/^[a-z0-9.]{1,15}$/),
    subnet: cidr,
    gateway: address,
    reserved: z.array(cidr).optional().describe('Blocks that are never given out.'),
  })
  .describe('Public addresses of the cluster.')

const Vsphere = z
  .strictObject({
    datacenter: z.string().min(1).max(80),
    computeCluster: z.string().min(1).max(80),
    datastore: z.string().min(1).max(80),
    network: z.string().min(1).max(80).describe('Network of the nodes’ first interface.'),
    distributedSwitch: z.string().min(1).max(80).describe('Switch that carries the VLANs’ port groups.'),
    folder: z
      .string()
      .regex(/^[\w-]+(?:\/[\w-]+)*$/)
      .describe('VM folder that everything of this cluster stands in.'),
  })
  .describe('Where the VMs stand.')

const Thresholds = z
  .strictObject({
    pause: z.strictObject({
      loadPercent: z.number().min(1).max(100),
      memoryPercent: z.number().min(1).max(100),
    }),
    resume: z.strictObject({
      loadPercent: z.number().min(1).max(100),
      memoryPercent: z.number().min(1).max(100),
    }),
    cluster: z.strictObject({
      pausedPercent: z.number().min(1).max(100),
      loadPercent: z.number().min(1).max(100),
      memoryPercent: z.number().min(1).max(100),
    }),
  })
  .describe('When a node is paused and resumed, and when the cluster grows.')

const Prices = z
  .strictObject({
    currency: z.string().regex(/^[A-Z]{3}$/),
    cpuHour: z.number().min(0),
    memoryGiBHour: z.number().min(0),
    storageGiBMonth: z.number().min(0),
    vmHour: z.number().min(0),
  })
  .describe('What is charged back.')

const Jenkins = z
  .strictObject({
    controllerImage: z.string().min(1).max(200).describe('Image with tag, in the registry of this cluster.'),
    agentImage: z.string().min(1).max(200),
    subnet: cidr.describe(
      'Space that the CI networks are cut from; a network of 16 addresses each, by name.',
    ),
  })
  .describe('What Jenkins controllers and agents run.')

/** A cluster file's object. The one source of the TypeScript type, the JSON Schema and the field tables. */
export const Cluster = z
  .strictObject({
    cluster: key('A cluster').describe('Name of the cluster; the file is named after it.'),
    stage: Stage,
    tenancy: Tenancy,
    endpoints: Endpoints,
    vsphere: Vsphere,
    machines: z.record(key('A machine'), Machine),
    pools: z.record(key('A pool'), Pool),
    storage: z.record(key('A storage back end'), StorageBackend),
    overlaySpace: z.array(cidr).min(1).describe('Where overlay networks’ subnets lie.'),
    vlans: z.record(key('A VLAN'), Vlan),
    publicPool: PublicPool.optional(),
    jenkins: Jenkins,
    capacity: z
      .strictObject({ cpu, memory: bytes, storage: bytes, containers: z.int().min(1) })
      .describe('What the quotas of all organizations may add up to.'),
    ldap: z
      .strictObject({ groupMemberAttribute: z.string().min(1).max(40) })
      .describe('How team membership is read from LDAP groups.'),
    removeDefaultSchedulerGrant: z
      .boolean()
      .describe('Takes away everyone’s right to schedule on `/Shared`, which would defeat isolation.'),
    contentTrust: z
      .strictObject({
        required: z.boolean(),
        signers: z.array(z.string()).describe('Teams as `organization/team`.'),
      })
      .describe('Which images may run.'),
    registryWebhook: https.optional().describe('Told of pushes, scans and promotions.'),
    thresholds: Thresholds,
    prices: Prices,
  })
  .describe('One cluster of the platform.')
export type Cluster = z.infer<typeof Cluster>
