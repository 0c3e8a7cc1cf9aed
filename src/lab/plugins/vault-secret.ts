import { isDeepStrictEqual } from 'node:util'
import type { KvSecret, Vault } from '../../clients/vault.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import { type Properties, type ResourceType, SecretValue } from '../../provider/plugin.ts'
import { bridgeMarks, checkShape, flagOf, numberOf, observedInputs, textOf } from './vault-inputs.ts'

interface Place {
  readonly mount: string
  readonly name: string
}

/** `<mount>/data/<name>`, the vendor's id. */
const idOf = ({ mount, name }: Place): string => `${mount}/data/${name}`

const parseId = (id: string): Place => {
  const [, mount, name] = /^(.+?)\/data\/(.+)$/.exec(id) ?? []
  if (mount !== undefined && name !== undefined) return { mount, name }
  throw new Fault('invalid-request', `${id} is no id of a secret.`, {
    details: { hint: 'It reads `<mount>/data/<name>`.' },
  })
}

const placeOf = (properties: Properties): Place => ({
  mount: textOf(properties, 'mount') ?? '',
  name: textOf(properties, 'name') ?? '',
})

/** Values that are no text stand as JSON, as the vendor's plugin gives them. */
const textMap = (data: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )

const outputsOf = (place: Place, secret: KvSecret): Properties => ({
  mount: place.mount,
  name: place.name,
  path: idOf(place),
  data: textMap(secret.data),
  dataJson: JSON.stringify(secret.data),
  metadata: { version: String(secret.version), created_time: secret.createdTime },
})

const parseData = (inputs: Properties): Readonly<Record<string, unknown>> => {
  try {
    const data: unknown = JSON.parse(textOf(inputs, 'dataJson') ?? '{}')
    if (data !== null && typeof data === 'object' && !Array.isArray(data)) return { ...data }
  } catch {
    // The parser's message quotes the text, which is the secret.
  }
  throw new Fault('invalid-request', `dataJson of ${idOf(placeOf(inputs))} is not a JSON object.`)
}

/** Whether the newest version holds just this. */
const holds = (secret: KvSecret | undefined, data: Readonly<Record<string, unknown>>): boolean =>
  secret !== undefined && isDeepStrictEqual(secret.data, data)

/** Whether a failed write may have been carried out, by this call or by one before it whose answer was lost. */
const mayHaveBeenWritten = (error: unknown): boolean =>
  isFault(error, 'outcome-unknown') || isFault(error, 'unavailable') || isFault(error, 'conflict')

/**
 * Writes a version unless the newest one holds the same, and only over the version that was seen: however often a call
 * is repeated because its answer was lost, it makes one version.
 */
const ensure = async (vault: Vault, inputs: Properties): Promise<KvSecret | undefined> => {
  const { mount, name } = placeOf(inputs)
  const data = parseData(inputs)
  const existing = await vault.readSecret(mount, name)
  if (holds(existing, data)) return existing
  const seen = existing?.version ?? (await vault.newestVersion(mount, name))
  try {
    await vault.writeSecret(mount, name, data, numberOf(inputs, 'cas') ?? seen)
  } catch (error) {
    const left = mayHaveBeenWritten(error)
      ? await vault.readSecret(mount, name).catch(() => undefined)
      : undefined
    if (!holds(left, data)) throw error
    return left
  }
  return vault.readSecret(mount, name)
}

const write = async (vault: Vault, inputs: Properties): Promise<{ id: string; outputs: Properties }> => {
  const place = placeOf(inputs)
  const secret = await ensure(vault, inputs)
  if (secret !== undefined) return { id: idOf(place), outputs: outputsOf(place, secret) }
  throw new Fault('not-found', `The secret ${idOf(place)} was written and is not there.`)
}

/** `vault:kv/secretV2:SecretV2`. */
export const secretV2: ResourceType<Vault> = {
  secretOutputs: ['data', 'dataJson'],
  check: (inputs) => ({
    inputs,
    failures: checkShape(inputs, {
      mount: 'text!',
      name: 'text!',
      dataJson: 'text!',
      cas: 'number',
      deleteAllVersions: 'flag',
    }),
  }),
  diff: ({ inputs }, news) =>
    diffInputs(inputs, news, { replaceOn: ['mount', 'name'], ignore: [...bridgeMarks, 'cas'] }),
  create: (vault, inputs) => write(vault, inputs),
  read: async (vault, id, inputs) => {
    const place = parseId(id)
    const secret = await vault.readSecret(place.mount, place.name)
    if (secret === undefined) return undefined
    const outputs = outputsOf(place, secret)
    const observed = { mount: place.mount, name: place.name, dataJson: outputs.dataJson ?? '' }
    return { id, inputs: observedInputs(inputs, observed), outputs }
  },
  update: async (vault, _id, _olds, news) => (await write(vault, news)).outputs,
  delete: (vault, id, outputs) => {
    const { mount, name } = parseId(id)
    return flagOf(outputs, 'deleteAllVersions') === true
      ? vault.destroySecret(mount, name)
      : vault.deleteSecret(mount, name)
  },
}

/** `vault:kv/getSecretV2:getSecretV2`. The data is marked secret. */
export const getSecretV2 = async (vault: Vault, args: Properties): Promise<Properties> => {
  const place = placeOf(args)
  const secret = await vault.readSecret(place.mount, place.name, numberOf(args, 'version'))
  if (secret === undefined)
    throw new Fault('not-found', `No secret found at "${idOf(place)}".`, {
      details: {
        endpoint: vault.address,
        resource: `secret ${idOf(place)}`,
        hint: `Write it: \`vault kv put -mount=${place.mount} ${place.name} …\``,
      },
    })
  return {
    id: idOf(place),
    mount: place.mount,
    name: place.name,
    path: idOf(place),
    version: secret.version,
    createdTime: secret.createdTime,
    customMetadata: secret.customMetadata,
    deletionTime: '',
    destroyed: false,
    data: new SecretValue(textMap(secret.data)),
    dataJson: new SecretValue(JSON.stringify(secret.data)),
  }
}
