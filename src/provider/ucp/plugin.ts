import { type Clock, systemClock } from '../../clients/clock.ts'
import { Registry } from '../../clients/registry.ts'
import { Ucp, type UcpOptions } from '../../clients/ucp.ts'
import { Secret } from '../../core/secret.ts'
import { checkFields, type Fields } from '../input-fields.ts'
import { packageSchema } from '../package-schema.ts'
import { type Plugin, type Properties, type PropertyValue, SecretValue } from '../plugin.ts'
import { oneAtATime, type UcpClient } from './client.ts'
import { collection } from './collection.ts'
import { contentTrust } from './content-trust.ts'
import { defaultCollection } from './default-collection.ts'
import type { DefinedResource } from './define-resource.ts'
import { grant } from './grant.ts'
import { nodePlacement } from './node-placement.ts'
import { organization } from './organization.ts'
import { organizationMember } from './organization-member.ts'
import { someText } from './patterns.ts'
import { promotionPolicy } from './promotion-policy.ts'
import { repository } from './repository.ts'
import { revokedGrant } from './revoked-grant.ts'
import { role } from './role.ts'
import { team } from './team.ts'
import { teamAccess } from './team-access.ts'
import { teamMember } from './team-member.ts'
import { webhook } from './webhook.ts'

const version = '0.1.0'

const endpoint = {
  type: 'string',
  pattern: /^https?:\/\/[^\s/]+\/?$/,
  like: "an address, e.g. 'https://ucp.bank.example:443'",
} as const

const config = {
  endpoint: { shape: endpoint, description: 'The address of UCP.' },
  username: { shape: someText, description: 'An administrator of UCP.' },
  password: { shape: someText, description: 'That user’s password.', secret: true },
  caCertificate: {
    shape: someText,
    description: 'PEM of the authority that signed UCP’s certificate; the system’s authorities where absent.',
    optional: true,
  },
  registryEndpoint: { shape: endpoint, description: 'The address of the registry.' },
  registryUsername: { shape: someText, description: 'A user of the registry.' },
  registryToken: { shape: someText, description: 'That user’s password or access token.', secret: true },
  registryCaCertificate: {
    shape: someText,
    description: 'PEM of the authority that signed the registry’s certificate.',
    optional: true,
  },
  owner: {
    shape: { type: 'string', pattern: /^[^\s:[\]]+$/, like: 'a name without white space and : [ ]' },
    description:
      'Who owns what is made: the stack’s name. It is marked on every thing that can carry a mark.',
  },
  adopt: {
    shape: { type: 'boolean' },
    description: 'Whether things that exist and are not the owner’s are taken over.',
    optional: true,
    default: false,
  },
} as const satisfies Fields

const resources: Readonly<Record<string, DefinedResource>> = {
  'ucp:index:Organization': organization,
  'ucp:index:OrganizationMember': organizationMember,
  'ucp:index:Team': team,
  'ucp:index:TeamMember': teamMember,
  'ucp:index:Collection': collection,
  'ucp:index:Role': role,
  'ucp:index:Grant': grant,
  'ucp:index:RevokedGrant': revokedGrant,
  'ucp:index:DefaultCollection': defaultCollection,
  'ucp:index:NodePlacement': nodePlacement,
  'ucp:index:ContentTrust': contentTrust,
  'ucp:registry:Repository': repository,
  'ucp:registry:TeamAccess': teamAccess,
  'ucp:registry:PromotionPolicy': promotionPolicy,
  'ucp:registry:Webhook': webhook,
}

/** What tests replace. */
export interface UcpPluginOptions {
  readonly clock?: Clock
  readonly http?: UcpOptions['http']
}

// Provider configuration travels as text: what is no text comes as JSON (provider_registry.go of 3.245.0).
const flag = (value: PropertyValue | undefined): PropertyValue | undefined => {
  if (value instanceof SecretValue) return flag(value.value)
  return value === 'true' || value === 'false' ? value === 'true' : value
}

const withFlag = (inputs: Properties): Properties => {
  const adopt = flag(inputs.adopt)
  return adopt === undefined ? inputs : { ...inputs, adopt }
}

const checkConfig: Plugin<UcpClient>['checkConfig'] = (inputs) => {
  const { failures } = checkFields(config, withFlag(inputs))
  return { inputs, failures }
}

const text = (inputs: Properties, name: string): string => {
  const value = inputs[name]
  return typeof value === 'string' ? value : ''
}

const trust = (inputs: Properties, name: string): { caCertificate?: string } => {
  const caCertificate = text(inputs, name)
  return caCertificate === '' ? {} : { caCertificate }
}

const clientOf = (inputs: Properties, { clock = systemClock, http }: UcpPluginOptions): UcpClient => {
  const shared = { clock, ...(http === undefined ? {} : { http }) }
  return {
    ucp: new Ucp({
      ...shared,
      ...trust(inputs, 'caCertificate'),
      endpoint: text(inputs, 'endpoint'),
      username: text(inputs, 'username'),
      password: new Secret(text(inputs, 'password')),
    }),
    registry: new Registry({
      ...shared,
      ...trust(inputs, 'registryCaCertificate'),
      endpoint: text(inputs, 'registryEndpoint'),
      username: text(inputs, 'registryUsername'),
      token: new Secret(text(inputs, 'registryToken')),
    }),
    owner: text(inputs, 'owner'),
    adopt: flag(inputs.adopt) === true,
    clock,
    grantsPut: new Set(),
    oneAtATime: oneAtATime(),
  }
}

const schema = (): string =>
  JSON.stringify(
    packageSchema({
      name: 'ucp',
      version,
      description: 'Docker Enterprise: UCP’s access control, nodes and settings, and the registry.',
      config,
      resources: Object.fromEntries(
        Object.entries(resources).map(([token, { schema: one }]) => [token, one]),
      ),
    }),
  )

/** The `ucp` plugin: UCP and the registry. Knows nothing of tenants. */
export const ucpPlugin = (options: UcpPluginOptions = {}): Plugin<UcpClient> => ({
  name: 'ucp',
  version,
  checkConfig,
  configure: (inputs) => clientOf(inputs, options),
  resources,
  schema,
})
