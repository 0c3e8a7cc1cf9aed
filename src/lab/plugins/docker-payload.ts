import type { PayloadFolder } from '../../clients/docker.ts'
import type { Payload, PayloadSpec } from '../../clients/docker-objects.ts'
import type { CheckFailure, Properties, ResourceType } from '../../provider/plugin.ts'
import { type Fields, field, text } from './docker-codec.ts'
import { isComputedIn, payloadFields } from './docker-fields.ts'
import {
  checkWith,
  type DockerClient,
  demandOwn,
  diffWith,
  isAsWanted,
  labelsOf,
  nameOf,
  readInputs,
  removeWhenFree,
  textAt,
} from './docker-inputs.ts'

/** What tells secrets and configs apart. */
interface Kind {
  readonly folder: PayloadFolder
  readonly what: string
  readonly fields: Fields
  /** Whether the engine gives data back. */
  readonly isReadable: boolean
  readonly checkData: (inputs: Properties) => readonly CheckFailure[]
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const checkBase64 = (inputs: Properties): readonly CheckFailure[] => {
  const data = textAt(inputs, 'data')
  return data === undefined || base64.test(data) ? [] : [{ property: 'data', reason: 'data is not base64' }]
}

const secretKind: Kind = {
  folder: 'secrets',
  what: 'Secret',
  fields: { ...payloadFields, data: field('Data', text, { required: true, computed: true }) },
  isReadable: false,
  checkData: checkBase64,
}

const configKind: Kind = {
  folder: 'configs',
  what: 'Config',
  fields: { ...payloadFields, dataRaw: field('Raw', text, { computed: true }) },
  isReadable: true,
  checkData: (inputs) => [
    ...checkBase64(inputs),
    ...(inputs.data === undefined && inputs.dataRaw === undefined
      ? [{ property: 'data', reason: 'one of data and dataRaw is needed' }]
      : []),
    ...(inputs.data !== undefined && inputs.dataRaw !== undefined
      ? [{ property: 'dataRaw', reason: 'only one of data and dataRaw can be given' }]
      : []),
  ],
}

const dataOf = (inputs: Properties): string =>
  textAt(inputs, 'data') ?? Buffer.from(textAt(inputs, 'dataRaw') ?? '', 'utf8').toString('base64')

const specOf = (kind: Kind, inputs: Properties): PayloadSpec => ({
  Name: nameOf(inputs),
  Labels: labelsOf(kind.fields, inputs),
  Data: dataOf(inputs),
})

/** The spec as the table names things: raw data only where the author wrote it so. */
const seenSpec = (payload: Payload, inputs: Properties | undefined): unknown =>
  inputs?.dataRaw === undefined
    ? payload.Spec
    : {
        ...payload.Spec,
        Data: undefined,
        Raw: Buffer.from(payload.Spec.Data ?? '', 'base64').toString('utf8'),
      }

const resource = (kind: Kind): ResourceType<DockerClient> => {
  const isComputed = isComputedIn(kind.fields)
  const byName = async ({ docker }: DockerClient, name: string): Promise<Payload | undefined> => {
    const there = await docker.payload(kind.folder, name)
    return there?.Spec.Name === name ? there : undefined
  }
  return {
    ...(kind.isReadable ? {} : { secretOutputs: ['data'] }),
    check: checkWith(kind.fields, kind.checkData),
    diff: diffWith(kind.fields),
    /** What an interrupted run left is kept only where it can be seen to be the same: a secret's data cannot. */
    async create(client, inputs, context) {
      const there = await byName(client, nameOf(inputs))
      if (there !== undefined) {
        demandOwn(`${kind.what} ${there.Spec.Name}`, labelsOf(kind.fields, inputs), there.Spec.Labels)
        const isSame = isAsWanted(kind.fields, inputs, seenSpec(there, inputs), isComputed)
        if (kind.isReadable && isSame) return { id: there.ID, outputs: inputs }
        await removeWhenFree(() => client.docker.removePayload(kind.folder, there.ID), client, context)
      }
      return { id: await client.docker.createPayload(kind.folder, specOf(kind, inputs)), outputs: inputs }
    },
    async read({ docker }, id, inputs) {
      const there = await docker.payload(kind.folder, id)
      if (there === undefined) return undefined
      const seen = readInputs(kind.fields, inputs, seenSpec(there, inputs), isComputed)
      return { id: there.ID, inputs: seen, outputs: seen }
    },
    update: async (_client, _id, _olds, news) => news,
    delete: (client, id, _outputs, context) =>
      removeWhenFree(() => client.docker.removePayload(kind.folder, id), client, context),
  }
}

/** `docker:index/secret:Secret`. The id is the engine's; its data never comes back. */
export const secret: ResourceType<DockerClient> = resource(secretKind)

/** `docker:index/serviceConfig:ServiceConfig`. The id is the engine's. */
export const serviceConfig: ResourceType<DockerClient> = resource(configKind)
