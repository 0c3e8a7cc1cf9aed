import * as z from 'zod'
import { accountName, bytes, cidr, cpu, key, ldapGroup, line } from '../core/fields.ts'
import { TenantCompliance } from './compliance-schema.ts'

/** The name that a thing had when it was made; it stays known by that. */
const previously = (what: string) =>
  key(what)
    .optional()
    .describe(
      'The name under which it was made, where it has another since: it stays known by that, and stays in the file for good; never renamed where absent.',
    )

const mail = z.email('an e-mail address, e.g. claire.martin@bank.example')

/** Groups of operations a person or a machine of an organization may need; each has a non-prod and a prod form. */
export const JobRole = z
  .enum(['viewer', 'developer', 'operator', 'release-manager', 'ci', 'auditor'])
  .describe('What the members do; each job role has a non-prod and a prod form.')
export type JobRole = z.infer<typeof JobRole>

export const ReservationPolicy = z
  .enum(['safe', 'optimized', 'minimum'])
  .describe(
    'How hardware is shared: `safe` reserves what is limited, `optimized` reserves less than the limit, `minimum` reserves what a container needs after its start under minimum load.',
  )
export type ReservationPolicy = z.infer<typeof ReservationPolicy>

export const Environment = z
  .enum(['dev', 'test', 'staging', 'prod'])
  .describe('`prod` runs on clusters of stage prod, the others on clusters of stage nonprod.')
export type Environment = z.infer<typeof Environment>

export const OfferName = z
  .enum(['run/std', 'run/edge', 'build/std'])
  .describe('A service offer of the platform.')
export type OfferName = z.infer<typeof OfferName>

export const Team = z
  .strictObject({
    role: JobRole,
    ldapGroup: ldapGroup
      .optional()
      .describe('Distinguished name of the LDAP group whose members are the team; no `members` beside it.'),
    members: z
      .array(accountName)
      .max(100)
      .optional()
      .describe('Accounts by name, for a team that does not follow an LDAP group; no `ldapGroup` beside it.'),
    applications: z
      .array(key('An application'))
      .min(1)
      .optional()
      .describe('The applications the team works on; all of the organization where absent.'),
    description: line(200).optional().describe('One line for reviewers and auditors.'),
    previously: previously('A team'),
  })
  .describe('A team of the organization: a job role and who holds it, by `ldapGroup` or by `members`.')
export type Team = z.infer<typeof Team>

const PoolRequest = z
  .strictObject({
    machine: key('A machine').describe("A machine type of the cluster file, e.g. 'large'."),
    min: z.int().min(1).max(100).describe('Fewest VMs.'),
    max: z.int().min(1).max(100).describe('Most VMs; the cluster watcher grows the pool up to it.'),
  })
  .describe('VMs of its own for the organization.')

const Offer = z
  .strictObject({ pool: PoolRequest.optional() })
  .describe('An offer that the organization uses; `run/edge` needs a `pool`, the others share theirs.')

export const Application = z
  .strictObject({
    environments: z.array(Environment).min(1).describe('Where it runs.'),
    repositories: z
      .array(key('A repository'))
      .max(50)
      .optional()
      .describe('Image repositories in the registry, below the organization’s name; none where absent.'),
    reservation: ReservationPolicy.optional().describe(
      'How its services share hardware: `safe`, `optimized` or `minimum`; the organization’s where absent.',
    ),
    offer: z
      .enum(['run/std', 'run/edge'])
      .optional()
      .describe('Where its services run; `run/std` where absent.'),
    secrets: z
      .array(key('A secret'))
      .max(50)
      .optional()
      .describe(
        'Names of secrets that the application reads from Vault; values never stand in this file; none where absent.',
      ),
    description: line(200).optional().describe('One line for reviewers and auditors.'),
    previously: previously('An application'),
  })
  .describe('An application: its environments, image repositories and reservation policy.')
export type Application = z.infer<typeof Application>

export const OverlayNetwork = z
  .strictObject({
    kind: z.literal('overlay').describe('Between containers of the cluster.'),
    subnet: cidr.describe('An IPv4 subnet in CIDR form, inside `overlaySpace` of its clusters.'),
    application: key('An application')
      .optional()
      .describe('Only this application; all of the organization where absent.'),
    internal: z.boolean().optional().describe('No way out of the network; false where absent.'),
    previously: previously('A network'),
  })
  .describe('A swarm overlay network, encrypted on clusters of stage prod.')

export const VpnNetwork = z
  .strictObject({
    kind: z.literal('vpn').describe('Into a VLAN of the bank.'),
    vlan: key('A VLAN').describe('A VLAN of the cluster file.'),
    subnet: cidr.describe('An IPv4 subnet in CIDR form, inside the VLAN’s, without its gateway.'),
    application: key('An application')
      .optional()
      .describe('Only this application; all of the organization where absent.'),
    previously: previously('A network'),
  })
  .describe('An ipvlan network on a VLAN of the bank, with a port group of its own.')

export const PublicNetwork = z
  .strictObject({
    kind: z.literal('public').describe('Reachable from outside.'),
    addresses: z.int().min(1).max(64).describe('How many public addresses the services need.'),
    subnet: cidr
      .optional()
      .describe(
        "Pins the block out of the cluster's public pool; a block derived from the names where absent.",
      ),
    application: key('An application')
      .optional()
      .describe('Only this application; all of the organization where absent.'),
    previously: previously('A network'),
  })
  .describe("An ipvlan network with addresses out of the cluster's public pool.")

export const Network = z
  .discriminatedUnion('kind', [OverlayNetwork, VpnNetwork, PublicNetwork])
  .describe('A network of one of three kinds.')
export type Network = z.infer<typeof Network>

export const Volume = z
  .strictObject({
    backend: key('A storage back end').describe('A storage back end of the cluster file.'),
    size: bytes.describe("How much it may hold, e.g. `'200Gi'`."),
    application: key('An application')
      .optional()
      .describe('Only this application; all of the organization where absent.'),
    access: z
      .enum(['simple', 'secured'])
      .optional()
      .describe('`secured`: encrypted in transit where the back end can; `simple` where absent.'),
    previously: previously('A volume'),
  })
  .describe('A docker volume on a storage back end; its data outlives the tenant.')
export type Volume = z.infer<typeof Volume>

const Agents = z
  .strictObject({
    max: z.int().min(1).max(100).describe('Most agents at once.'),
    cpu: cpu.optional().describe("CPU limit of an agent; the size class's where absent."),
    memory: bytes.optional().describe("Memory limit of an agent; the size class's where absent."),
    labels: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'a label without spaces'))
      .max(20)
      .optional()
      .describe('Jenkins labels that jobs ask for; none where absent.'),
  })
  .describe('Jenkins agents of the organization.')

const Controller = z
  .strictObject({
    cpu: cpu.optional().describe("CPU limit of the controller; the size class's where absent."),
    memory: bytes.optional().describe("Memory limit of the controller; the size class's where absent."),
  })
  .describe("The Jenkins controller's limits; the size class's where absent.")

export const ContinuousIntegration = z
  .strictObject({
    agents: Agents,
    controller: Controller.optional(),
    subnet: cidr
      .optional()
      .describe(
        "Pins the CI network's block out of the cluster's `jenkins.subnet`, 16 addresses or more; a block derived from the organization's name where absent.",
      ),
    account: accountName
      .optional()
      .describe(
        'The UCP account that pipelines deploy with; its default collection becomes the organization’s. No account where absent.',
      ),
  })
  .describe('A Jenkins controller and its agents.')

const Quota = z
  .strictObject({
    cpu: cpu.optional().describe("CPU limits of its containers added up; the size class's where absent."),
    memory: bytes.optional().describe("Memory limits added up; the size class's where absent."),
    storage: bytes.optional().describe("Sizes of its volumes added up; the size class's where absent."),
    containers: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe("Containers at once; the size class's where absent."),
  })
  .describe("The organization's envelope on a cluster; each part is the size class's where absent.")

const NetworkOverride = z
  .strictObject({
    subnet: cidr.optional().describe("Its subnet there; the network's own where absent."),
    addresses: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe("How many public addresses there; the network's own where absent."),
  })
  .describe('What differs of one network.')

const VolumeOverride = z
  .strictObject({
    size: bytes.optional().describe("Its size there; the volume's own where absent."),
    backend: key('A storage back end')
      .optional()
      .describe("A storage back end of that cluster; the volume's own where absent."),
  })
  .describe('What differs of one volume.')

const ClusterOverride = z
  .strictObject({
    size: z
      .enum(['small', 'medium', 'large', 'xlarge'])
      .optional()
      .describe('Another size there; `size` of the file where absent.'),
    quota: Quota.optional().describe('Parts of the quota there; those of the file where absent.'),
    reservation: ReservationPolicy.optional().describe(
      'Another policy there, for applications that have none of their own; `reservation` of the file where absent.',
    ),
    networks: z
      .record(key('A network'), NetworkOverride)
      .optional()
      .describe('What differs of networks, by name.'),
    volumes: z
      .record(key('A volume'), VolumeOverride)
      .optional()
      .describe('What differs of volumes, by name.'),
    offers: z
      .partialRecord(OfferName, Offer)
      .optional()
      .describe('Other offers there; those it does not name stay as in the file.'),
    ci: z
      .strictObject({
        agents: Agents.partial().optional().describe('What differs of the agents.'),
        controller: Controller.optional().describe('What differs of the controller.'),
        subnet: cidr.optional().describe("Its CI network's block there; that of the file where absent."),
      })
      .optional()
      .describe('What differs of the Jenkins.'),
  })
  .describe('What differs on one cluster.')

export const SizeClass = z
  .enum(['small', 'medium', 'large', 'xlarge'])
  .describe('A named size: quota and defaults, each overridable.')
export type SizeClass = z.infer<typeof SizeClass>

/** A tenant file's object. The one source of the TypeScript type, the JSON Schema and the field tables. */
export const Tenant = z
  .strictObject({
    organization: key('An organization')
      .min(2)
      .describe('Name of the organization; the file is named after it.'),
    displayName: line(80).optional().describe('Its name for people; `organization` where absent.'),
    size: SizeClass,
    owner: mail.describe('Who answers for the organization; differs from `technicalLead`.'),
    technicalLead: mail.describe('Who answers for its applications; differs from `owner`.'),
    costCentre: z
      .string()
      .regex(/^[A-Z]{2,6}-\d{3,6}$/, "letters, a hyphen and digits, e.g. 'RB-4711'")
      .describe('Where usage is charged.'),
    reservation: ReservationPolicy.optional().describe(
      'How hardware is shared: `safe` reserves what is limited, `optimized` reserves less than the limit, `minimum` reserves what a container needs after its start under minimum load; `optimized` where absent.',
    ),
    quota: Quota.optional(),
    teams: z.record(key('A team'), Team).describe('Teams by name.'),
    offers: z.partialRecord(OfferName, Offer).describe('The offers the organization uses.'),
    applications: z.record(key('An application'), Application).describe('Applications by name.'),
    networks: z.record(key('A network'), Network).optional().describe('Networks by name; none where absent.'),
    volumes: z.record(key('A volume'), Volume).optional().describe('Volumes by name; none where absent.'),
    ci: ContinuousIntegration.optional().describe(
      'A Jenkins controller and its agents, which need the offer `build/std`; none where absent.',
    ),
    clusters: z
      .record(key('A cluster'), ClusterOverride)
      .optional()
      .describe(
        'The clusters the organization is on, each with what differs there; every shared one where absent.',
      ),
    compliance: TenantCompliance.optional().describe(
      "What the checks of its compose files go by; the cluster's limits alone where absent.",
    ),
    lifecycle: z
      .enum(['active', 'frozen', 'draining', 'archived'])
      .optional()
      .describe(
        'Where the organization stands in its life. `frozen`: nothing changes but by an override. `draining`: no new workload, access read-only. `archived`: everything is gone but retained data; `active` where absent.',
      ),
    previously: key('An organization')
      .min(2)
      .optional()
      .describe(
        'The name under which the organization was made, where it has another since: accounts, collections, data and stacks keep it, and it stays in the file for good; never renamed where absent.',
      ),
  })
  .describe('One organization on the platform.')
export type Tenant = z.infer<typeof Tenant>
