import { readTrust, type TrustConfiguration, writeTrust } from '../../clients/ucp-config.ts'
import type { InputsOf } from '../input-fields.ts'
import { type Properties, Unfinished } from '../plugin.ts'
import { isPropertyList } from '../properties.ts'
import { ucpFor } from './client.ts'
import { defineResource } from './define-resource.ts'
import { badId } from './ensure.ts'

const fields = {
  required: {
    shape: { type: 'boolean' },
    description: 'Whether only signed images may be pulled and run.',
  },
  signers: {
    shape: {
      type: 'list',
      of: { type: 'string', pattern: /^[^/\s]+\/[^/\s]+$/, like: "'<organization>/<team>'" },
    },
    description:
      'Teams as `organization/team`; each must have signed. None: the signature of any user of UCP counts.',
  },
} as const

const onlyId = 'content-trust'
const resource = 'content trust'

const inputsOf = ({ required, signers }: TrustConfiguration) => ({
  required: required ?? false,
  signers: [...(signers ?? [])],
})

const sorted = ({ required, signers }: InputsOf<typeof fields>) => ({
  required,
  signers: [...new Set(signers)].sort(),
})

const before = (outputs: Properties): TrustConfiguration => {
  const signers = outputs.signersBefore
  return {
    required: typeof outputs.requiredBefore === 'boolean' ? outputs.requiredBefore : undefined,
    signers: isPropertyList(signers) ? signers.filter((one) => typeof one === 'string') : undefined,
  }
}

/** `ucp:index:ContentTrust`; there is one a cluster, its id is `content-trust`. */
export const contentTrust = defineResource({
  description:
    'Which images a cluster runs. Everything else in the configuration file stays as it is. Deleting it sets what was there before. Import id: content-trust.',
  fields,
  outputs: {
    requiredBefore: { type: 'boolean', description: 'What `required` was before.' },
    signersBefore: { type: 'array', description: 'What `signers` were before.' },
  },

  normalize: sorted,

  create: async (client, inputs, context) => {
    const ucp = ucpFor(client, context, resource)
    return client.oneAtATime(async () => {
      const was = inputsOf(await readTrust(ucp))
      const outputs = { ...inputs, requiredBefore: was.required, signersBefore: was.signers }
      try {
        await writeTrust(ucp, inputs, context.signal)
      } catch (error) {
        // What was there before cannot be seen a second time.
        throw new Unfinished(onlyId, outputs, error)
      }
      return { id: onlyId, outputs }
    })
  },

  read: async (client, { id, outputs }, context) => {
    if (id !== onlyId) throw badId(id, onlyId)
    const inputs = inputsOf(await readTrust(ucpFor(client, context, resource)))
    return {
      id,
      inputs,
      outputs: { requiredBefore: inputs.required, signersBefore: inputs.signers, ...outputs, ...inputs },
    }
  },

  update: async (client, { inputs }, context) => {
    const ucp = ucpFor(client, context, resource)
    await client.oneAtATime(() => writeTrust(ucp, inputs, context.signal))
    return {}
  },

  delete: async (client, { outputs }, context) => {
    const ucp = ucpFor(client, context, resource)
    const was = before(outputs)
    await client.oneAtATime(() => writeTrust(ucp, was, context.signal))
  },
})
