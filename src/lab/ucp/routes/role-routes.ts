import * as z from 'zod'
import type { Answer, Call } from '../call.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'

/** `id` and `system_role` of the form are not heeded (reference §4.1). A null list is an empty one. */
const NewRole = z.object({
  name: z.string(),
  operations: z.record(
    z.string(),
    z.record(
      z.string(),
      z
        .array(z.string())
        .nullable()
        .transform((variants) => variants ?? []),
    ),
  ),
})

const create = async (state: UcpState, call: Call): Promise<Answer> => {
  const { name, operations } = await call.body(NewRole)
  const { id } = state.roles.create(name, operations)
  return { status: 201, body: state.switches.roleCreatedAsArray ? [{ id }] : { id } }
}

const remove = (state: UcpState, call: Call): Answer => {
  state.removeRole(call.param('id'))
  return { status: 204 }
}

/** Roles: everybody reads, admins write, nobody updates (reference §4). */
export const roleRoutes = (state: UcpState): Route[] => {
  const read = { style: 'native', access: 'user', method: 'GET' } as const
  const write = { style: 'native', access: 'admin' } as const
  return [
    { ...read, pattern: '/roles', handle: () => ({ status: 200, body: state.roles.all() }) },
    {
      ...read,
      pattern: '/roles/:id',
      handle: (call) => ({ status: 200, body: state.roles.get(call.param('id')) }),
    },
    { ...write, method: 'POST', pattern: '/roles', handle: (call) => create(state, call) },
    { ...write, method: 'DELETE', pattern: '/roles/:id', handle: (call) => remove(state, call) },
  ]
}
