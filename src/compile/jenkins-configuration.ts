import type { Stage } from '../cluster/schema.ts'
import type { JobRole } from '../tenant/schema.ts'
import { registryImage } from './registry-image.ts'
import type { Amounts } from './reservation.ts'
import type { ResolvedCi, ResolvedTeam } from './resolve.ts'
import { commonName, vaultLogins } from './secrets.ts'
import type { TenantScope } from './tenant-scope.ts'
import { toYaml, type YamlValue } from './yaml.ts'

/** What the configuration needs beside the tenant. */
export interface JenkinsSettings {
  readonly ci: ResolvedCi
  /** Where people and agents reach the controller, ending in a slash. */
  readonly url: string
  readonly agentReservation: Amounts
}

/** Id under which Jenkins keeps the client bundle of the account that its agents are started with. */
const bundleCredential = 'ucp-client-bundle'

const look = ['Overall/Read', 'Job/Read', 'View/Read'] as const
const build = [...look, 'Job/Build', 'Job/Cancel'] as const
const configure = [...build, 'Job/Configure', 'Job/Create', 'Job/Workspace'] as const

/**
 * Jenkins permissions (role-strategy plugin) of each job role. Nobody administers: the platform configures as code, and an
 * administrator could read every credential. Who configures a job decides what it does, so on production no developer does.
 */
const permissions: Readonly<Record<Stage, Readonly<Record<JobRole, readonly string[]>>>> = {
  nonprod: {
    viewer: look,
    auditor: look,
    developer: configure,
    'release-manager': build,
    ci: build,
    operator: [...configure, 'Job/Delete', 'Overall/SystemRead'],
  },
  prod: {
    viewer: look,
    auditor: look,
    developer: look,
    'release-manager': configure,
    ci: build,
    operator: [...build, 'Overall/SystemRead'],
  },
}

/** Text of the tenant's file as itself: Jenkins fills in `${…}`, which would put a secret where its author likes. */
const literal = (text: string): string => text.replaceAll('${', '^${')

/** LDAP groups come by their common name; accounts by theirs. */
const entriesOf = (team: ResolvedTeam): readonly YamlValue[] =>
  team.ldapGroup.value === null
    ? team.members.value.map((user) => ({ user }))
    : [{ group: literal(commonName(team.ldapGroup.value)) }]

const rolesOf = (teams: readonly ResolvedTeam[], stage: Stage): readonly YamlValue[] =>
  teams.map((team) => ({
    name: team.name,
    permissions: permissions[stage][team.role.value],
    entries: entriesOf(team),
  }))

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)}m`

const cpus = (millis: number): string => String(millis / 1000)

const agentTemplate = ({ ci, agentReservation }: JenkinsSettings, image: string): YamlValue => ({
  name: 'agent',
  image,
  labelString: ci.agents.labels.value.join(' '),
  remoteFs: '/home/jenkins/agent',
  numExecutors: 1,
  maxInstances: ci.agents.max.value,
  cpuLimit: cpus(ci.agents.cpuMillis.value),
  memoryLimit: mebibytes(ci.agents.memoryBytes.value),
  cpuReservation: cpus(agentReservation.cpuMillis),
  memoryReservation: mebibytes(agentReservation.memoryBytes),
})

/** `https://ucp.example:443` → `tcp://ucp.example:443`, which is what docker clients call it. */
const dockerHost = (ucp: string): string => {
  const { hostname, port } = new URL(ucp)
  return `tcp://${hostname}:${port === '' ? '443' : port}`
}

/**
 * Agents are services of the organization's CI account (swarm-agents-cloud plugin): they stand in its default collection
 * and reach the controller by its address over WebSocket, so that they need no place in the controller's network.
 */
const cloudOf = ({ cluster }: TenantScope, settings: JenkinsSettings): YamlValue => ({
  swarmAgentsCloud: {
    name: cluster.cluster,
    dockerHost: dockerHost(cluster.endpoints.ucp),
    credentialsId: bundleCredential,
    jenkinsUrl: settings.url,
    maxConcurrentAgents: settings.ci.agents.max.value,
    templates: [agentTemplate(settings, registryImage(cluster, cluster.jenkins.agentImage))],
  },
})

/** `${…}` is filled in by Jenkins from the organization's `ci/jenkins` in Vault; nothing of it stands here. */
const securityRealm = ({ cluster }: TenantScope): YamlValue => ({
  ldap: {
    configurations: [
      {
        server: variable('ldapServer'),
        rootDN: variable('ldapRootDn'),
        managerDN: variable('ldapManagerDn'),
        managerPasswordSecret: variable('ldapManagerPassword'),
        groupMembershipStrategy: {
          fromGroupSearch: { filter: `(${cluster.ldap.groupMemberAttribute}={0})` },
        },
      },
    ],
  },
})

const variable = (name: string): string => `\${${name}}`

const credentials: YamlValue = {
  system: {
    domainCredentials: [
      {
        credentials: [
          {
            x509ClientCert: {
              scope: 'SYSTEM',
              id: bundleCredential,
              clientKeySecret: variable('ucpClientKey'),
              clientCertificate: variable('ucpClientCertificate'),
              serverCaCertificate: variable('ucpCaCertificate'),
            },
          },
          {
            vaultAppRoleCredential: {
              scope: 'GLOBAL',
              id: 'vault-approle',
              path: vaultLogins.approle,
              roleId: variable('CASC_VAULT_APPROLE'),
              secretId: variable('CASC_VAULT_APPROLE_SECRET'),
            },
          },
        ],
      },
    ],
  },
}

/** The controller's configuration as code (Jenkins' configuration-as-code plugin), as YAML. Holds no secret. */
export const jenkinsConfiguration = (scope: TenantScope, settings: JenkinsSettings): string =>
  toYaml({
    jenkins: {
      systemMessage: `Builds of ${literal(scope.resolved.displayName.value)} on ${scope.cluster.cluster}. Configured by Tenantry; changes made here are lost.`,
      numExecutors: 0,
      mode: 'EXCLUSIVE',
      securityRealm: securityRealm(scope),
      authorizationStrategy: {
        roleBased: { roles: { global: rolesOf(scope.resolved.teams, scope.cluster.stage) } },
      },
      clouds: settings.ci.agents.max.value === 0 ? [] : [cloudOf(scope, settings)],
    },
    credentials,
    unclassified: {
      location: { url: settings.url, adminAddress: literal(scope.resolved.technicalLead.value) },
      hashicorpVault: {
        configuration: {
          vaultUrl: scope.cluster.endpoints.vault,
          vaultCredentialId: 'vault-approle',
          engineVersion: 2,
        },
      },
    },
  })
