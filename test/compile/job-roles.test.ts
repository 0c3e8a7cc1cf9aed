import { describe, expect, it } from 'vitest'
import { jobRoles, roleForms, sharedRoleForms } from '../../src/compile/job-roles.ts'
import { forbiddenInProduction, policyIssues } from '../../src/compile/policy.ts'
import { operationCatalogue } from '../../src/core/ucp-operations.ts'
import type { Role } from '../../src/model/role.ts'
import { permissionsOf } from '../../src/plan/effective-access.ts'

const prodForms = jobRoles.flatMap((role) => [roleForms.prod[role], sharedRoleForms.prod[role]])
const everyForm = [
  ...prodForms,
  ...jobRoles.flatMap((role) => [roleForms.nonprod[role], sharedRoleForms.nonprod[role]]),
]

describe('job roles', () => {
  it.each(prodForms.map((form) => [form.label, form] as const))(
    '%s reaches into no container',
    (_label, form) => {
      const held = permissionsOf(form.operations).join('\n')
      expect(held).not.toMatch(/Exec|Container Attach|Filesystem|Container Create|\[/)
    },
  )

  it.each(everyForm.map((form) => [form.label, form] as const))(
    '%s holds only what UCP knows and no dangerous variant',
    (_label, form) => {
      const known = permissionsOf(operationCatalogue)
      for (const permission of permissionsOf(form.operations)) expect(known).toContain(permission)
      expect(forbiddenInProduction(form.operations).filter((what) => what.includes('with'))).toEqual([])
      expect(permissionsOf(form.operations)).not.toContain('Node Schedule')
    },
  )

  it('lets developers work on non-production and only look at production', () => {
    const nonprod = permissionsOf(roleForms.nonprod.developer.operations)
    for (const needed of ['Service Create', 'Service Update', 'Container Exec', 'Secret Use', 'Config Use'])
      expect(nonprod).toContain(needed)
    expect(permissionsOf(roleForms.prod.developer.operations)).toEqual([
      'Config View',
      'Container Logs',
      'Container Stats',
      'Container Top',
      'Container View',
      'Image History',
      'Image View',
      'Network View',
      'Node View',
      'Secret View',
      'Service Logs',
      'Service View',
      'Service View Tasks',
      'Volume View',
    ])
  })

  it('lets release managers and pipelines alone deploy on production', () => {
    const deploying = jobRoles.filter((role) => roleForms.prod[role].schedules)
    expect(deploying).toEqual(['release-manager', 'ci'])
    expect(permissionsOf(roleForms.prod['release-manager'].operations)).toEqual(
      expect.arrayContaining([
        'Service Create',
        'Service Update',
        'Network Connect',
        'Secret Use',
        'Config Use',
        'Volume Create/Attach',
      ]),
    )
  })

  it('lets those who deploy make and remove the networks of their stacks, and nobody else', () => {
    for (const form of everyForm) {
      const held = permissionsOf(form.operations)
      for (const needed of ['Network Create', 'Network Remove'])
        expect(held.includes(needed), `${form.label}: ${needed}`).toBe(held.includes('Service Create'))
      expect(held).not.toContain('Network Create [Attachable]')
    }
  })

  it('lets nobody remove data on production', () => {
    for (const form of prodForms) expect(permissionsOf(form.operations)).not.toContain('Volume Remove')
  })

  it('names a role after what it holds', () => {
    expect(roleForms.prod.developer.name).toMatch(/^developer-prod-[0-9a-f]{8}$/)
    expect(new Set(everyForm.map((form) => form.name)).size).toBe(everyForm.length)
  })

  it('gives on what applications share no more than the job role itself holds', () => {
    for (const stage of ['nonprod', 'prod'] as const)
      for (const role of jobRoles) {
        const own = permissionsOf(roleForms[stage][role].operations)
        for (const permission of permissionsOf(sharedRoleForms[stage][role].operations)) {
          expect(own).toContain(permission)
          expect(permission).not.toMatch(/Delete|Remove|Update|Service|Container/)
        }
      }
  })

  it.each(jobRoles)('a production role of %s with Container Exec is refused', (jobRole) => {
    const form = roleForms.prod[jobRole]
    const role: Role = {
      kind: 'Role',
      key: `role/${form.label}`,
      concern: 'access',
      dependsOn: [],
      name: form.name,
      operations: {
        ...form.operations,
        Container: { ...form.operations.Container, 'Container Exec': [] },
        Service: { 'Service Create': ['Host Bind Mounts'] },
      },
    }
    const state = { stack: 'prod.acme', cluster: 'prod', organization: 'acme', resources: [role] }
    const messages = policyIssues(state, 'prod')
      .filter(({ code }) => code === 'policy/production-role')
      .map(({ message }) => message)
    expect(messages).toEqual([
      `Role ${form.name} holds Container Exec, which no role holds on production.`,
      `Role ${form.name} holds Service Create with Host Bind Mounts, which no role holds on production.`,
    ])
    expect(policyIssues(state, 'nonprod')).toEqual([])
  })
})
