import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import { readConnection } from '../../src/deploy/read-connection.ts'

const endpoints = {
  ucp: 'https://ucp.bank.example',
  registry: 'https://dtr.bank.example',
  vault: 'https://vault.bank.example:8200',
  vcenter: 'https://vcenter.bank.example',
}

const connection = {
  ucp: { username: 'svc-tenantry', passwordFile: 'secrets/ucp', caFile: 'secrets/ca' },
  docker: { caFile: 'secrets/ca', certFile: 'secrets/cert', keyFile: 'secrets/key' },
  registry: { username: 'svc-tenantry', tokenFile: 'secrets/dtr' },
  vault: { tokenFile: 'secrets/vault', caFile: 'secrets/ca' },
  vcenter: { user: 'svc@vsphere.local', passwordFile: 'secrets/vcenter' },
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-connections-'))
  mkdirSync(join(folder, 'secrets'))
  for (const name of ['ucp', 'ca', 'cert', 'key', 'dtr', 'vault', 'vcenter'])
    writeFileSync(join(folder, 'secrets', name), `${name}-text\n`)
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const written = (value: unknown): string => {
  const file = join(folder, 'connections.json')
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  return file
}

const read = (file: string | undefined, cluster = 'nonprod') =>
  readConnection({ cluster, file, endpoints: () => endpoints })

const refusal = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (isFault(error, 'invalid-request')) return error.message
    throw error
  }
  throw new Error('not refused')
}

describe('readConnection', () => {
  test('reads credentials beside the file and takes addresses from the cluster file', () => {
    const connected = read(written({ clusters: { nonprod: connection } }))
    expect(connected.ucp()).toMatchObject({ endpoint: endpoints.ucp, caCertificate: 'ca-text\n' })
    expect(connected.ucp().password.reveal()).toBe('ucp-text')
    expect(connected.docker()).toMatchObject({
      host: 'tcp://ucp.bank.example:443',
      certMaterial: 'cert-text\n',
    })
    expect(connected.docker().keyMaterial.reveal()).toBe('key-text\n')
    expect(connected.registry()).toMatchObject({ endpoint: endpoints.registry })
    expect(connected.vault()).toMatchObject({ address: endpoints.vault, caFile: join(folder, 'secrets/ca') })
    expect(connected.vcenter()).toMatchObject({ server: 'vcenter.bank.example', allowUnverifiedTls: false })
  })

  test('prefers the file’s own addresses, and then never asks for the cluster file’s', () => {
    const at = (part: object, address: object) => ({ ...part, ...address })
    const own = {
      ucp: at(connection.ucp, { endpoint: 'https://127.0.0.1:8443' }),
      docker: connection.docker,
      registry: at(connection.registry, { endpoint: 'https://127.0.0.1:8444' }),
      vault: at(connection.vault, { address: 'https://127.0.0.1:8200' }),
      vcenter: at(connection.vcenter, { server: '127.0.0.1:8989' }),
    }
    const connected = readConnection({
      cluster: 'nonprod',
      file: written({ clusters: { nonprod: own } }),
      endpoints: () => {
        throw new Error('asked')
      },
    })
    expect(connected.docker().host).toBe('tcp://127.0.0.1:8443')
    expect(connected.vcenter().server).toBe('127.0.0.1:8989')
    expect(connected.vault().address).toBe('https://127.0.0.1:8200')
  })

  test('reads no credential that is not asked for', () => {
    rmSync(join(folder, 'secrets', 'vcenter'))
    const connected = read(written({ clusters: { nonprod: connection } }))
    expect(connected.ucp().username).toBe('svc-tenantry')
    expect(refusal(connected.vcenter)).toContain('The vCenter password of cluster nonprod should lie in')
  })

  test('says which file is missing, of which cluster, and what to do', () => {
    expect(refusal(() => read(undefined))).toMatch(
      /cluster nonprod is not known: TENANTRY_CONNECTIONS is not set/,
    )
    expect(refusal(() => read(join(folder, 'nope.json')))).toMatch(
      /nope\.json, which does not exist\. Set TEN/,
    )
    expect(refusal(() => read(folder))).toMatch(/cannot be read \(EISDIR\)/)
  })

  test('says where a wrong file is wrong', () => {
    expect(refusal(() => read(written('{')))).toMatch(/is not JSON/)
    const { registry: _, ...incomplete } = connection
    expect(refusal(() => read(written({ clusters: { nonprod: incomplete } })))).toMatch(
      /wrong at clusters\.nonprod\.registry/,
    )
    expect(refusal(() => read(written({ clusters: { prod: connection } })))).toMatch(
      /says nothing of cluster nonprod; it has: prod/,
    )
    expect(refusal(() => read(written({ clusters: {} }), 'constructor'))).toMatch(/it has: none/)
  })

  test('never prints a credential', () => {
    const connected = read(written({ clusters: { nonprod: connection } }))
    expect(JSON.stringify([connected.ucp(), connected.vault(), connected.docker()])).not.toMatch(
      /ucp-text|vault-text|key-text/,
    )
  })
})
