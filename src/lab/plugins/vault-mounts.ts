import type { MountState, NewMount, Vault } from '../../clients/vault.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ReadResult, ResourceType } from '../../provider/plugin.ts'
import {
  bridgeMarks,
  checkShape,
  defined,
  flagOf,
  numberOf,
  observedInputs,
  type Shape,
  textMapOf,
  textOf,
} from './vault-inputs.ts'

/** One of the two kinds of mount: secrets engines and auth methods. */
interface MountKind {
  readonly word: string
  readonly shape: Shape
  readonly replaceOn: readonly string[]
  readonly read: (vault: Vault, path: string) => Promise<MountState | undefined>
  readonly enable: (vault: Vault, path: string, mount: NewMount) => Promise<void>
  readonly tune: (vault: Vault, path: string, mount: NewMount) => Promise<void>
  readonly disable: (vault: Vault, path: string) => Promise<void>
  readonly outputs: (path: string, state: MountState) => Properties
  /** What an import takes as inputs. */
  readonly inputs: (path: string, state: MountState) => Properties
}

const trimmed = (path: string): string => path.replace(/^\/+|\/+$/g, '')

/** The vendor's plugin takes the type for the path of an auth backend without one. */
const pathOf = (inputs: Properties): string => trimmed(textOf(inputs, 'path') ?? textOf(inputs, 'type') ?? '')

const mountOf = (inputs: Properties): NewMount => {
  const given = textOf(inputs, 'type') ?? ''
  const options = textMapOf(inputs, 'options')
  const defaultLeaseTtlSeconds = numberOf(inputs, 'defaultLeaseTtlSeconds')
  const maxLeaseTtlSeconds = numberOf(inputs, 'maxLeaseTtlSeconds')
  const local = flagOf(inputs, 'local')
  const sealWrap = flagOf(inputs, 'sealWrap')
  return {
    type: given,
    description: textOf(inputs, 'description') ?? '',
    ...(options === undefined ? {} : { options }),
    ...(defaultLeaseTtlSeconds === undefined ? {} : { defaultLeaseTtlSeconds }),
    ...(maxLeaseTtlSeconds === undefined ? {} : { maxLeaseTtlSeconds }),
    ...(local === undefined ? {} : { local }),
    ...(sealWrap === undefined ? {} : { sealWrap }),
  }
}

const ownerMark = /\[tenantry:[^\]]+\]$/

/**
 * Whether what is there was made by an interrupted run of ours: same type and version, and the same owner's mark at the
 * end of the description; where ours has no mark, the same description.
 */
const isOurs = (state: MountState, wanted: NewMount): boolean => {
  const type = wanted.type === 'kv-v2' ? 'kv' : wanted.type
  const version = wanted.type === 'kv-v2' ? '2' : wanted.options?.version
  if (state.type !== type || (state.options.version ?? '') !== (version ?? '')) return false
  const description = wanted.description ?? ''
  const mark = ownerMark.exec(description)?.[0]
  return mark === undefined
    ? description !== '' && state.description === description
    : state.description.endsWith(mark)
}

const foreign = (word: string, path: string, state: MountState, vault: Vault): Fault =>
  new Fault('foreign', `The ${word} ${path} exists in Vault and was not made by this stack.`, {
    details: {
      endpoint: vault.address,
      resource: `${word} ${path} (${state.type}${state.description === '' ? '' : `, “${state.description}”`})`,
      hint: `Take it over with \`pulumi import\` under the id ${path}, or move it away.`,
    },
  })

/** Whether a refused or lost call to enable may have been carried out, by it or by one before it. */
const mayHaveBeenMade = (error: unknown): boolean =>
  isFault(error, 'outcome-unknown') ||
  isFault(error, 'unavailable') ||
  (isFault(error, 'invalid-request') && /already in use/i.test(error.message))

/** What a lost call left there; the error itself where that cannot be seen, or nothing of ours is there. */
const leftBy = async (error: unknown, vault: Vault, path: string, kind: MountKind): Promise<MountState> => {
  const state = mayHaveBeenMade(error) ? await kind.read(vault, path).catch(() => undefined) : undefined
  if (state === undefined) throw error
  return state
}

/**
 * Makes what is not there and adopts what an interrupted call or run of ours made: the answer to a call that enables a
 * mount may be lost, and it cannot be sent again blindly, so what is there is looked at.
 */
const ensure = async (kind: MountKind, vault: Vault, path: string, wanted: NewMount): Promise<void> => {
  let existing = await kind.read(vault, path)
  if (existing === undefined)
    try {
      await kind.enable(vault, path, wanted)
      return
    } catch (error) {
      existing = await leftBy(error, vault, path, kind)
    }
  if (!isOurs(existing, wanted)) throw foreign(kind.word, path, existing, vault)
  await kind.tune(vault, path, wanted)
}

const mountResource = (kind: MountKind): ResourceType<Vault> => {
  const observe = async (
    vault: Vault,
    path: string,
    inputs: Properties | undefined,
  ): Promise<ReadResult | undefined> => {
    const state = await kind.read(vault, path)
    if (state === undefined) return undefined
    return {
      id: path,
      inputs: observedInputs(inputs, kind.inputs(path, state)),
      outputs: kind.outputs(path, state),
    }
  }
  const outputsOf = async (vault: Vault, path: string): Promise<Properties> => {
    const found = await observe(vault, path, undefined)
    if (found !== undefined) return found.outputs
    throw new Fault('not-found', `The ${kind.word} ${path} is gone from Vault.`, {
      details: { endpoint: vault.address, hint: 'Run a refresh, then run again.' },
    })
  }
  return {
    check: (inputs) => ({ inputs, failures: checkShape(inputs, kind.shape) }),
    diff: ({ inputs }, news) => diffInputs(inputs, news, { replaceOn: kind.replaceOn, ignore: bridgeMarks }),
    create: async (vault, inputs) => {
      const path = pathOf(inputs)
      await ensure(kind, vault, path, mountOf(inputs))
      return { id: path, outputs: await outputsOf(vault, path) }
    },
    read: (vault, id, inputs) => observe(vault, trimmed(id), inputs),
    update: async (vault, id, _olds, news) => {
      await kind.tune(vault, id, mountOf(news))
      return outputsOf(vault, id)
    },
    delete: (vault, id) => kind.disable(vault, id),
  }
}

/** `vault:index/mount:Mount`. Its id is its path. */
export const mount: ResourceType<Vault> = mountResource({
  word: 'mount',
  shape: {
    path: 'text!',
    type: 'text!',
    description: 'text',
    options: 'textMap',
    defaultLeaseTtlSeconds: 'number',
    maxLeaseTtlSeconds: 'number',
    local: 'flag',
    sealWrap: 'flag',
  },
  // The vendor's plugin moves a mount whose path changes; ours makes another one, which our deployments never ask for.
  replaceOn: ['path', 'type', 'local', 'sealWrap'],
  read: (vault, path) => vault.readMount(path),
  enable: (vault, path, wanted) => vault.enableMount(path, wanted),
  tune: (vault, path, wanted) => vault.tuneMount(path, wanted),
  disable: (vault, path) => vault.disableMount(path),
  inputs: (path, state) =>
    defined({ path, type: state.type, description: state.description, options: state.options }),
  outputs: (path, state) => ({
    path,
    type: state.type,
    description: state.description,
    accessor: state.accessor,
    options: state.options,
    defaultLeaseTtlSeconds: state.defaultLeaseTtlSeconds,
    maxLeaseTtlSeconds: state.maxLeaseTtlSeconds,
    local: state.local,
    sealWrap: state.sealWrap,
    externalEntropyAccess: false,
    forceNoCache: false,
    auditNonHmacRequestKeys: [],
    auditNonHmacResponseKeys: [],
  }),
})

/** `vault:index/authBackend:AuthBackend`. Its id is its path. */
export const authBackend: ResourceType<Vault> = mountResource({
  word: 'auth backend',
  shape: { type: 'text!', path: 'text', description: 'text', local: 'flag', disableRemount: 'flag' },
  replaceOn: ['path', 'type', 'local'],
  read: (vault, path) => vault.readAuthBackend(path),
  enable: (vault, path, wanted) => vault.enableAuthBackend(path, wanted),
  tune: (vault, path, wanted) => vault.tuneAuthBackend(path, wanted),
  disable: (vault, path) => vault.disableAuthBackend(path),
  inputs: (path, state) => ({ path, type: state.type, description: state.description }),
  outputs: (path, state) => ({
    path,
    type: state.type,
    description: state.description,
    accessor: state.accessor,
    local: state.local,
    tune: {},
  }),
})
