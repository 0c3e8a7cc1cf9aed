import type { Vault } from '../../clients/vault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import { bridgeMarks, checkShape, observedInputs, textOf } from './vault-inputs.ts'

const write = async (vault: Vault, inputs: Properties): Promise<{ id: string; outputs: Properties }> => {
  // Vault folds names of policies.
  const name = (textOf(inputs, 'name') ?? '').toLowerCase()
  const policy = textOf(inputs, 'policy') ?? ''
  await vault.writePolicy(name, policy)
  return { id: name, outputs: { name, policy } }
}

/** `vault:index/policy:Policy`. Its id is its name; a write is idempotent, so an interrupted one is written again. */
export const policy: ResourceType<Vault> = {
  check: (inputs) => ({ inputs, failures: checkShape(inputs, { name: 'text!', policy: 'text!' }) }),
  diff: ({ inputs }, news) => diffInputs(inputs, news, { replaceOn: ['name'], ignore: bridgeMarks }),
  create: (vault, inputs) => write(vault, inputs),
  read: async (vault, id, inputs) => {
    const text = await vault.readPolicy(id)
    if (text === undefined) return undefined
    const observed = { name: textOf(inputs ?? {}, 'name') ?? id, policy: text }
    return { id, inputs: observedInputs(inputs, observed), outputs: { name: id, policy: text } }
  },
  update: async (vault, _id, _olds, news) => (await write(vault, news)).outputs,
  delete: (vault, id) => vault.deletePolicy(id),
}
