import { describe, expect, test } from 'vitest'
import { explainModel } from '../../../src/compose/explain.ts'
import { plainOf } from '../../../src/compose/yaml-node.ts'
import { composed, retail, stacks, suppliedOf } from './supply-case.ts'

const label = 'com.docker.ucp.access.label'

const service = (body = ''): string => `services:\n  api:\n    image: a\n${body}`
const limited = '    deploy: {resources: {limits: {cpus: "1", memory: 1G}}}\n'
const payments = { application: 'payments' }

describe('access labels', () => {
  test('stand on every service, network, volume, secret and config that the stack makes', () => {
    const stack = `${service()}volumes: {own: {}}\nsecrets: {s: {file: s}}\nconfigs: {c: {file: c}}\n`
    const resources = { [label]: '/Shared/Private/retail-banking/payments' }
    expect(composed(stack, payments)).toMatchObject({
      services: { api: { deploy: { labels: { [label]: '/Run/Std/retail-banking/payments' } } } },
      networks: { default: { labels: resources, driver: 'overlay' } },
      volumes: { own: { labels: resources } },
      secrets: { s: { labels: resources } },
      configs: { c: { labels: resources } },
    })
  })

  test('are the organization’s where the stack is of no application', () => {
    expect(composed(service())).toMatchObject({
      services: { api: { deploy: { labels: { [label]: '/Run/Std/retail-banking' } } } },
      networks: { default: { labels: { [label]: '/Shared/Private/retail-banking/Shared' } } },
    })
  })

  test('of somebody else are refused with their place, deeper ones of one’s own stay', () => {
    const at = (collection: string): string => service(`    deploy: {labels: {${label}: ${collection}}}\n`)
    expect(issuesOf(at('/Run/Std/corporate'))).toEqual(['compose/foreign-collection ops.yml:4'])
    expect(issuesOf(at('/Run/Std/retail-banking/cards'))).toEqual(['compose/foreign-collection ops.yml:4'])
    expect(composed(at('/Run/Std/retail-banking/payments/a'), payments)).toMatchObject({
      services: { api: { deploy: { labels: { [label]: '/Run/Std/retail-banking/payments/a' } } } },
    })
  })
})

const issuesOf = (stack: string, more = {}): readonly string[] => {
  const found = suppliedOf(stack, { ...payments, ...more })
  return found.ok ? [] : found.issues.map(({ code, source }) => `${code} ${source?.file}:${source?.line}`)
}

const warningsOf = (stack: string, more = {}): readonly string[] => {
  const found = suppliedOf(stack, { ...payments, ...more })
  if (!found.ok) throw new Error(JSON.stringify(found.issues))
  return found.value.warnings.map(({ code, source }) => `${code} ${source?.file}:${source?.line}`)
}

describe('the tenant’s networks', () => {
  const stack = `${service('    networks: [backend, partners]\n')}networks: {backend: {}, partners: {external: true}}\n`

  test('are external, by the names that UCP knows them by', () => {
    expect(composed(stack, payments).networks).toEqual({
      backend: { external: true, name: 'retail-banking-backend' },
      partners: { external: true, name: 'retail-banking-partners' },
    })
  })

  test('of another application are refused', () => {
    const other = `${service('    networks: [cards]\n')}networks:\n  cards: {}\n`
    expect(issuesOf(other)).toEqual(['compose/other-application ops.yml:6'])
    expect(issuesOf(other, { application: 'cards' })).toEqual([])
  })

  test('give way to one that operators define under the name, which is told', () => {
    const own = `${service('    networks: [backend]\n')}networks:\n  backend: {driver: overlay, attachable: true}\n`
    expect(composed(own, payments).networks.backend).toMatchObject({ driver: 'overlay', attachable: true })
    expect(warningsOf(own)).toEqual(['compose/shadows-tenant ops.yml:6'])
  })

  test('that one node has are told where a service uses them', () => {
    expect(warningsOf(stack)).toEqual(['compose/one-nodes-network ops.yml:5'])
    const unused = `${service('    networks: [backend]\n')}networks: {backend: {}, partners: {external: true}}\n`
    expect(warningsOf(unused)).toEqual([])
  })

  test('of the stack itself are encrypted on prod', () => {
    const prod = composed(service(), { ...payments, cluster: stacks.prod })
    expect(prod.networks.default).toMatchObject({ driver_opts: { encrypted: 'true' } })
    expect(composed(service(), payments).networks.default).not.toHaveProperty('driver_opts')
  })
})

describe('the tenant’s volumes', () => {
  const stack = (name: string, definition = '{}'): string =>
    `${service(`    volumes: ["${name}:/data"]\n`)}volumes:\n  ${name}: ${definition}\n`

  test('have the driver and options of their back end, so that every node mounts the same', () => {
    for (const definition of ['{}', '{external: true}', '{external: true, name: retail-banking-ledger}'])
      expect(composed(stack('ledger', definition), payments).volumes).toEqual({
        ledger: {
          name: 'retail-banking-ledger',
          driver: 'netapp:latest',
          driver_opts: { aggregate: 'aggr1', size: '500GiB', svm: 'svm-nonprod' },
          labels: {
            [label]: '/Shared/Private/retail-banking/payments',
            'tenantry.owner': 'nonprod.retail-banking',
          },
        },
      })
  })

  test('with credentials hold variables that Vault fills, never a value', () => {
    const found = suppliedOf(stack('exchange'), payments)
    if (!found.ok) throw new Error(JSON.stringify(found.issues))
    const model = plainOf(found.value.model) as ReturnType<typeof composed>
    expect(model.volumes.exchange?.driver_opts).toMatchObject({
      o: 'addr=files.nonprod.bank.example,vers=3.1.1,seal,username=${VAULT_PLATFORM_STORAGE_CIFS_USERNAME:?Vault holds it at platform/storage/cifs, field username},password=${VAULT_PLATFORM_STORAGE_CIFS_PASSWORD:?Vault holds it at platform/storage/cifs, field password}',
    })
    expect(found.value.references).toEqual(
      ['username', 'password'].map((field) => ({
        path: ['volumes', 'exchange', 'driver_opts', 'o'],
        variable: `VAULT_PLATFORM_STORAGE_CIFS_${field.toUpperCase()}`,
        mount: 'platform',
        secret: 'storage/cifs',
        field,
      })),
    )
  })

  test('whose option operators set are no reference any more', () => {
    const own = stack('exchange', '{name: retail-banking-exchange, driver_opts: {o: "addr=$$x"}}')
    const found = suppliedOf(own, payments)
    expect(found.ok && found.value.references).toEqual([])
    expect(composed(own, payments).volumes.exchange?.driver_opts).toMatchObject({ o: 'addr=$x' })
  })

  test('of another application are refused', () => {
    expect(issuesOf(stack('statements'))).toEqual(['compose/other-application ops.yml:6'])
  })
})

describe('secrets that Vault holds', () => {
  const stack = `${service('    secrets: [database, own]\n')}secrets:\n  database: {external: true}\n  own: {file: s}\n`

  test('become paths that the service reads, beside its half of the log-in', () => {
    const model = composed(stack, payments)
    expect(model.services.api).toMatchObject({
      environment: {
        VAULT_ADDR: 'https://vault.nonprod.bank.example',
        VAULT_PATHS: 'orgs/retail-banking/apps/payments/database',
        VAULT_ROLE_ID_FILE: '/run/secrets/vault-role-id',
      },
      secrets: [{ source: 'own' }, { source: 'vault-role-id', target: '/run/secrets/vault-role-id' }],
    })
    expect(Object.keys(model.secrets).sort()).toEqual(['own', 'vault-role-id'])
    expect(model.secrets['vault-role-id']).toEqual({
      external: true,
      name: 'retail-banking-payments-role-id',
    })
    expect(warningsOf(stack)).toEqual(['compose/secret-in-vault ops.yml:6'])
  })

  test('of a file the operators name stay what they are', () => {
    const own = `${service('    secrets: [database]\n')}secrets: {database: {file: s}}\n`
    expect(composed(own, payments).secrets).toMatchObject({ database: { file: 's' } })
    expect(composed(own, payments).services.api).not.toHaveProperty('environment')
  })
})

describe('reservations', () => {
  const reserved = (stack: string, more = {}): unknown =>
    composed(stack, more).services.api?.deploy?.resources?.reservations

  test('follow the policy: the organization’s, the application’s, what was measured', () => {
    expect(reserved(service(limited))).toEqual({ cpus: '0.5', memory: '512M' })
    const measured = new Map([['api', { cpuMillis: 120, memoryBytes: 300 * 1024 ** 2 }]])
    expect(reserved(service(limited), { ...payments, measured })).toEqual({ cpus: '0.12', memory: '300M' })
    const safe = { tenant: retail((text) => text.replace("reservation: 'optimized'", "reservation: 'safe'")) }
    expect(reserved(service(limited), safe)).toEqual({ cpus: '1', memory: '1G' })
  })

  test('of a policy of measures nobody took are half, which is told', () => {
    expect(reserved(service(limited), payments)).toEqual({ cpus: '0.5', memory: '512M' })
    expect(warningsOf(service(limited))).toEqual(['compose/not-measured ops.yml:2'])
  })

  test('that operators wrote stay, and the explanation names both lines', () => {
    const stack = service(
      '    deploy:\n      resources:\n        limits: {cpus: "1", memory: 1G}\n        reservations: {cpus: "0.9"}\n',
    )
    expect(reserved(stack)).toEqual({ cpus: '0.9', memory: '512M' })
    const found = suppliedOf(stack, {})
    if (!found.ok) throw new Error(JSON.stringify(found.issues))
    const told = explainModel(found.value.model, found.value.replaced, [
      ...['services', 'api', 'deploy', 'resources', 'reservations'],
    ])
    expect(
      told.map(({ source, instead }) => [
        `${source?.file}:${source?.line}`,
        ...instead.map((one) => `${one.source.file}:${one.source.line}`),
      ]),
    ).toEqual([['ops.yml:7', 'tenants/retail-banking.ts:10'], ['tenants/retail-banking.ts:10']])
  })

  test('need a limit', () => {
    expect(reserved(service())).toBeUndefined()
  })
})

describe('placement', () => {
  const constraints = (said: string): unknown =>
    composed(service(`    deploy: {placement: {constraints: [${said}]}}\n`)).services.api?.deploy?.placement
  const own = `node.labels.${label}==/Run/Std`

  test('is on the nodes of the offer, beside what operators constrain', () => {
    expect(constraints('node.labels.ssd==true')).toEqual({ constraints: [own, 'node.labels.ssd==true'] })
    expect(constraints(`"node.labels.${label} == /Run/Std"`)).toEqual({
      constraints: [`node.labels.${label} == /Run/Std`],
    })
  })

  test('on other nodes is refused', () => {
    for (const said of [`node.labels.${label}==/System`, `"node.labels.${label} != /Run/Std"`])
      expect(issuesOf(service(`    deploy: {placement: {constraints: [${said}]}}\n`))).toEqual([
        'compose/foreign-nodes ops.yml:4',
      ])
  })
})

describe('chargeback', () => {
  const names = 'tenantry.organization,tenantry.cost-centre,tenantry.application'

  test('labels services and containers, and lets the log carry the labels', () => {
    const labels = {
      'tenantry.application': 'payments',
      'tenantry.cost-centre': 'RB-4711',
      'tenantry.organization': 'retail-banking',
    }
    expect(composed(service(), payments).services.api).toMatchObject({
      labels,
      deploy: { labels },
      logging: { driver: 'json-file', options: { labels: names, 'max-file': '3', 'max-size': '10m' } },
    })
  })

  test('keeps the operators’ driver and options, and adds to their labels', () => {
    const stack = service('    logging: {driver: journald, options: {tag: x, labels: team}}\n')
    expect(composed(stack, payments).services.api?.logging).toEqual({
      driver: 'journald',
      options: { tag: 'x', labels: `team,${names}` },
    })
  })

  test('takes the driver of the cluster file where nobody names one', () => {
    const { nonprod } = stacks
    const at = (driver: string) => {
      const logging = { driver, options: { tag: 'x', labels: 'site' } }
      return { ...payments, cluster: { ...nonprod, value: { ...nonprod.value, logging } } }
    }
    expect(composed(service(), at('splunk')).services.api?.logging).toEqual({
      driver: 'splunk',
      options: { tag: 'x', labels: `site,${names}` },
    })
    expect(composed(service(), at('local')).services.api?.logging).toMatchObject({ driver: 'local' })
    expect(warningsOf(service(), at('local'))[0]).toContain('compose/log-without-labels stacks/nonprod.ts:')
    const own = service('    logging: {driver: journald}\n')
    expect(composed(own, at('splunk')).services.api?.logging).toEqual({
      driver: 'journald',
      options: { labels: names },
    })
  })

  test('tells of a driver that carries no labels, and refuses another’s cost centre', () => {
    expect(warningsOf(service('    logging: {driver: local}\n'))).toEqual([
      'compose/log-without-labels ops.yml:4',
    ])
    expect(issuesOf(service('    labels: {tenantry.cost-centre: XX-1}\n'))).toEqual([
      'compose/foreign-charge ops.yml:4',
    ])
  })
})

describe('a stack that is for nobody', () => {
  test('is refused where the tenant, the application or the offer is not there', () => {
    const at = (change: (text: string) => string) => ({ tenant: retail(change) })
    expect(issuesOf(service(), { application: 'payment' })).toEqual([
      expect.stringContaining('compose/unknown-application tenants/retail-banking.ts:'),
    ])
    const away = at((text) => text.replace('clusters: { nonprod: {}, prod:', 'clusters: { prod:'))
    expect(issuesOf(service(), away)[0]).toContain('compose/not-on-cluster tenants/retail-banking.ts:')
    const builds = at((text) => text.replace("offers: { 'run/std': {}, ", 'offers: { '))
    expect(issuesOf(service(), builds)[0]).toContain('compose/no-offer tenants/retail-banking.ts:')
  })
})

test('a supplied value stands at the line of the tenant or cluster file', () => {
  const found = suppliedOf(service(limited), payments)
  if (!found.ok) throw new Error(JSON.stringify(found.issues))
  const files = new Set(explainModel(found.value.model, [], []).map(({ source }) => source?.file))
  expect([...files].sort()).toEqual(['ops.yml', 'stacks/nonprod.ts', 'tenants/retail-banking.ts'])
})
