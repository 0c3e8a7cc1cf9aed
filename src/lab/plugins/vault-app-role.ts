import type { AppRoleFields, Vault } from '../../clients/vault.ts'
import { Fault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, PropertyValue, ResourceType } from '../../provider/plugin.ts'
import {
  bridgeMarks,
  checkShape,
  defined,
  observedInputs,
  type Shape,
  textOf,
  textsOf,
} from './vault-inputs.ts'

/** Our property → the API's field. */
const fieldNames: Readonly<Record<string, string>> = {
  bindSecretId: 'bind_secret_id',
  secretIdBoundCidrs: 'secret_id_bound_cidrs',
  secretIdNumUses: 'secret_id_num_uses',
  secretIdTtl: 'secret_id_ttl',
  tokenBoundCidrs: 'token_bound_cidrs',
  tokenExplicitMaxTtl: 'token_explicit_max_ttl',
  tokenMaxTtl: 'token_max_ttl',
  tokenNoDefaultPolicy: 'token_no_default_policy',
  tokenNumUses: 'token_num_uses',
  tokenPeriod: 'token_period',
  tokenPolicies: 'token_policies',
  tokenTtl: 'token_ttl',
  tokenType: 'token_type',
}

const shape: Shape = {
  roleName: 'text!',
  backend: 'text',
  roleId: 'text',
  bindSecretId: 'flag',
  secretIdBoundCidrs: 'texts',
  secretIdNumUses: 'number',
  secretIdTtl: 'number',
  tokenBoundCidrs: 'texts',
  tokenExplicitMaxTtl: 'number',
  tokenMaxTtl: 'number',
  tokenNoDefaultPolicy: 'flag',
  tokenNumUses: 'number',
  tokenPeriod: 'number',
  tokenPolicies: 'texts',
  tokenTtl: 'number',
  tokenType: 'text',
}

const backendOf = (properties: Properties): string => textOf(properties, 'backend') ?? 'approle'

/** `auth/<backend>/role/<name>`, the vendor's id. */
const parseId = (id: string): { readonly backend: string; readonly name: string } => {
  const [, backend, name] = /^auth\/(.+)\/role\/([^/]+)$/.exec(id) ?? []
  if (backend !== undefined && name !== undefined) return { backend, name }
  throw new Fault('invalid-request', `${id} is no id of an AppRole.`, {
    details: { hint: 'It reads `auth/<backend>/role/<name>`.' },
  })
}

const isFieldValue = (value: PropertyValue): value is string | number | boolean | readonly string[] =>
  ['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value)

/** Of a field that was given before and is not now, the value that Vault begins with. */
const cleared: AppRoleFields = {
  bind_secret_id: true,
  secret_id_bound_cidrs: [],
  secret_id_num_uses: 0,
  secret_id_ttl: 0,
  token_bound_cidrs: [],
  token_explicit_max_ttl: 0,
  token_max_ttl: 0,
  token_no_default_policy: false,
  token_num_uses: 0,
  token_period: 0,
  token_policies: [],
  token_ttl: 0,
  token_type: 'default',
}

/** Every field is written, so that whatever an interrupted run or a person left becomes as it should be. */
const fieldsOf = (inputs: Properties): AppRoleFields => ({
  ...cleared,
  ...Object.fromEntries(
    Object.entries(fieldNames).flatMap(([property, field]) => {
      const value = inputs[property]
      return value === undefined || value === null || !isFieldValue(value) ? [] : [[field, value]]
    }),
  ),
})

const asProperty = (value: unknown): PropertyValue | undefined => {
  if (Array.isArray(value)) return value.map(String)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined
}

const observe = async (vault: Vault, backend: string, name: string): Promise<Properties | undefined> => {
  const fields = await vault.readAppRole(backend, name)
  const roleId = fields === undefined ? undefined : await vault.readRoleId(backend, name)
  if (fields === undefined || roleId === undefined) return undefined
  const read = Object.entries(fieldNames).map(([property, field]) => [property, asProperty(fields[field])])
  return defined({ ...Object.fromEntries(read), backend, roleName: name, roleId })
}

const write = async (vault: Vault, inputs: Properties): Promise<{ id: string; outputs: Properties }> => {
  const backend = backendOf(inputs)
  const name = textOf(inputs, 'roleName') ?? ''
  const roleId = textOf(inputs, 'roleId')
  await vault.writeAppRole(backend, name, fieldsOf(inputs))
  if (roleId !== undefined) await vault.writeRoleId(backend, name, roleId)
  const outputs = await observe(vault, backend, name)
  if (outputs !== undefined) return { id: `auth/${backend}/role/${name}`, outputs }
  throw new Fault('not-found', `AppRole ${name} was written and is not there.`, {
    details: { endpoint: vault.address, hint: 'Somebody removed it meanwhile: run again.' },
  })
}

const listProperties = ['tokenPolicies', 'tokenBoundCidrs', 'secretIdBoundCidrs'] as const

const sameSet = (inputs: Properties, news: Properties, name: string): boolean =>
  JSON.stringify([...(textsOf(inputs, name) ?? [])].sort()) ===
  JSON.stringify([...(textsOf(news, name) ?? [])].sort())

/** `vault:appRole/authBackendRole:AuthBackendRole`. Its `roleId` stays through every change of the role. */
export const appRole: ResourceType<Vault> = {
  check: (inputs) => ({ inputs, failures: checkShape(inputs, shape) }),
  diff: ({ inputs }, news) =>
    diffInputs(inputs, news, {
      replaceOn: ['roleName', 'backend'],
      ignore: [...bridgeMarks, ...listProperties.filter((name) => sameSet(inputs, news, name))],
    }),
  create: (vault, inputs) => write(vault, inputs),
  read: async (vault, id, inputs) => {
    const { backend, name } = parseId(id)
    const outputs = await observe(vault, backend, name)
    return outputs === undefined ? undefined : { id, inputs: observedInputs(inputs, outputs), outputs }
  },
  update: async (vault, _id, _olds, news) => (await write(vault, news)).outputs,
  delete: (vault, id) => {
    const { backend, name } = parseId(id)
    return vault.deleteAppRole(backend, name)
  },
}
