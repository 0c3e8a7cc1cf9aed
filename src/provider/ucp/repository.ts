import {
  createRepository,
  deleteRepository,
  patchRepository,
  type RegistryRepository,
  type RepositorySettings,
  readRepository,
} from '../../clients/registry-repositories.ts'
import type { InputsOf } from '../input-fields.ts'
import { Unfinished } from '../plugin.ts'
import { registryFor, type UcpClient } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { findOrMake, required } from './ensure.ts'
import {
  assertOurs,
  isAnothers,
  markedOutput,
  repositoryDescription,
  repositoryOwner,
  withMark,
} from './ownership.ts'
import { anyText, repositoryPart } from './patterns.ts'
import { splitName } from './repository-name.ts'

const fields = {
  namespace: {
    shape: repositoryPart,
    description: 'The organization or user that holds it.',
    replaces: true,
  },
  name: { shape: repositoryPart, description: 'The name; it never changes.', replaces: true },
  shortDescription: { shape: anyText, description: 'A sentence for people.', optional: true, default: '' },
  visibility: {
    shape: { type: 'string', oneOf: ['private', 'public'] },
    description: '`public`: everybody who is signed in may pull.',
    optional: true,
    default: 'private',
  },
  scanOnPush: { shape: { type: 'boolean' }, description: 'Whether a pushed image is scanned at once.' },
  immutableTags: { shape: { type: 'boolean' }, description: 'Whether a tag can be pushed only once.' },
  tagLimit: {
    shape: { type: 'integer', minimum: 0, maximum: 1_000_000 },
    description: 'How many tags are kept; 0 is no limit. Left as it is where absent. Registry 2.6 or later.',
    optional: true,
  },
} as const

type RepositoryInputs = InputsOf<typeof fields>

const settings = (inputs: RepositoryInputs, owner: string): RepositorySettings => ({
  shortDescription: inputs.shortDescription,
  longDescription: repositoryDescription(owner),
  visibility: inputs.visibility,
  scanOnPush: inputs.scanOnPush,
  immutableTags: inputs.immutableTags,
  tagLimit: inputs.tagLimit,
})

const isAsWanted = (found: RegistryRepository, wanted: RepositorySettings): boolean =>
  found.shortDescription === wanted.shortDescription &&
  found.longDescription === wanted.longDescription &&
  found.visibility === wanted.visibility &&
  found.scanOnPush === wanted.scanOnPush &&
  found.immutableTags === wanted.immutableTags &&
  (wanted.tagLimit === undefined || found.tagLimit === wanted.tagLimit)

const isTagLimitManaged = (found: RegistryRepository, last: RepositoryInputs | undefined): boolean =>
  last === undefined ? (found.tagLimit ?? 0) > 0 : last.tagLimit !== undefined

const inputsOf = (found: RegistryRepository, last: RepositoryInputs | undefined) => ({
  namespace: found.namespace,
  name: found.name,
  shortDescription: found.shortDescription,
  visibility: found.visibility,
  scanOnPush: found.scanOnPush,
  immutableTags: found.immutableTags,
  ...(isTagLimitManaged(found, last) ? { tagLimit: found.tagLimit ?? 0 } : {}),
})

const sync = async (
  registry: ReturnType<typeof registryFor>,
  found: RegistryRepository,
  { inputs, client }: { inputs: RepositoryInputs; client: UcpClient },
): Promise<void> => {
  const wanted = settings(inputs, client.owner)
  if (isAsWanted(found, wanted)) return
  await patchRepository(registry, { namespace: inputs.namespace, name: inputs.name, ...wanted })
}

/** `ucp:registry:Repository`; its id is `<namespace>/<name>`. */
export const repository = defineResource({
  description: 'An image repository. Deleting it deletes its images. Import id: namespace/name.',
  fields,
  outputs: { repositoryId: { type: 'string', description: 'The id the registry gave it.' }, ...markedOutput },

  refineDiff: withMark,

  create: async (client, inputs, context) => {
    const { namespace, name } = inputs
    const id = `${namespace}/${name}`
    const registry = registryFor(client, context, `repository ${id}`)
    const { thing, existed } = await findOrMake(client, {
      signal: context.signal,
      find: () => readRepository(registry, namespace, name),
      make: () => createRepository(registry, { namespace, name, ...settings(inputs, client.owner) }),
    })
    if (existed)
      assertOurs(client, { what: `repository ${id}`, id, owner: repositoryOwner(thing.longDescription) })
    const outputs = { ...inputs, repositoryId: thing.id, marked: true }
    try {
      await sync(registry, thing, { inputs, client })
    } catch (error) {
      throw new Unfinished(id, outputs, error)
    }
    return { id, outputs }
  },

  read: async (client, { id, inputs: last, outputs }, context) => {
    const { namespace, name } = splitName(id)
    const found = await readRepository(registryFor(client, context, `repository ${id}`), namespace, name)
    if (found === undefined) return undefined
    const owner = repositoryOwner(found.longDescription)
    const known = textOutput(outputs, 'repositoryId')
    if (
      isAnothers(client, { what: `The repository ${id}`, id: found.id, owner }, { known, log: context.log })
    )
      return undefined
    const inputs = inputsOf(found, last)
    return {
      id: `${found.namespace}/${found.name}`,
      inputs,
      outputs: { ...inputs, repositoryId: found.id, marked: owner === client.owner },
    }
  },

  update: async (client, { id, inputs }, context) => {
    const registry = registryFor(client, context, `repository ${id}`)
    const found = required(await readRepository(registry, inputs.namespace, inputs.name), {
      what: `The repository ${id}`,
      endpoint: registry.endpoint,
      hint: 'It was deleted by somebody else: refresh the stack, then it is made again.',
    })
    await sync(registry, found, { inputs, client })
    return { repositoryId: found.id, marked: true }
  },

  delete: async (client, { id, outputs }, context) => {
    const { namespace, name } = splitName(id)
    const registry = registryFor(client, context, `repository ${id}`)
    const found = await readRepository(registry, namespace, name)
    if (found === undefined) return
    const isAnother = found.id !== textOutput(outputs, 'repositoryId')
    if (isAnother && repositoryOwner(found.longDescription) !== client.owner) {
      context.log('warning', `The repository ${id} was made anew by somebody else and is left alone.`)
      return
    }
    await deleteRepository(registry, namespace, name)
  },
})
