import * as z from 'zod'
import { Denial } from './proxy-denial.ts'
import type { EngineSocket } from './proxy-engine.ts'
import { collectionIdOf } from './proxy-labels.ts'
import type { Subject } from './proxy-rules.ts'

type Labels = Readonly<Record<string, string>> | null | undefined

/** An engine's object as far as access goes: its id, its labels, and all of it. */
export interface PlacedObject {
  readonly id: string
  readonly labels: Labels
  readonly json: Readonly<Record<string, unknown>>
}

const Labelled = z.record(z.string(), z.string()).nullish()

/** Where ids and labels stand in an object, whichever subject it is: lists and inspects differ for containers. */
const Shape = z.looseObject({
  ID: z.string().optional(),
  Id: z.string().optional(),
  Name: z.string().optional(),
  Labels: Labelled,
  Spec: z
    .looseObject({
      Labels: Labelled,
      ContainerSpec: z.looseObject({ Labels: Labelled }).nullish(),
    })
    .nullish(),
  Config: z.looseObject({ Labels: Labelled }).nullish(),
  ContainerID: z.string().optional(),
})

const labelsOf = (subject: Subject, shape: z.infer<typeof Shape>): Labels => {
  switch (subject) {
    case 'task':
      return shape.Spec?.ContainerSpec?.Labels
    case 'container':
    case 'exec':
      return shape.Config?.Labels ?? shape.Labels
    case 'network':
    case 'volume':
      return shape.Labels
    default:
      return shape.Spec?.Labels
  }
}

/** Reads an entry of a list or an inspect. Errors: `@throws {Denial}` 502 when it is no object of the engine's. */
export const placedObject = (subject: Subject, json: unknown): PlacedObject => {
  const parsed = Shape.safeParse(json)
  const id = parsed.data?.ID ?? parsed.data?.Id ?? parsed.data?.Name
  if (!parsed.success || id === undefined)
    throw new Denial(502, `the engine answered with a ${subject} that is none`)
  return { id, labels: labelsOf(subject, parsed.data), json: parsed.data }
}

const folders: Readonly<Record<Exclude<Subject, 'exec'>, (reference: string) => string>> = {
  service: (id) => `/services/${id}`,
  task: (id) => `/tasks/${id}`,
  node: (id) => `/nodes/${id}`,
  network: (id) => `/networks/${id}`,
  volume: (id) => `/volumes/${id}`,
  secret: (id) => `/secrets/${id}`,
  config: (id) => `/configs/${id}`,
  container: (id) => `/containers/${id}/json`,
}

/** One object by id, name or id prefix; undefined where there is none. `reference` is not yet encoded. */
export const findObject = async (
  engine: EngineSocket,
  subject: Subject,
  reference: string,
): Promise<PlacedObject | undefined> => {
  if (subject === 'exec') return findContainerOfExec(engine, reference)
  const json = await engine.read(folders[subject](encodeURIComponent(reference)))
  return json === undefined ? undefined : placedObject(subject, json)
}

/** An exec stands where its container does; its own id is kept, for it is what the call names. */
const findContainerOfExec = async (
  engine: EngineSocket,
  reference: string,
): Promise<PlacedObject | undefined> => {
  const json = await engine.read(`/exec/${encodeURIComponent(reference)}/json`)
  const exec = Shape.safeParse(json)
  if (json === undefined || exec.data?.ContainerID === undefined) return undefined
  const container = await findObject(engine, 'container', exec.data.ContainerID)
  return container === undefined ? undefined : { ...container, id: reference }
}

/** The id of the collection an object is in. Pure. */
export const collectionOf = (object: PlacedObject): string => collectionIdOf(object.labels)

const lists: Readonly<
  Record<'node' | 'service' | 'secret' | 'config' | 'network' | 'volume' | 'container', string>
> = {
  node: '/nodes',
  service: '/services',
  secret: '/secrets',
  config: '/configs',
  network: '/networks',
  volume: '/volumes',
  container: '/containers/json?all=1',
}

/** The entries of a list answer: volumes come wrapped. */
export const entriesOf = (json: unknown): unknown[] => {
  if (Array.isArray(json)) return json
  if (json !== null && typeof json === 'object' && 'Volumes' in json && Array.isArray(json.Volumes))
    return json.Volumes
  return []
}

/** Everything of one kind. */
export const listObjects = async (
  engine: EngineSocket,
  subject: keyof typeof lists,
): Promise<PlacedObject[]> =>
  entriesOf(await engine.read(lists[subject])).map((entry) => placedObject(subject, entry))
