import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Loaded } from '../../src/core/loaded.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import { explain } from '../../src/plan/explain.ts'
import type { Tenant } from '../../src/tenant/schema.ts'
import { dedicated, nonprod, prod } from '../compile/fixtures/clusters.ts'
import { acme } from '../compile/fixtures/tenants.ts'

/** A tenant whose parts all stand where their path says, so that a test sees which place was asked for. */
const loaded = (tenant: Tenant): Loaded<Tenant> => {
  const locate = (path: readonly (string | number)[]) => ({ file: path.join('.'), line: 1, column: 1 })
  return { file: 'tenants/acme.ts', text: '', value: tenant, locate, locateKey: locate }
}

const said = (field: string, cluster = prod) => {
  const result = explain(loaded(acme), cluster, field)
  if (!result.ok) throw new Error(result.issues[0]?.message ?? '')
  return result.value.map(({ field: name, value, origin, source }) => [name, value, origin, source.file])
}

describe('explain', () => {
  it.each([
    ['quota.memory', '200Gi', 'cluster-override', 'clusters.prod.quota.memory'],
    ['quota.cpu', '40', 'file', 'quota.cpu'],
    ['quota.storage', '4Ti', 'size-class', 'clusters.prod.size'],
    ['reservation', 'safe', 'cluster-override', 'clusters.prod.reservation'],
    ['applications.payments.reservation', 'minimum', 'file', 'applications.payments.reservation'],
    ['applications.trading.offer', 'run/edge', 'file', 'applications.trading.offer'],
    ['applications.payments.offer', 'run/std', 'default', 'applications.payments.offer'],
    ['networks.ledger.internal', true, 'file', 'networks.ledger.internal'],
    [
      'networks.partners.subnet',
      '10.80.4.0/28',
      'cluster-override',
      'clusters.prod.networks.partners.subnet',
    ],
    ['volumes.archive.size', '4Ti', 'cluster-override', 'clusters.prod.volumes.archive.size'],
    ['ci.agents.cpu', '2', 'size-class', 'clusters.prod.size'],
    ['ci.controller.cpu', '3', 'cluster-override', 'clusters.prod.ci.controller.cpu'],
    ['teams.operators.ldapGroup', null, 'default', 'teams.operators.ldapGroup'],
    ['offers.run/edge.pool', { machine: 'large', min: 2, max: 4 }, 'file', 'offers.run/edge.pool'],
    ['size', 'large', 'cluster-override', 'clusters.prod.size'],
  ])('%s', (field, value, origin, place) => {
    expect(said(field)).toEqual([[field, value, origin, place]])
  })

  it('says of another cluster what holds there', () => {
    expect(said('networks.partners.subnet', nonprod)).toMatchObject([
      ['networks.partners.subnet', '10.80.3.0/28', 'file', 'networks.partners.subnet'],
    ])
  })

  it('explains every field of a part, and of the whole file', () => {
    expect(said('quota').map(([field]) => field)).toEqual([
      'quota.cpu',
      'quota.memory',
      'quota.storage',
      'quota.containers',
    ])
    expect(said('').length).toBeGreaterThan(60)
    expect(said('').every(([, value]) => value !== undefined)).toBe(true)
  })

  it('says what was probably meant', () => {
    const result = explain(loaded(acme), prod, 'quta.cpu')
    expect(result).toMatchObject({
      ok: false,
      issues: [
        {
          code: 'explain/unknown-field',
          hint: expect.stringContaining("Did you mean 'quota.cpu'?") as string,
        },
      ],
    })
  })

  it('says that a tenant is not on a cluster', () => {
    const { clusters: _, ...anywhere } = acme
    const elsewhere = { ...anywhere, organization: 'elsewhere' }
    expect(explain(loaded(elsewhere), dedicated, 'size')).toMatchObject({
      ok: false,
      issues: [{ code: 'explain/not-on-cluster' }],
    })
  })

  it('points into the file', async () => {
    const checkout = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
    const fleet = await loadFleet(checkout)
    if (!fleet.ok) throw new Error(fleet.issues[0]?.message ?? '')
    const tenant = fleet.value.tenants.find(({ value }) => value.organization === 'retail-banking')
    if (tenant === undefined) throw new Error('no sample')
    const result = explain(tenant, prod, 'networks.partners.subnet')
    if (!result.ok) throw new Error(result.issues[0]?.message ?? '')
    const [explanation] = result.value
    expect(explanation?.source.file).toBe('tenants/retail-banking.ts')
    const line = tenant.text.split('\n')[(explanation?.source.line ?? 0) - 1]
    expect(line?.slice((explanation?.source.column ?? 0) - 1)).toMatch(/^'10\.81\.3\.0\/28'/)
  })
})
