import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { type Node, NodeSpec } from '../../clients/docker-objects.ts'
import { parseFilters, passes, passesIdAndName, passesLabels } from './filters.ts'
import { resolveReference } from './names.ts'
import { reconcile } from './reconcile.ts'
import { badRequest, notFound, outOfSequence, Refusal } from './refusal.ts'
import { bodyOf, type EngineAnswer, type EngineRequest, flag, ok, parameter, versionOf } from './request.ts'
import { type EngineState, freshMeta, timestamp } from './state.ts'

/** What a machine has for its containers. */
export interface Hardware {
  readonly cpus: number
  readonly memoryBytes: number
}

/** A machine that joins the swarm. */
export interface JoiningNode extends Hardware {
  readonly hostname: string
  readonly role?: 'worker' | 'manager'
  /** `active` where absent. */
  readonly availability?: 'active' | 'pause' | 'drain'
  /** Of the node, not of its engine. */
  readonly labels?: Readonly<Record<string, string>>
  readonly address?: string
}

const resourcesOf = ({ cpus, memoryBytes }: Hardware): Node['Description']['Resources'] => ({
  NanoCPUs: Math.round(cpus * 1e9),
  MemoryBytes: memoryBytes,
})

const describe = (joining: JoiningNode): Node['Description'] => ({
  Hostname: joining.hostname,
  Platform: { Architecture: 'x86_64', OS: 'linux' },
  Resources: resourcesOf(joining),
  Engine: {
    EngineVersion: '19.03.13',
    Labels: {},
    Plugins: [
      { Type: 'Log', Name: 'json-file' },
      { Type: 'Network', Name: 'bridge' },
      { Type: 'Network', Name: 'ipvlan' },
      { Type: 'Network', Name: 'macvlan' },
      { Type: 'Network', Name: 'overlay' },
      { Type: 'Volume', Name: 'local' },
    ],
  },
  TLSInfo: { TrustRoot: '', CertIssuerSubject: '', CertIssuerPublicKey: '' },
})

const managerStatus = (state: EngineState, address: string): Record<string, unknown> => ({
  ManagerStatus: {
    ...([...state.nodes.values()].some((node) => node.Spec.Role === 'manager') ? {} : { Leader: true }),
    Reachability: 'reachable',
    Addr: `${address}:2377`,
  },
})

/** Adds a ready node; a host name that is there already makes the old one `down`, as a second join does. */
export const addNode = (state: EngineState, joining: JoiningNode): Node => {
  const address = joining.address ?? `10.0.0.${(state.nodes.size % 250) + 2}`
  const node: Node = {
    ID: state.nextId(),
    ...freshMeta(state),
    Spec: {
      Role: joining.role ?? 'worker',
      Availability: joining.availability ?? 'active',
      Labels: { ...joining.labels },
    },
    Description: describe(joining),
    Status: { State: 'ready', Addr: address },
    ...(joining.role === 'manager' ? managerStatus(state, address) : {}),
  }
  for (const other of state.nodes.values())
    if (other.Description.Hostname === joining.hostname) setNodeState(state, other.ID, 'down')
  state.nodes.set(node.ID, node)
  state.events.emit('node', 'create', node.ID, { name: joining.hostname })
  reconcile(state)
  return node
}

/** A machine that is switched off or comes back; with other hardware it was started anew. */
export const setNodeState = (
  state: EngineState,
  id: string,
  reached: 'ready' | 'down',
  hardware?: Hardware,
): void => {
  const node = state.nodes.get(id)
  if (node === undefined) return
  const { Resources } = node.Description
  const now = hardware === undefined ? Resources : resourcesOf(hardware)
  if (node.Status.State === reached && isDeepStrictEqual(now, Resources)) return
  const old = node.Status.State
  state.nodes.set(id, {
    ...node,
    Version: { Index: state.nextIndex() },
    UpdatedAt: timestamp(state.clock()),
    Description: { ...node.Description, Resources: now },
    Status: {
      ...node.Status,
      State: reached,
      ...(reached === 'down' ? { Message: 'heartbeat failure' } : { Message: '' }),
    },
  })
  state.events.emit('node', 'update', id, {
    name: node.Description.Hostname,
    'state.new': reached,
    'state.old': old,
  })
  reconcile(state)
}

/** Takes a node out; its tasks go elsewhere. */
export const dropNode = (state: EngineState, node: Node): void => {
  state.nodes.delete(node.ID)
  state.events.emit('node', 'remove', node.ID, { name: node.Description.Hostname })
  reconcile(state)
}

/** Errors: `@throws {Refusal}` 404. */
export const findNode = (state: EngineState, reference: string): Node => {
  const node = resolveReference(state.nodes, reference, ({ Description }) => Description.Hostname)
  if (node === undefined) throw notFound(`node ${reference} not found`)
  return node
}

const filterNames = ['id', 'name', 'label', 'node.label', 'role', 'membership']

export const listNodes = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const filters = parseFilters(request.query.get('filters'), filterNames)
  return ok(
    [...state.nodes.values()].filter(
      (node) =>
        passesIdAndName(filters, node.ID, node.Description.Hostname) &&
        passesLabels(filters, 'label', {}) &&
        passesLabels(filters, 'node.label', node.Spec.Labels) &&
        passes(filters, 'role', (role) => role === node.Spec.Role) &&
        passes(filters, 'membership', (membership) => membership === 'accepted'),
    ),
  )
}

export const inspectNode = (state: EngineState, request: EngineRequest): EngineAnswer =>
  ok(findNode(state, parameter(request)))

const changesOf = (old: Node['Spec'], next: Node['Spec']): Record<string, string> => ({
  ...(old.Availability === next.Availability
    ? {}
    : { 'availability.old': old.Availability, 'availability.new': next.Availability }),
  ...(old.Role === next.Role ? {} : { 'role.old': old.Role, 'role.new': next.Role }),
})

const refuseLastManager = (state: EngineState, node: Node, next: Node['Spec']): void => {
  if (node.Spec.Role !== 'manager' || next.Role === 'manager') return
  const managers = [...state.nodes.values()].filter(({ Spec }) => Spec.Role === 'manager')
  if (managers.length < 2)
    throw new Refusal(
      400,
      'rpc error: code = FailedPrecondition desc = attempting to demote the last manager of the swarm',
    )
}

const Choices = z.looseObject({ Role: z.string().default(''), Availability: z.string().default('') })

/** Errors: `@throws {Refusal}` 400 naming the choice that is none. */
const specOf = (request: EngineRequest): Node['Spec'] => {
  const { Role, Availability } = bodyOf(request, Choices)
  if (!NodeSpec.shape.Role.safeParse(Role).success) throw badRequest(`invalid Role: "${Role}"`)
  if (!NodeSpec.shape.Availability.safeParse(Availability).success)
    throw badRequest(`invalid Availability: "${Availability}"`)
  return bodyOf(request, NodeSpec)
}

export const updateNode = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const node = findNode(state, parameter(request))
  const version = versionOf(request, 'node')
  const spec = specOf(request)
  if (version !== node.Version.Index) throw outOfSequence()
  refuseLastManager(state, node, spec)
  state.nodes.set(node.ID, {
    ...node,
    Version: { Index: state.nextIndex() },
    UpdatedAt: timestamp(state.clock()),
    Spec: { ...spec, Labels: spec.Labels ?? {} },
  })
  state.events.emit('node', 'update', node.ID, {
    name: node.Description.Hostname,
    ...changesOf(node.Spec, spec),
  })
  reconcile(state)
  return { status: 200 }
}

export const deleteNode = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const node = findNode(state, parameter(request))
  const force = flag(request, 'force')
  if (node.Spec.Role === 'manager')
    throw badRequest(
      `rpc error: code = FailedPrecondition desc = node ${node.ID} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
    )
  if (!force && node.Status.State === 'ready')
    throw badRequest(
      `rpc error: code = FailedPrecondition desc = node ${node.ID} is not down and can't be removed`,
    )
  dropNode(state, node)
  return { status: 200 }
}
