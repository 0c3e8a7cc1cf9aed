import { Vsphere } from '../../clients/vsphere.ts'
import { Secret } from '../../core/secret.ts'
import type { CheckFailure, Plugin, Properties, PropertyValue } from '../../provider/plugin.ts'
import { antiAffinityRule } from './vsphere-anti-affinity-rule.ts'
import { distributedPortGroup } from './vsphere-distributed-port-group.ts'
import { folder } from './vsphere-folder.ts'
import { functions } from './vsphere-functions.ts'
import { resourcePool } from './vsphere-resource-pool.ts'
import { tag } from './vsphere-tag.ts'
import { tagCategory } from './vsphere-tag-category.ts'
import { virtualMachine } from './vsphere-virtual-machine.ts'

/** The vendor's release whose tokens and properties are served. */
const vspherePluginVersion = '4.18.2'

// Source: the vendor's schema, `config.variables` with their `defaultInfo`.
const environment: Readonly<Record<string, string>> = {
  vsphereServer: 'VSPHERE_SERVER',
  user: 'VSPHERE_USER',
  password: 'VSPHERE_PASSWORD',
  allowUnverifiedSsl: 'VSPHERE_ALLOW_UNVERIFIED_SSL',
}

/** In the vendor's schema; they change nothing that the stand-in does. */
const ignored = new Set([
  'apiTimeout',
  'clientDebug',
  'clientDebugPath',
  'clientDebugPathRun',
  'persistSession',
  'restSessionPath',
  'vcenterServer',
  'vimKeepAlive',
  'vimSessionPath',
])

const filled = (inputs: Properties): Properties => {
  const fromEnvironment = Object.entries(environment).flatMap(([name, variable]) => {
    const value = process.env[variable]
    return value === undefined || value === '' ? [] : [[name, value]]
  })
  return { ...Object.fromEntries(fromEnvironment), ...inputs }
}

const asText = (value: PropertyValue | undefined): string => (typeof value === 'string' ? value : '')

/** Pulumi sends configuration that is no string as JSON text; both forms are taken. */
const isTrue = (value: PropertyValue | undefined): boolean =>
  value === true || value === 'true' || value === '1'

const failuresOf = (inputs: Properties): CheckFailure[] => [
  ...['vsphereServer', 'user', 'password']
    .filter((name) => inputs[name] === undefined)
    .map((property) => ({ property, reason: `is required; or set ${environment[property]}` })),
  ...Object.keys(inputs)
    .filter((name) => !(name in environment) && !ignored.has(name))
    .map((property) => ({ property, reason: 'is no setting of this provider' })),
]

/** The stand-in for the vendor's `vsphere` plugin, against the same vCenter API. */
export const vspherePlugin: Plugin<Vsphere> = {
  name: 'vsphere',
  version: vspherePluginVersion,

  // What the environment holds is not taken over into the inputs: they go into the state.
  checkConfig: (inputs) => ({ inputs, failures: failuresOf(filled(inputs)) }),

  configure(given) {
    const inputs = filled(given)
    return new Vsphere({
      server: asText(inputs.vsphereServer),
      user: asText(inputs.user),
      password: new Secret(asText(inputs.password)),
      tls: { allowUnverified: isTrue(inputs.allowUnverifiedSsl) },
    })
  },

  resources: {
    'vsphere:index/computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule': antiAffinityRule,
    'vsphere:index/distributedPortGroup:DistributedPortGroup': distributedPortGroup,
    'vsphere:index/folder:Folder': folder,
    'vsphere:index/resourcePool:ResourcePool': resourcePool,
    'vsphere:index/tag:Tag': tag,
    'vsphere:index/tagCategory:TagCategory': tagCategory,
    'vsphere:index/virtualMachine:VirtualMachine': virtualMachine,
  },
  functions,
}
