import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import { onlyDatacenter } from '../../src/clients/vsphere-inventory.ts'
import { readConnection } from '../../src/deploy/read-connection.ts'
import { type Lab, startLab } from '../../src/lab/lab.ts'
import { labLayout } from '../../src/lab/layout.ts'
import { readDirectory } from '../../src/lab/ucp/directory.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import { clientOf } from './vcenters.ts'

const loaded = await loadFleet(process.cwd())
if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues))
const clusters = loaded.value.clusters.map(({ value }) => value)

describe('a lab with fault proxies', () => {
  let root: string
  let lab: Lab

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tenantry-lab-'))
    lab = await startLab({
      root,
      clusters,
      directory: await readDirectory('lab/directory.json'),
      report: () => undefined,
      faultProxies: true,
      docker: 'memory',
    })
  })

  afterAll(async () => {
    await lab?.stop()
    await rm(root, { recursive: true, force: true })
  })

  it('sends every caller of Vault through one, which can break a call', async () => {
    for (const { cluster, vault } of lab.clusters) {
      const { address } = (
        await readConnection({
          cluster: cluster.cluster,
          file: labLayout(root).connections,
          endpoints: () => {
            throw new Error('the connections file names every address')
          },
        })
      ).vault()
      expect(address).toBe(vault.proxy?.address)
      vault.proxy?.faults.add({
        match: { method: 'GET', pathPattern: /lookup-self/ },
        fault: { kind: 'status', status: 503, body: { errors: ['Vault is sealed'] } },
        times: 1,
      })
      const waits: number[] = []
      const client = new Vault({
        address,
        token: vault.platformToken,
        sleep: async (milliseconds) => {
          waits.push(milliseconds)
        },
      })
      expect((await client.lookupSelf()).displayName).toBe('token-tenantry')
      expect(waits).toHaveLength(1)
      await client.close()
      await expect.poll(() => vault.proxy?.calls().map(({ status }) => status)).toEqual([503, 200])
    }
  })

  it('sends every caller of vCenter through one, but not the machines that join', async () => {
    const { proxy } = lab.vcenter
    const before = proxy?.calls().length
    expect(before).toBe(0)
    const handle = proxy?.faults.add({
      match: { operation: 'Login' },
      fault: { kind: 'status', status: 503, body: '' },
      times: 1,
    })
    const vsphere = clientOf(lab.vcenter)
    expect((await onlyDatacenter(vsphere)).name).not.toBe('')
    await vsphere.close()
    expect(handle?.hits()).toBe(1)
    const logins = () => proxy?.calls().filter(({ operation }) => operation === 'Login').length
    await expect.poll(logins).toBe(2)
  })
})
