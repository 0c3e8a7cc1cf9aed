import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { compile, compileTenant } from '../../src/compile/compile.ts'
import { policyIssues } from '../../src/compile/policy.ts'
import { overlaps, parseSubnet } from '../../src/compile/subnet.ts'
import { canonicalJson } from '../../src/core/canonical.ts'
import { type NameLimit, nameLimits } from '../../src/core/name.ts'
import type { Resource } from '../../src/model/resource.ts'
import { accessGraph, effectiveAccess } from '../../src/plan/effective-access.ts'
import { arbitraryTenant, arbitraryTenants } from './arbitrary-tenant.ts'
import { nonprod, prod } from './fixtures/clusters.ts'

const anyOrganization = fc.stringMatching(/^[a-z][a-z0-9]{1,39}$/)
const anyCluster = fc.constantFrom(nonprod, prod)

fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: 25 })
// A busy machine takes longer over random tenants than the five seconds that a test has by default.
vi.setConfig({ testTimeout: 60_000 })

/** What a right on the shared nodes brings to every workload collection below: nothing of the workloads. */
const nodeOperations: ReadonlySet<string> = new Set(['Node Schedule', 'Node View'])

const limits: Partial<Record<Resource['kind'], readonly [NameLimit, RegExp]>> = {
  Role: ['ucpRole', /^[a-z0-9-]+$/],
  Repository: ['dtrRepository', /^[a-z0-9]+(?:-[a-z0-9]+)*$/],
  Network: ['dockerNetwork', /^[a-z0-9][a-z0-9-]*$/],
  Volume: ['dockerVolume', /^[a-z0-9][a-z0-9-]*$/],
  DockerSecret: ['dockerSecret', /^[a-z0-9][a-z0-9-]*$/],
  DockerConfig: ['dockerConfig', /^[a-z0-9][a-z0-9-]*$/],
  DockerService: ['dockerService', /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/],
  VaultPolicy: ['vaultName', /^[a-z0-9-]+$/],
  VaultAppRole: ['vaultName', /^[a-z0-9-]+$/],
  VirtualMachine: ['nodeHostname', /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/],
  VmResourcePool: ['vsphereObject', /^[^/\\%]+$/],
  PortGroup: ['vsphereObject', /^[^/\\%]+$/],
}

const nameOf = (resource: Resource): string => ('name' in resource ? resource.name : '')

/** Keys in an order in which each comes after what it depends on; shorter than the keys where there is a cycle. */
const creationOrder = (resources: readonly Resource[]): readonly string[] => {
  const done = new Set<string>()
  for (let before = -1; before !== done.size; ) {
    before = done.size
    for (const { key, dependsOn } of resources) if (dependsOn.every((one) => done.has(one))) done.add(key)
  }
  return [...done]
}

describe('compile', () => {
  it('is the same to the byte whatever the order of the tenants and of their keys', () => {
    fc.assert(
      fc.property(arbitraryTenants, anyCluster, (tenants, cluster) => {
        const reordered = [...tenants].reverse().map((tenant) => ({
          ...tenant,
          teams: Object.fromEntries(Object.entries(tenant.teams).reverse()),
          applications: Object.fromEntries(Object.entries(tenant.applications).reverse()),
          networks: Object.fromEntries(Object.entries(tenant.networks ?? {}).reverse()),
          volumes: Object.fromEntries(Object.entries(tenant.volumes ?? {}).reverse()),
        }))
        expect(JSON.stringify(compile(reordered, cluster))).toBe(JSON.stringify(compile(tenants, cluster)))
      }),
    )
  })

  it('adds a tenant without touching any other stack', () => {
    fc.assert(
      fc.property(arbitraryTenants, anyCluster, (tenants, cluster) => {
        const [added, ...present] = tenants
        const before = compile(present, cluster).stacks
        const after = compile(tenants, cluster).stacks.filter(
          ({ organization }) => organization !== added?.organization,
        )
        expect(canonicalJson(after)).toBe(canonicalJson(before))
      }),
    )
  })

  it('gives every resource of a stack a key of its own, in order', () => {
    fc.assert(
      fc.property(arbitraryTenants, anyCluster, (tenants, cluster) => {
        for (const { resources } of compile(tenants, cluster).stacks) {
          const keys = resources.map(({ key }) => key)
          expect(keys).toEqual([...new Set(keys)].sort())
        }
      }),
    )
  })

  it('depends on what is in the stack, sorted, and never in a circle', () => {
    fc.assert(
      fc.property(arbitraryTenants, anyCluster, (tenants, cluster) => {
        for (const { resources } of compile(tenants, cluster).stacks) {
          for (const { dependsOn } of resources) expect(dependsOn).toEqual([...new Set(dependsOn)].sort())
          expect(creationOrder(resources)).toHaveLength(resources.length)
        }
      }),
    )
  })

  it('refers to resources of the same stack alone', () => {
    fc.assert(
      fc.property(arbitraryTenant(anyOrganization), anyCluster, (tenant, cluster) => {
        const { resources } = compileTenant(tenant, cluster)
        const keys = new Set(resources.map(({ key }) => key))
        const referred = [...JSON.stringify(resources).matchAll(/"kind":"Reference","of":"([^"]+)"/g)]
        for (const [, key] of referred) expect(keys).toContain(key)
        for (const resource of resources) {
          if (resource.kind === 'VirtualMachine')
            for (const key of [resource.resourcePool, ...resource.tags])
              expect(resource.dependsOn).toContain(key)
          if (resource.kind === 'DockerService')
            for (const { source } of [...resource.secrets, ...resource.configs, ...resource.mounts])
              expect(resource.dependsOn).toContain(source)
        }
      }),
    )
  })

  it('makes names that each system takes', () => {
    fc.assert(
      fc.property(arbitraryTenants, anyCluster, (tenants, cluster) => {
        for (const resource of compile(tenants, cluster).stacks.flatMap(({ resources }) => resources)) {
          const limit = limits[resource.kind]
          if (limit === undefined) continue
          expect(nameOf(resource).length).toBeLessThanOrEqual(nameLimits[limit[0]])
          expect(nameOf(resource)).toMatch(limit[1])
        }
      }),
    )
  })

  it('limits the CPU and memory of every service and reserves no more', () => {
    fc.assert(
      fc.property(arbitraryTenant(anyOrganization), anyCluster, (tenant, cluster) => {
        for (const resource of compileTenant(tenant, cluster).resources) {
          if (resource.kind !== 'DockerService') continue
          expect(resource.cpuLimitMillis).toBeGreaterThan(0)
          expect(resource.memoryLimitBytes).toBeGreaterThan(0)
          expect(resource.cpuReservationMillis).toBeLessThanOrEqual(resource.cpuLimitMillis)
          expect(resource.memoryReservationBytes).toBeLessThanOrEqual(resource.memoryLimitBytes)
        }
      }),
    )
  })

  it('cuts every public network out of what may be given out', () => {
    fc.assert(
      fc.property(arbitraryTenant(anyOrganization), (tenant) => {
        const publics = compileTenant(tenant, nonprod).resources.filter(
          (resource) => resource.kind === 'Network' && resource.options.parent === 'ens256.200',
        )
        for (const network of publics) {
          const block = parseSubnet(network.kind === 'Network' ? network.subnet : '')
          const reserved = parseSubnet('203.0.113.128/26')
          if (block === undefined || reserved === undefined) throw new Error('no subnet')
          expect(overlaps(block, reserved)).toBe(false)
        }
      }),
    )
  })

  it('passes the policy', () => {
    fc.assert(
      fc.property(arbitraryTenants, anyCluster, (tenants, cluster) => {
        for (const state of compile(tenants, cluster).stacks) {
          const issues = policyIssues(state, cluster.stage)
          // Names of one tenant can meet after joining (`a` + `b-ci`); the checks across files report them.
          expect(issues.filter(({ code }) => code !== 'policy/name-collision')).toEqual([])
        }
      }),
    )
  })

  it('gives no team of an organization anything on another organization', () => {
    fc.assert(
      fc.property(arbitraryTenants, anyCluster, (tenants, cluster) => {
        const { stacks } = compile(tenants, cluster)
        const graph = accessGraph(stacks)
        const teams = stacks.flatMap(({ resources }) => resources.filter(({ kind }) => kind === 'Team'))
        const collections = stacks.flatMap(({ organization, resources }) =>
          resources.flatMap((one) => (one.kind === 'Collection' ? [{ organization, path: one.path }] : [])),
        )
        for (const team of teams) {
          if (team.kind !== 'Team') continue
          const person = { user: 'nobody', teams: [`${team.organization}/${team.name}`], organizations: [] }
          for (const { organization, path } of collections) {
            if (organization === team.organization || !path.includes(`/${organization}`)) continue
            const held = effectiveAccess(graph, person, path)
            const onSharedNodes = /^\/(?:Run|Build)\/Std(?:\/|$)/.test(path)
            expect(held.filter((one) => !(onSharedNodes && nodeOperations.has(one)))).toEqual([])
          }
        }
      }),
    )
  })

  it('lets no Vault policy of an organization reach another mount', () => {
    fc.assert(
      fc.property(arbitraryTenants, anyCluster, (tenants, cluster) => {
        for (const { organization, resources } of compile(tenants, cluster).stacks)
          for (const resource of resources) {
            if (resource.kind !== 'VaultPolicy') continue
            const paths = [...resource.policy.matchAll(/path "([^"]*)"/g)].map(([, path]) => path ?? '')
            expect(paths.length).toBeGreaterThan(0)
            for (const path of paths) expect(path.startsWith(`orgs/${organization}/`)).toBe(true)
          }
      }),
    )
  })

  it('names no policy for a team but its organization’s', () => {
    fc.assert(
      fc.property(arbitraryTenant(anyOrganization), anyCluster, (tenant, cluster) => {
        const { resources } = compileTenant(tenant, cluster)
        const own = new Set(resources.filter(({ kind }) => kind === 'VaultPolicy').map(nameOf))
        for (const resource of resources)
          if (resource.kind === 'VaultLdapGroup' || resource.kind === 'VaultAppRole')
            for (const policy of resource.policies) expect(own).toContain(policy)
      }),
    )
  })
})
