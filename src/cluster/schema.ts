import * as z from 'zod'
import { bytes, cidr, cpu, key, ldapGroup, line } from '../core/fields.ts'
import { ClusterCompliance } from './compliance-schema.ts'
import { DedicatedPools, Pool, Swarm } from './pool-schema.ts'
import { Watch } from './watch-schema.ts'

const https = z.url({ protocol: /^https$/, error: 'an address that begins with https://' })
const address = z.string().regex(/^\d{1,3}(?:\.\d{1,3}){3}$/, "an IPv4 address, e.g. '10.80.0.1'")
const device = z
  .string()
  .regex(/^[a-z0-9.]{1,15}$/, "a network device of the nodes, e.g. 'ens224'")
  .describe('Network device of the nodes that carries the VLAN.')
const vlanId = z.int().min(1).max(4094).describe('The VLAN’s number, 1 to 4094.')
const host = z.string().regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/, 'a host name or address')

export const Stage = z
  .enum(['nonprod', 'prod'])
  .describe('Which form of each job role holds here, and which environments run here.')
export type Stage = z.infer<typeof Stage>

const Tenancy = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('shared').describe('For everyone.') })
      .describe('CaaS: every organization that asks for it.'),
    z
      .strictObject({
        kind: z.literal('dedicated').describe('For some.'),
        organizations: z.array(key('An organization')).min(1).describe('Who may be on it.'),
      })
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
    cpus: z.int().min(1).max(256).describe('Virtual CPUs.'),
    memory: bytes.describe("Memory, e.g. `'64Gi'`."),
    disk: bytes.describe("Size of the first disk, e.g. `'200Gi'`."),
    template: line(80).describe('The node template the VM is cloned from.'),
  })
  .describe('A kind of VM.')
export type Machine = z.infer<typeof Machine>

const Nfs = z
  .strictObject({
    kind: z.literal('nfs').describe('Mounted by NFS.'),
    server: host.describe('Host name or address of the server.'),
    export: z
      .string()
      .regex(/^\/[\w./-]*$/, "an absolute path, e.g. '/exports/tenantry'")
      .describe('Exported path; each volume is a folder below it.'),
    options: z
      .array(z.string().regex(/^[\w=.-]+$/, 'a mount option without blanks'))
      .optional()
      .describe("Mount options, e.g. `'nfsvers=4.1'`; none where absent."),
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
    kind: z.literal('cifs').describe('Mounted by CIFS.'),
    server: host.describe('Host name or address of the server.'),
    share: z
      .string()
      .regex(/^[\w.$-]+$/, "a share's name")
      .describe('Name of the share.'),
    credentials,
    options: z
      .array(z.string().regex(/^[\w=.-]+$/, 'a mount option without blanks'))
      .optional()
      .describe("Mount options, e.g. `'vers=3.1.1'`; none where absent."),
  })
  .describe('CIFS by the local driver.')

const NetApp = z
  .strictObject({
    kind: z.literal('netapp').describe('Made by NetApp’s plugin.'),
    driver: line(80).describe("Docker volume plugin, e.g. 'netapp:latest'."),
    svm: line(80).describe('Storage virtual machine.'),
    aggregate: line(80).describe('Aggregate that the volumes are made on.'),
  })
  .describe('NetApp by its docker volume plugin; the plugin holds its own credentials.')

const Scality = z
  .strictObject({
    kind: z.literal('scality').describe('A bucket of Scality.'),
    driver: line(80).describe("Docker volume plugin, e.g. 'rexray/s3fs:0.11'."),
    endpoint: https.describe('The S3 endpoint.'),
    region: line(40).describe('Region that requests are signed for.'),
    credentials,
  })
  .describe('Scality object storage (S3) by a docker volume plugin.')

export const StorageBackend = z
  .discriminatedUnion('kind', [Nfs, Cifs, NetApp, Scality])
  .describe('A storage back end of one of four kinds.')
export type StorageBackend = z.infer<typeof StorageBackend>

const Vlan = z
  .strictObject({
    id: vlanId,
    parent: device,
    subnet: cidr.describe('Addresses of the VLAN; tenants’ subnets lie inside.'),
    gateway: address.describe('First hop out of the VLAN; outside every tenant’s subnet.'),
  })
  .describe('A VLAN of the bank that tenants may have networks on.')

const PublicPool = z
  .strictObject({
    vlan: vlanId,
    parent: device,
    subnet: cidr.describe('The addresses; each public network gets a block of them.'),
    gateway: address.describe('First hop out of the pool.'),
    reserved: z.array(cidr).optional().describe('Blocks that are never given out; none where absent.'),
  })
  .describe('Public addresses of the cluster.')

const Vsphere = z
  .strictObject({
    datacenter: line(80).describe('Datacenter in vCenter.'),
    computeCluster: line(80).describe('Cluster of hosts.'),
    datastore: line(80).describe('Datastore of the VMs’ disks.'),
    network: line(80).describe('Network of the nodes’ first interface.'),
    distributedSwitch: line(80).describe('Switch that carries the VLANs’ port groups.'),
    folder: z
      .string()
      .regex(/^[\w-]+(?:\/[\w-]+)*$/, "a path of folders, e.g. 'swarm/nonprod'")
      .describe('VM folder that everything of this cluster stands in.'),
  })
  .describe('Where the VMs stand.')

const percent = z.number().min(1).max(100)

const NodeThresholds = z.strictObject({
  loadPercent: percent.describe('Load of a node in percent of its CPUs.'),
  memoryPercent: percent.describe('Memory of a node in use, in percent.'),
})

const Thresholds = z
  .strictObject({
    pause: NodeThresholds.describe('A node above either is paused.'),
    resume: NodeThresholds.describe('A paused node below both is resumed; lower than `pause`.'),
    cluster: z
      .strictObject({
        pausedPercent: percent.describe('Share of paused nodes in percent.'),
        loadPercent: percent.describe('Average load in percent.'),
        memoryPercent: percent.describe('Average memory in use, in percent.'),
      })
      .describe('Above one of them the cluster grows.'),
  })
  .describe('When a node is paused and resumed, and when the cluster grows.')

const price = z.number().min(0)

const Prices = z
  .strictObject({
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "an ISO 4217 code, e.g. 'EUR'")
      .describe('ISO 4217 code.'),
    cpuHour: price.describe('A CPU for an hour.'),
    memoryGiBHour: price.describe('A GiB of memory for an hour.'),
    storageGiBMonth: price.describe('A GiB of storage for a month.'),
    vmHour: price.describe('A VM of an organization’s own for an hour.'),
  })
  .describe('What is charged back.')

const image = z
  .string()
  .regex(
    /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*:[\w][\w.-]{0,127}$/,
    "an image with its tag, e.g. 'platform/jenkins-agent:3283'",
  )
  .max(200)

const Jenkins = z
  .strictObject({
    controllerImage: image.describe('Image with tag, in the registry of this cluster.'),
    agentImage: image.describe('Image of the agents, likewise.'),
    subnet: cidr.describe(
      'Space that the CI networks are cut from; a network of 16 addresses each, by name.',
    ),
  })
  .describe('What Jenkins controllers and agents run.')

/** A log driver with its options, as `logging` of a compose file. */
const Logging = z
  .strictObject({
    driver: line(80).describe("Log driver of the engines, e.g. 'journald' or 'splunk'."),
    options: z
      .record(line(80), line(500))
      .optional()
      .describe("Options of the driver, e.g. `{ 'max-size': '10m' }`; no credentials; none where absent."),
  })
  .describe('Where containers log to.')

/** A cluster file's object. The one source of the TypeScript type, the JSON Schema and the field tables. */
export const Cluster = z
  .strictObject({
    cluster: key('A cluster').describe('Name of the cluster; the file is named after it.'),
    stage: Stage,
    tenancy: Tenancy,
    endpoints: Endpoints,
    vsphere: Vsphere,
    machines: z.record(key('A machine'), Machine).describe('Kinds of VMs by name.'),
    pools: z.record(key('A pool'), Pool).describe('Pools of VMs by name.'),
    dedicatedPools: DedicatedPools.optional().describe(
      'What organizations may have of their own; nothing where absent: no tenant file may ask for a pool.',
    ),
    swarm: Swarm.optional().describe(
      'How VMs join the swarm by cloud-init; by what their template does where absent.',
    ),
    storage: z.record(key('A storage back end'), StorageBackend).describe('Storage back ends by name.'),
    overlaySpace: z.array(cidr).min(1).describe('Where overlay networks’ subnets lie.'),
    vlans: z.record(key('A VLAN'), Vlan).describe('VLANs by name.'),
    publicPool: PublicPool.optional().describe(
      'Public addresses of the cluster; no public networks where absent.',
    ),
    jenkins: Jenkins,
    capacity: z
      .strictObject({
        cpu: cpu.describe('CPU quotas added up.'),
        memory: bytes.describe('Memory quotas added up.'),
        storage: bytes.describe('Storage quotas added up.'),
        containers: z.int().min(1).describe('Containers quotas added up.'),
      })
      .describe('What the quotas of all organizations may add up to.'),
    ldap: z
      .strictObject({
        groupMemberAttribute: z
          .string()
          .regex(/^[a-zA-Z][a-zA-Z0-9-]{0,39}$/, "an LDAP attribute, e.g. 'member'")
          .describe('Attribute of a group that holds its members.'),
      })
      .describe('How team membership is read from LDAP groups.'),
    removeDefaultSchedulerGrant: z
      .boolean()
      .describe('Takes away everyone’s right to schedule on `/Shared`, which would defeat isolation.'),
    contentTrust: z
      .strictObject({
        required: z.boolean().describe('Only signed images run.'),
        signers: z
          .record(key('A team'), ldapGroup)
          .describe(
            'Teams of the organization `platform`, each by its LDAP group: a member of every one of them must have signed an image.',
          ),
      })
      .describe('Which images may run.'),
    registryWebhook: https
      .optional()
      .describe('Address that is told of pushes, scans and promotions; nobody where absent.'),
    thresholds: Thresholds,
    watch: Watch.optional().describe(
      'How long the watchers wait, and how far they go; each its own default where absent.',
    ),
    prices: Prices,
    logging: Logging.optional().describe(
      'What `tenantry compose merge` gives services whose files name no log driver; `json-file`, three files of 10 MB, where absent.',
    ),
    compliance: ClusterCompliance.optional().describe(
      'What the checks of compose files go by; each its own default where absent.',
    ),
  })
  .describe('One cluster of the platform.')
export type Cluster = z.infer<typeof Cluster>
