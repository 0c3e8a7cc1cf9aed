import { randomBytes } from 'node:crypto'
import type * as z from 'zod'
import { NetworkForm, NodeSpec, PayloadSpec, ServiceSpec, VolumeForm } from '../../clients/docker-objects.ts'
import { ContainerForm } from '../docker/containers.ts'
import type { Access, Caller, CollectionNode, NodePolicy } from './access.ts'
import type { ProxyOptions } from './proxy-contract.ts'
import { Denial, demand, type Need } from './proxy-denial.ts'
import {
  accessLabel,
  collectionIdOf,
  collectionLabels,
  constrained,
  placedIn,
  rootCollection,
  systemCollection,
} from './proxy-labels.ts'
import type { Engines } from './proxy-members.ts'
import { collectionOf, findObjects, type PlacedObject } from './proxy-objects.ts'
import {
  containerReferences,
  containerVariants,
  networkVariants,
  type Reference,
  serviceReferences,
  serviceVariants,
  volumeVariants,
} from './proxy-references.ts'
import type { Subject } from './proxy-rules.ts'

type Labels = Readonly<Record<string, string>> | null | undefined

/** Who writes what, and with what it is judged. */
export interface Write {
  readonly caller: Caller
  readonly options: ProxyOptions
  readonly engines: Engines
  readonly body: Buffer
}

/** A body that may go to the engine, and the collection the thing will be in. */
export interface Accepted {
  readonly body: Buffer
  readonly collectionId: string
  /** Of a container: the collection of the nodes that may run it. */
  readonly schedulingCollectionId?: string
}

const parsed = <S extends z.ZodType>(body: Buffer, schema: S): z.output<S> => {
  let json: unknown
  try {
    json = JSON.parse(body.toString('utf8'))
  } catch {
    throw new Denial(400, 'the body is not JSON')
  }
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const [first] = result.error.issues
  throw new Denial(400, `${first?.path.join('.') || 'the body'}: ${first?.message ?? 'wrong type'}`)
}

const accepted = (json: unknown, collection: CollectionNode): Accepted => ({
  body: Buffer.from(JSON.stringify(json)),
  collectionId: collection.id,
})

const defaultPolicy: NodePolicy = {
  adminsScheduleOnManagers: false,
  advancedLicense: true,
  defaultNodeOrchestrator: 'swarm',
}

/** The node policy, with the documented defaults where the access rules know none. Never throws. */
export const nodePolicyOf = (access: Access): NodePolicy => access.nodePolicy?.() ?? defaultPolicy

/** Errors: `@throws {Denial}` 404 where the label names no collection: none is ever made for it (reference §6.1). */
const namedCollection = (access: Access, labels: Labels): CollectionNode | undefined => {
  const path = labels?.[accessLabel]
  if (path === undefined) return undefined
  const collection = access.collectionByPath(path)
  if (collection === undefined) throw new Denial(404, `no such collection: ${path}`)
  return collection
}

const targetOf = ({ caller, options: { access } }: Write, labels: Labels): CollectionNode =>
  namedCollection(access, labels) ?? access.defaultCollection(caller)

/** Where a thing is now; things of a collection that is gone count as in the root. */
const currentCollection = (access: Access, labels: Labels): CollectionNode => {
  const collection = access.collectionById(collectionIdOf(labels)) ?? access.collectionById(rootCollection)
  if (collection === undefined) throw new Denial(500, 'the root collection is missing')
  return collection
}

const needsOn = (
  operations: readonly string[],
  collections: readonly CollectionNode[],
  variants: readonly string[] = [],
): Need[] =>
  [...new Set(collections.map(({ id }) => id))].flatMap((collectionId) =>
    operations.flatMap((operation) => [
      { operation, collectionId },
      ...variants.map((variant) => ({ operation, collectionId, variant })),
    ]),
  )

/** The collection that a volume which is not there yet is to be in, by its name. */
type VolumePlace = (name: string) => CollectionNode

/** What using the referenced things needs; a missing volume is made in its place, other missing things the engine refuses. */
const referenceNeeds = async (
  { engines }: Write,
  references: readonly Reference[],
  placeOf: VolumePlace,
): Promise<{ needs: Need[]; missingVolumes: Set<string> }> => {
  const needs: Need[] = []
  const missingVolumes = new Set<string>()
  for (const { subject, reference, operation } of references) {
    const found = await findObjects(engines, subject, reference)
    needs.push(...found.map((object) => ({ operation, collectionId: collectionOf(object) })))
    if (found.length === 0 && subject === 'volume') {
      missingVolumes.add(reference)
      needs.push({ operation, collectionId: placeOf(reference).id })
    }
  }
  return { needs, missingVolumes }
}

/** Errors: `@throws {Denial}` 403 where the caller has Node Schedule on no ancestor (reference §6.3). */
const schedulingOf = ({ caller, options: { access } }: Write, target: CollectionNode): CollectionNode => {
  const nodes = access.schedulingCollection(caller, target.id)
  if (nodes === undefined)
    throw new Denial(403, `access denied:\nno access to Node Schedule, on collection ${target.id}`)
  return nodes
}

/** Errors: `@throws {Denial}` 403 in the words of UCP's content trust when the image is not signed as it must be. */
const demandSignature = async ({ options }: Write, image: string): Promise<void> => {
  const { required, signers } = options.access.contentTrust()
  if (!required || image === '') return
  if ((await options.isSigned?.(image, signers)) !== true)
    throw new Denial(403, `image ${image} did not meet required signing policy`)
}

const isInSystem = ({ id, ancestorIds }: CollectionNode): boolean =>
  id === systemCollection || ancestorIds.includes(systemCollection)

const mountsOf = (spec: ServiceSpec) => spec.TaskTemplate.ContainerSpec?.Mounts ?? []

/** Each thing of a stack is placed by itself (reference §6.1): a mount's own label says where its volume is, else the service's. */
const volumePlaces = (
  { options: { access } }: Write,
  spec: ServiceSpec,
  target: CollectionNode,
): VolumePlace => {
  const named = new Map(
    mountsOf(spec).map(({ Source, VolumeOptions }) => [
      Source,
      namedCollection(access, VolumeOptions?.Labels),
    ]),
  )
  return (name) => named.get(name) ?? target
}

const withVolumeLabels = (spec: ServiceSpec, missing: ReadonlySet<string>, placeOf: VolumePlace) =>
  mountsOf(spec).map((mount) =>
    mount.Type === 'volume' && missing.has(mount.Source ?? '')
      ? {
          ...mount,
          VolumeOptions: {
            ...mount.VolumeOptions,
            Labels: placedIn(placeOf(mount.Source ?? ''), mount.VolumeOptions?.Labels),
          },
        }
      : mount,
  )

/** The spec with UCP's labels on the service and on its containers, and its constraints. */
const placedService = (
  write: Write,
  spec: ServiceSpec,
  target: CollectionNode,
  volumes: { readonly missing: ReadonlySet<string>; readonly placeOf: VolumePlace },
): ServiceSpec => {
  const nodes = schedulingOf(write, target)
  const avoidsManagers =
    write.caller.isAdmin &&
    !nodePolicyOf(write.options.access).adminsScheduleOnManagers &&
    nodes.id === rootCollection &&
    !isInSystem(target)
  const template = spec.TaskTemplate
  const container = template.ContainerSpec
  return {
    ...spec,
    Labels: { ...placedIn(target, spec.Labels) },
    TaskTemplate: {
      ...template,
      ...(container
        ? {
            ContainerSpec: {
              ...container,
              Labels: { ...placedIn(target, container.Labels) },
              ...(container.Mounts
                ? { Mounts: withVolumeLabels(spec, volumes.missing, volumes.placeOf) }
                : {}),
            },
          }
        : {}),
      Placement: {
        ...template.Placement,
        Constraints: constrained(template.Placement?.Constraints, { nodes, target, avoidsManagers }),
      },
    },
  }
}

const judgeService = async (
  write: Write,
  spec: ServiceSpec,
  target: CollectionNode,
  own: readonly Need[],
): Promise<Accepted> => {
  const placeOf = volumePlaces(write, spec, target)
  const { needs, missingVolumes } = await referenceNeeds(write, serviceReferences(spec), placeOf)
  demand(write.options.access, write.caller, [...own, ...needs])
  const placed = placedService(write, spec, target, { missing: missingVolumes, placeOf })
  await demandSignature(write, spec.TaskTemplate.ContainerSpec?.Image ?? '')
  return accepted(placed, target)
}

const createService = (write: Write, operation: string): Promise<Accepted> => {
  const spec = parsed(write.body, ServiceSpec)
  const target = targetOf(write, spec.Labels)
  return judgeService(write, spec, target, needsOn([operation], [target], serviceVariants(spec)))
}

const createContainer = async (write: Write, operation: string): Promise<Accepted> => {
  const form = parsed(write.body, ContainerForm)
  const target = targetOf(write, form.Labels)
  const { needs } = await referenceNeeds(write, containerReferences(form), () => target)
  const own = needsOn([operation], [target], containerVariants(form))
  demand(write.options.access, write.caller, [...own, ...needs])
  const nodes = schedulingOf(write, target)
  await demandSignature(write, form.Image)
  return {
    ...accepted({ ...form, Labels: placedIn(target, form.Labels) }, target),
    schedulingCollectionId: nodes.id,
  }
}

const createLabelled =
  <S extends z.ZodType<{ Labels?: Labels }>>(schema: S, variantsOf: (form: z.output<S>) => string[]) =>
  async (write: Write, operation: string): Promise<Accepted> => {
    const form = parsed(write.body, schema)
    const target = targetOf(write, form.Labels)
    demand(write.options.access, write.caller, needsOn([operation], [target], variantsOf(form)))
    return accepted({ ...form, Labels: placedIn(target, form.Labels) }, target)
  }

type Create = (write: Write, operation: string) => Promise<Accepted>

/**
 * Judges a create: the operation on the target and whatever it uses, then the body with UCP's labels.
 *
 * Errors: `@throws {Denial}` 400, 403 or 404.
 */
export const creates: Readonly<Partial<Record<Subject, Create>>> = {
  service: createService,
  container: createContainer,
  network: createLabelled(NetworkForm, networkVariants),
  volume: createVolume,
  secret: createLabelled(PayloadSpec, () => []),
  config: createLabelled(PayloadSpec, () => []),
}

/** A volume of that name that is there already stays where it is: the engine answers it, so it takes attaching it. */
async function createVolume(write: Write, operation: string): Promise<Accepted> {
  const form = parsed(write.body, VolumeForm)
  const there = form.Name ? await findObjects(write.engines, 'volume', form.Name) : []
  demand(
    write.options.access,
    write.caller,
    there.map((volume) => ({ operation, collectionId: collectionOf(volume) })),
  )
  // Every node is to make it under one name.
  const named = { ...form, Name: form.Name || randomBytes(32).toString('hex') }
  const body = Buffer.from(JSON.stringify(named))
  return createLabelled(VolumeForm, volumeVariants)({ ...write, body }, operation)
}

const updateService = async (
  write: Write,
  object: PlacedObject,
  operations: readonly string[],
  spec: ServiceSpec,
): Promise<Accepted> => {
  const { access } = write.options
  const from = currentCollection(access, object.labels)
  const target = namedCollection(access, spec.Labels) ?? from
  return judgeService(write, spec, target, needsOn(operations, [from, target], serviceVariants(spec)))
}

const updatePayload = (write: Write, object: PlacedObject, operations: readonly string[]): Accepted => {
  const { access } = write.options
  const spec = parsed(write.body, PayloadSpec)
  const from = currentCollection(access, object.labels)
  const target = namedCollection(access, spec.Labels) ?? from
  demand(access, write.caller, needsOn(operations, [from, target]))
  return accepted({ ...spec, Labels: placedIn(target, spec.Labels) }, target)
}

const nodeHome = (access: Access, role: string): CollectionNode | undefined =>
  access.collectionByPath(role === 'manager' ? '/System' : '/Shared')

const refuseMove = (access: Access, from: CollectionNode, target: CollectionNode): void => {
  if (from.id === target.id) return
  if (isInSystem(from)) throw new Denial(400, 'Nodes in the system collection cannot be moved.')
  const isBuiltIn = ['/Shared', '/System'].includes(target.path)
  if (!nodePolicyOf(access).advancedLicense && !isBuiltIn)
    throw new Denial(
      400,
      'Nodes must be in either the shared or system collection without an advanced license.',
    )
}

/** A spec without the access label takes the node out of its collection; it goes home (reference §9.3). */
const updateNode = (write: Write, object: PlacedObject, operations: readonly string[]): Accepted => {
  const { access } = write.options
  const spec = parsed(write.body, NodeSpec)
  const from = currentCollection(access, object.labels)
  const target = namedCollection(access, spec.Labels) ?? nodeHome(access, spec.Role) ?? from
  demand(access, write.caller, needsOn(operations, [from, target]))
  refuseMove(access, from, target)
  const moved = { ...placedIn(target, spec.Labels), ...collectionLabels(target) }
  return accepted({ ...spec, Labels: moved }, target)
}

/**
 * Judges an update in the collection the object is in and the one it moves to; the body with UCP's labels.
 * `previous` is the spec of a service that goes back to it.
 *
 * Errors: `@throws {Denial}` 400, 403 or 404.
 */
export const judgeUpdate = async (
  write: Write,
  subject: Subject,
  object: PlacedObject,
  update: { readonly operations: readonly string[]; readonly isRollback: boolean },
): Promise<Accepted> => {
  if (subject === 'node') return updateNode(write, object, update.operations)
  if (subject !== 'service') return updatePayload(write, object, update.operations)
  if (!update.isRollback)
    return updateService(write, object, update.operations, parsed(write.body, ServiceSpec))
  const previous = ServiceSpec.safeParse(object.json.PreviousSpec)
  if (!previous.success) throw new Denial(400, 'the service has no previous spec')
  const { collectionId } = await updateService(write, object, update.operations, previous.data)
  return { body: write.body, collectionId }
}
