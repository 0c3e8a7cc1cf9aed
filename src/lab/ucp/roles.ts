import { randomUUID } from 'node:crypto'
import { builtInOperations, type Operations, operationCatalogue } from '../../core/ucp-operations.ts'
import { invalid, notFound, Refusal } from './refusal.ts'
import type { Revision } from './revision.ts'
import type { EmulatorSwitches } from './switches.ts'

/** Immutable once made (reference §4.1). */
export interface Role {
  readonly id: string
  readonly name: string
  readonly system_role: boolean
  readonly operations: Operations
}

const builtInNames: Readonly<Record<string, string>> = {
  none: 'None',
  viewonly: 'View Only',
  restrictedcontrol: 'Restricted Control',
  scheduler: 'Scheduler',
  fullcontrol: 'Full Control',
}

const known = (resource: string, operation: string, variants: readonly string[]): boolean => {
  const byName = Object.hasOwn(operationCatalogue, resource) ? (operationCatalogue[resource] ?? {}) : {}
  const inCatalogue = Object.hasOwn(byName, operation) ? byName[operation] : undefined
  return inCatalogue !== undefined && variants.every((variant) => inCatalogue.includes(variant))
}

const unknownOf = (operations: Operations): string[] =>
  Object.entries(operations).flatMap(([resource, byName]) =>
    Object.entries(byName)
      .filter(([operation, variants]) => !known(resource, operation, variants))
      .map(([operation]) => `${resource}: ${operation}`),
  )

const withoutUnknown = (operations: Operations): Operations =>
  Object.fromEntries(
    Object.entries(operations).map(([resource, byName]) => [
      resource,
      Object.fromEntries(
        Object.entries(byName).filter(([operation, variants]) => known(resource, operation, variants)),
      ),
    ]),
  )

type RoleSwitches = Pick<EmulatorSwitches, 'duplicateStatus' | 'builtInStatus' | 'unknownOperations'>

/** Built-in and custom roles; there is no update. */
export class Roles {
  readonly #byId = new Map<string, Role>()
  readonly #revision: Revision
  readonly #switches: RoleSwitches

  constructor(revision: Revision, switches: RoleSwitches) {
    this.#revision = revision
    this.#switches = switches
    for (const [id, operations] of Object.entries(builtInOperations))
      this.#byId.set(id, { id, name: builtInNames[id] ?? id, system_role: true, operations })
  }

  all(): Role[] {
    return [...this.#byId.values()]
  }

  find(id: string): Role | undefined {
    return this.#byId.get(id)
  }

  /** @throws {Refusal} 404; a name is not an id. */
  get(id: string): Role {
    const role = this.#byId.get(id)
    if (role === undefined)
      throw notFound('NO_SUCH_ROLE', `No role with the id ${JSON.stringify(id)} exists.`)
    return role
  }

  /** @throws {Refusal} 400 for unknown operations or no name, ROLE_EXISTS for a name that is taken. */
  create(name: string, operations: Operations): Role {
    if (name.trim() === '') throw invalid('A role needs a name.')
    if (this.all().some((role) => role.name === name))
      throw new Refusal(this.#switches.duplicateStatus, 'ROLE_EXISTS', `A role ${name} exists already.`)
    const role: Role = {
      id: randomUUID(),
      name,
      system_role: false,
      operations: this.#accepted(operations),
    }
    this.#byId.set(role.id, role)
    this.#revision.bump()
    return role
  }

  /** Whether a grant uses it is asked before. @throws {Refusal} for a built-in role. */
  remove(id: string): void {
    const role = this.get(id)
    if (role.system_role)
      throw new Refusal(this.#switches.builtInStatus, 'SYSTEM_ROLE', `The role ${role.name} is built in.`)
    this.#byId.delete(id)
    this.#revision.bump()
  }

  #accepted(operations: Operations): Operations {
    const unknown = unknownOf(operations)
    if (unknown.length === 0 || this.#switches.unknownOperations === 'keep') return operations
    if (this.#switches.unknownOperations === 'drop') return withoutUnknown(operations)
    throw invalid(`Unknown operations: ${unknown.join(', ')}.`)
  }
}
