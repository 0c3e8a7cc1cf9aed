import * as z from 'zod'
import { Denial } from './proxy-denial.ts'
import type { EngineSocket } from './proxy-engine.ts'
import { collectionIdOf } from './proxy-labels.ts'
import type { Engines } from './proxy-members.ts'
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

const idOf = (shape: z.infer<typeof Shape> | undefined): string | undefined =>
  shape?.ID ?? shape?.Id ?? shape?.Name

/** Reads an entry of a list or an inspect. Errors: `@throws {Denial}` 502 when it is no object of the engine's. */
export const placedObject = (subject: Subject, json: unknown): PlacedObject => {
  const parsed = Shape.safeParse(json)
  const id = idOf(parsed.data)
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

/** What a node's own engine keeps; the rest is the swarm's, and a manager's to tell. */
const keptByNodes: ReadonlySet<Subject> = new Set(['container', 'exec', 'volume'])

/** Whether a thing of this kind is to be looked for on every node. Pure. */
export const isKeptByNodes = (subject: Subject): boolean => keptByNodes.has(subject)

/** An object and the engine that keeps it. */
export interface FoundObject extends PlacedObject {
  readonly engine: EngineSocket
}

/**
 * The objects of an id, name or id prefix on every node: one, or none; several where nodes keep volumes of one name, the
 * manager's first. `reference` is not yet encoded.
 */
export const findObjects = async (
  engines: Engines,
  subject: Subject,
  reference: string,
): Promise<readonly FoundObject[]> => {
  const look = (engine: EngineSocket): Promise<FoundObject | undefined> =>
    subject === 'exec' ? findContainerOfExec(engine, reference) : findOn(engine, subject, reference)
  const found = isKeptByNodes(subject) ? await engines.each(look) : [await look(engines.manager)]
  return found.filter((object) => object !== undefined)
}

/** The first of them. */
export const findObject = async (
  engines: Engines,
  subject: Subject,
  reference: string,
): Promise<FoundObject | undefined> => (await findObjects(engines, subject, reference))[0]

const findOn = async (
  engine: EngineSocket,
  subject: Exclude<Subject, 'exec'>,
  reference: string,
): Promise<FoundObject | undefined> => {
  const json = await engine.read(folders[subject](encodeURIComponent(reference)))
  return json === undefined ? undefined : { ...placedObject(subject, json), engine }
}

/** An exec stands where its container does; its own id is kept, for it is what the call names. */
const findContainerOfExec = async (
  engine: EngineSocket,
  reference: string,
): Promise<FoundObject | undefined> => {
  const json = await engine.read(`/exec/${encodeURIComponent(reference)}/json`)
  const exec = Shape.safeParse(json)
  if (json === undefined || exec.data?.ContainerID === undefined) return undefined
  const container = await findOn(engine, 'container', exec.data.ContainerID)
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

/** Entries of several engines as one list: what several nodes have under one id, as a volume's name, is told once. Pure. */
export const withoutRepeats = (entries: readonly unknown[]): unknown[] => {
  const seen = new Set<string | undefined>()
  return entries.filter((entry) => {
    const id = idOf(Shape.safeParse(entry).data)
    const isNew = !seen.has(id)
    seen.add(id)
    return isNew
  })
}

/** Everything of one kind. */
export const listObjects = async (engines: Engines, subject: keyof typeof lists): Promise<PlacedObject[]> => {
  const list = async (engine: EngineSocket): Promise<unknown[]> =>
    entriesOf(await engine.read(lists[subject]))
  const entries = isKeptByNodes(subject)
    ? withoutRepeats((await engines.each(list)).flatMap((found) => found ?? []))
    : await list(engines.manager)
  return entries.map((entry) => placedObject(subject, entry))
}
