import type { Vault } from '../../clients/vault.ts'
import { Fault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import { bridgeMarks, checkShape, observedInputs, textOf, textsOf } from './vault-inputs.ts'

const defaultBackend = 'ldap'

const backendOf = (properties: Properties): string => textOf(properties, 'backend') ?? defaultBackend

/** `auth/<backend>/groups/<name>`, the vendor's id. */
const parseId = (id: string): { readonly backend: string; readonly groupname: string } => {
  const [, backend, groupname] = /^auth\/(.+)\/groups\/([^/]+)$/.exec(id) ?? []
  if (backend !== undefined && groupname !== undefined) return { backend, groupname }
  throw new Fault('invalid-request', `${id} is no id of an LDAP group.`, {
    details: { hint: 'It reads `auth/<backend>/groups/<name>`.' },
  })
}

const write = async (vault: Vault, inputs: Properties): Promise<{ id: string; outputs: Properties }> => {
  const backend = backendOf(inputs)
  const groupname = textOf(inputs, 'groupname') ?? ''
  const policies = [...(textsOf(inputs, 'policies') ?? [])]
  await vault.writeLdapGroup(backend, groupname, policies)
  return { id: `auth/${backend}/groups/${groupname}`, outputs: { backend, groupname, policies } }
}

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort())

/** `vault:ldap/authBackendGroup:AuthBackendGroup`. Policies are a set: their order does not count. */
export const ldapGroup: ResourceType<Vault> = {
  check: (inputs) => ({
    inputs,
    failures: checkShape(inputs, { groupname: 'text!', backend: 'text', policies: 'texts' }),
  }),
  diff: ({ inputs }, news) => {
    const isSame = sameTexts(textsOf(inputs, 'policies') ?? [], textsOf(news, 'policies') ?? [])
    return diffInputs(inputs, news, {
      replaceOn: ['groupname', 'backend'],
      ignore: isSame ? [...bridgeMarks, 'policies'] : bridgeMarks,
    })
  },
  create: (vault, inputs) => write(vault, inputs),
  read: async (vault, id, inputs) => {
    const { backend, groupname } = parseId(id)
    const policies = await vault.readLdapGroup(backend, groupname)
    if (policies === undefined) return undefined
    const outputs = { backend, groupname, policies }
    return { id, inputs: observedInputs(inputs, outputs), outputs }
  },
  update: async (vault, _id, _olds, news) => (await write(vault, news)).outputs,
  delete: (vault, id) => {
    const { backend, groupname } = parseId(id)
    return vault.deleteLdapGroup(backend, groupname)
  },
}
