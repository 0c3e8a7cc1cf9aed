import { readFileSync } from 'node:fs'
import { Vault } from '../../clients/vault.ts'
import { Fault } from '../../core/fault.ts'
import { Secret } from '../../core/secret.ts'
import type { CheckFailure, Plugin, Properties } from '../../provider/plugin.ts'
import { appRole } from './vault-app-role.ts'
import { textOf } from './vault-inputs.ts'
import { ldapGroup } from './vault-ldap-group.ts'
import { authBackend, mount } from './vault-mounts.ts'
import { policy } from './vault-policy.ts'
import { getSecretV2, secretV2 } from './vault-secret.ts'

const isGiven = (inputs: Properties, name: string): boolean => {
  const value = inputs[name]
  return value !== undefined && value !== null && value !== '' && value !== 'false' && value !== false
}

const checkConfig = (inputs: Properties): readonly CheckFailure[] => {
  const logins = Object.keys(inputs)
    .filter((name) => name.startsWith('authLogin') && isGiven(inputs, name))
    .map((property) => ({ property, reason: `the lab's stand-in takes a token, not ${property}` }))
  const missing = ['address', 'token']
    .filter((name) => !isGiven(inputs, name))
    .map((property) => ({ property, reason: `${property} is missing` }))
  const verify = isGiven(inputs, 'skipTlsVerify')
    ? [{ property: 'skipTlsVerify', reason: "the lab's stand-in always verifies: give caCertFile" }]
    : []
  return [...missing, ...logins, ...verify]
}

const readAuthority = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('invalid-request', `Vault's CA file ${file} cannot be read.`, {
      cause,
      details: { hint: 'Check `vault.caFile` of the connections file.' },
    })
  }
}

const configure = (inputs: Properties): Vault => {
  const caFile = textOf(inputs, 'caCertFile')
  const namespace = textOf(inputs, 'namespace')
  return new Vault({
    address: textOf(inputs, 'address') ?? '',
    token: new Secret(textOf(inputs, 'token') ?? ''),
    ...(namespace === undefined ? {} : { namespace }),
    ...(caFile === undefined ? {} : { tls: { ca: readAuthority(caFile) } }),
  })
}

/**
 * Stands in for the vendor's plugin `vault` 7.8.0 where that cannot be installed: the same tokens, properties and ids
 * for what tenants need, on Vault's HTTP API. What it does not know it refuses.
 */
export const vaultPlugin: Plugin<Vault> = {
  name: 'vault',
  version: '7.8.0',
  checkConfig: (inputs) => ({ inputs, failures: checkConfig(inputs) }),
  configure,
  resources: {
    'vault:index/mount:Mount': mount,
    'vault:index/policy:Policy': policy,
    'vault:index/authBackend:AuthBackend': authBackend,
    'vault:ldap/authBackendGroup:AuthBackendGroup': ldapGroup,
    'vault:appRole/authBackendRole:AuthBackendRole': appRole,
    'vault:kv/secretV2:SecretV2': secretV2,
  },
  functions: { 'vault:kv/getSecretV2:getSecretV2': getSecretV2 },
}
