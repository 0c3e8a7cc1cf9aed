import { asRecord, asText, type ComposeModel, fieldOf, type Path, saysYes, valueAt } from './compose-model.ts'

/** One service of a model. */
export interface ServiceView {
  readonly name: string
  readonly path: Path
  readonly value: Readonly<Record<string, unknown>>
  /** The image's reference as the file has it; undefined where none is named. */
  readonly image: string | undefined
  /** Once and done: neither health, nor updates, nor restarts are asked of it. */
  readonly isJob: boolean
}

/** Modes of a service that ends. Source: Compose specification, `deploy.mode`. */
const jobModes: ReadonlySet<string> = new Set(['replicated-job', 'global-job'])

/** `replicated`, `global`, `replicated-job`, `global-job`, or what the file says instead. */
export const modeOf = ({ value }: Pick<ServiceView, 'value'>): string =>
  asText(fieldOf(fieldOf(value, 'deploy'), 'mode')) ?? 'replicated'

const serviceOf = (name: string, one: unknown): ServiceView => {
  const value = asRecord(one)
  const image = asText(fieldOf(value, 'image'))?.trim()
  return {
    name,
    path: ['services', name],
    value,
    image: image === '' ? undefined : image,
    isJob: jobModes.has(modeOf({ value })),
  }
}

/** Services of a model in its order, of every profile. Never throws. */
export const servicesOf = ({ value }: ComposeModel): readonly ServiceView[] =>
  Object.entries(asRecord(fieldOf(value, 'services'))).map(([name, one]) => serviceOf(name, one))

/** The value at a path below a service. */
export const inService = ({ value }: ServiceView, ...path: Path): unknown => valueAt(value, path)

/** Containers of the service at once on a cluster of so many nodes; jobs count what runs beside each other. */
export const containersOf = (service: ServiceView, nodes: number): number => {
  const mode = modeOf(service)
  if (mode === 'global' || mode === 'global-job') return nodes
  const replicas = inService(service, 'deploy', 'replicas') ?? inService(service, 'scale')
  const count = Number(asText(replicas) ?? '1')
  return Number.isSafeInteger(count) && count >= 0 ? count : 1
}

/** A network, volume, secret or config of the model's own list. */
export interface ResourceView {
  /** Its name in the file. */
  readonly key: string
  /** Its name on the cluster, where the file tells: a stack's own ones get the stack's name before theirs. */
  readonly name: string
  readonly external: boolean
  readonly path: Path
  readonly value: Readonly<Record<string, unknown>>
}

export type ResourceKind = 'networks' | 'volumes' | 'secrets' | 'configs'

/** `external: true`, or the old form with the name below it. */
const externalOf = (value: unknown): { readonly external: boolean; readonly name: string | undefined } => {
  const external = fieldOf(value, 'external')
  const named = asText(fieldOf(external, 'name'))
  return {
    external: saysYes(external) || (typeof external === 'object' && external !== null),
    name: named ?? asText(fieldOf(value, 'name')),
  }
}

/** What a model lists of one kind, in its order. Never throws. */
export const resourcesOf = (
  model: ComposeModel,
  kind: ResourceKind,
  stack: string,
): readonly ResourceView[] =>
  Object.entries(asRecord(fieldOf(model.value, kind))).map(([key, value]) => {
    const { external, name } = externalOf(value)
    return {
      key,
      name: name ?? (external ? key : `${stack}_${key}`),
      external,
      path: [kind, key],
      value: asRecord(value),
    }
  })
