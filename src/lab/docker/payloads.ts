import { type Payload, PayloadSpec } from '../../clients/docker-objects.ts'
import { canonicalJson } from '../../core/canonical.ts'
import { parseFilters, passes, passesLabels } from './filters.ts'
import { checkPayloadName, resolveReference } from './names.ts'
import { badRequest, conflict, notFound, outOfSequence } from './refusal.ts'
import {
  bodyOf,
  created,
  type EngineAnswer,
  type EngineRequest,
  noContent,
  ok,
  parameter,
  versionOf,
} from './request.ts'
import { configIds, secretIds } from './service-references.ts'
import { type EngineState, freshMeta, timestamp } from './state.ts'

/** Secrets and configs: the same calls, with the differences in this table. */
export interface PayloadKind {
  readonly kind: 'secret' | 'config'
  /** Most bytes of data (swarmkit: 500 KiB for a secret, 1000 KiB for a config). */
  readonly mostBytes: number
  readonly store: (state: EngineState) => Map<string, Payload>
  readonly usedBy: typeof secretIds
  /** What an inspect may show. */
  readonly shown: (payload: Payload) => Payload
}

const withoutData = (payload: Payload): Payload => {
  const { Data: _hidden, ...spec } = payload.Spec
  return { ...payload, Spec: spec }
}

export const secretKind: PayloadKind = {
  kind: 'secret',
  mostBytes: 500 * 1024,
  store: ({ secrets }) => secrets,
  usedBy: secretIds,
  shown: withoutData,
}

export const configKind: PayloadKind = {
  kind: 'config',
  mostBytes: 1000 * 1024,
  store: ({ configs }) => configs,
  usedBy: configIds,
  shown: (payload) => payload,
}

const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/

const checkData = ({ kind, mostBytes }: PayloadKind, data: string): void => {
  const wrong = data.search(/[^A-Za-z0-9+/=_-]/)
  if (wrong >= 0 || !base64.test(data))
    throw badRequest(`illegal base64 data at input byte ${wrong >= 0 ? wrong : data.indexOf('=')}`)
  const size = Buffer.from(data, 'base64').length
  if (size > 0 && size < mostBytes) return
  throw badRequest(
    `rpc error: code = InvalidArgument desc = ${kind} data must be larger than 0 and less than ${mostBytes} bytes`,
  )
}

const find = (state: EngineState, table: PayloadKind, reference: string): Payload => {
  const payload = resolveReference(table.store(state), reference, ({ Spec }) => Spec.Name)
  if (payload === undefined) throw notFound(`${table.kind} ${reference} not found`)
  return payload
}

export const createPayload =
  (table: PayloadKind) =>
  (state: EngineState, request: EngineRequest): EngineAnswer => {
    const spec = bodyOf(request, PayloadSpec)
    checkPayloadName(spec.Name)
    checkData(table, spec.Data ?? '')
    for (const { Spec } of table.store(state).values())
      if (Spec.Name === spec.Name)
        throw conflict(`rpc error: code = AlreadyExists desc = ${table.kind} ${spec.Name} already exists`)
    const payload: Payload = {
      ID: state.nextId(),
      ...freshMeta(state),
      Spec: { ...spec, Labels: spec.Labels ?? {} },
    }
    table.store(state).set(payload.ID, payload)
    state.events.emit(table.kind, 'create', payload.ID, { name: spec.Name })
    return created({ ID: payload.ID })
  }

export const listPayloads =
  (table: PayloadKind) =>
  (state: EngineState, request: EngineRequest): EngineAnswer => {
    const filters = parseFilters(request.query.get('filters'), ['id', 'name', 'names', 'label'])
    return ok(
      [...table.store(state).values()]
        .filter(
          ({ ID, Spec }) =>
            passes(filters, 'id', (id) => ID.startsWith(id)) &&
            passes(filters, 'name', (name) => Spec.Name.startsWith(name)) &&
            passes(filters, 'names', (name) => Spec.Name === name) &&
            passesLabels(filters, 'label', Spec.Labels),
        )
        .map(table.shown),
    )
  }

export const inspectPayload =
  (table: PayloadKind) =>
  (state: EngineState, request: EngineRequest): EngineAnswer =>
    ok(table.shown(find(state, table, parameter(request))))

export const updatePayload =
  (table: PayloadKind) =>
  (state: EngineState, request: EngineRequest): EngineAnswer => {
    const payload = find(state, table, parameter(request))
    const version = versionOf(request, table.kind)
    const { Labels, Data, ...rest } = bodyOf(request, PayloadSpec)
    if (version !== payload.Version.Index) throw outOfSequence()
    const { Labels: _old, Data: oldData, ...oldRest } = payload.Spec
    const sameData = Data === undefined || Data === oldData
    if (!sameData || canonicalJson(rest) !== canonicalJson(oldRest))
      throw badRequest('rpc error: code = InvalidArgument desc = only updates to Labels are allowed')
    table.store(state).set(payload.ID, {
      ...payload,
      Version: { Index: state.nextIndex() },
      UpdatedAt: timestamp(state.clock()),
      Spec: { ...payload.Spec, Labels: Labels ?? {} },
    })
    state.events.emit(table.kind, 'update', payload.ID, { name: payload.Spec.Name })
    return { status: 200 }
  }

export const deletePayload =
  (table: PayloadKind) =>
  (state: EngineState, request: EngineRequest): EngineAnswer => {
    const payload = find(state, table, parameter(request))
    const users = [...state.services.values()].filter(({ Spec }) => table.usedBy(Spec).includes(payload.ID))
    if (users.length > 0)
      throw badRequest(
        `rpc error: code = InvalidArgument desc = ${table.kind} '${payload.Spec.Name}' is in use by the following service${users.length > 1 ? 's' : ''}: ${users.map(({ Spec }) => Spec.Name).join(', ')}`,
      )
    table.store(state).delete(payload.ID)
    state.events.emit(table.kind, 'remove', payload.ID, { name: payload.Spec.Name })
    return noContent
  }
