import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Docker } from '../../src/clients/docker.ts'
import { Registry } from '../../src/clients/registry.ts'
import { Ucp } from '../../src/clients/ucp.ts'
import { listNodes } from '../../src/clients/ucp-nodes.ts'
import { Vault } from '../../src/clients/vault.ts'
import { Vsphere } from '../../src/clients/vsphere.ts'
import { destroyObject, requireAt } from '../../src/clients/vsphere-inventory.ts'
import { cloneMachine, powerOff, powerOn } from '../../src/clients/vsphere-machines.ts'
import { isFault } from '../../src/core/fault.ts'
import { readConnection } from '../../src/deploy/read-connection.ts'
import { platformUser } from '../../src/lab/cluster-lab.ts'
import { environmentOf, labStatus } from '../../src/lab/control.ts'
import { type Lab, startLab } from '../../src/lab/lab.ts'
import { usersFile } from '../../src/lab/lab-credentials.ts'
import { labLayout } from '../../src/lab/layout.ts'
import { parsePasswords } from '../../src/lab/people.ts'
import { type LdapDirectory, readDirectory } from '../../src/lab/ucp/directory.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'

const loaded = await loadFleet(process.cwd())
if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues))
const clusters = loaded.value.clusters.map(({ value }) => value)

const children = async (): Promise<readonly string[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)])
  return stdout.split('\n').filter((line) => line.trim() !== '' && !line.includes('ps -o'))
}

const answers = (address: string): Promise<boolean> => {
  const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

const filesBelow = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

describe('the lab', () => {
  let root: string
  let directory: LdapDirectory
  let lab: Lab
  let before: readonly string[]
  const lines: string[] = []

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tenantry-lab-'))
    directory = await readDirectory('lab/directory.json')
    before = await children()
    lab = await startLab({
      root,
      clusters,
      directory,
      report: (line) => lines.push(line),
      docker: 'memory',
    })
  })

  afterAll(async () => {
    await lab?.stop()
    await rm(root, { recursive: true, force: true })
  })

  const connected = (cluster: string) =>
    readConnection({
      cluster,
      file: labLayout(root).connections,
      endpoints: () => {
        throw new Error('the connections file names every address')
      },
    })

  it('says which parts are real, cluster by cluster, all on loopback', () => {
    expect(lab.parts).toHaveLength(1 + 5 * clusters.length)
    for (const part of lab.parts.filter(({ name }) => name !== 'docker'))
      expect(part.address).toMatch(/^(?:https?:\/\/)?127\.0\.0\.1:\d+$/)
    for (const { cluster } of clusters) {
      expect(lines.join('\n')).toContain(`${cluster} vault: `)
      expect(lines.join('\n')).toContain(`${cluster} docker: stand-in (in memory)`)
    }
  })

  it('records itself where `lab status` looks', async () => {
    const status = await labStatus(root)
    expect(status.running).toBe(true)
    expect(status.record?.parts).toHaveLength(lab.parts.length)
    expect(status.record?.supervisor.pid).toBe(process.pid)
  })

  it('is the only one in its folder', async () => {
    const second = startLab({ root, clusters, directory, report: () => undefined })
    await expect(second).rejects.toSatisfy((error) => isFault(error, 'conflict'))
    expect((await labStatus(root)).running).toBe(true)
  })

  it('keeps secrets from everyone else, and out of its record', async () => {
    const { secrets, record, connections } = lab.layout
    for (const file of await filesBelow(secrets)) expect((await stat(file)).mode & 0o077).toBe(0)
    expect((await stat(secrets)).mode & 0o077).toBe(0)
    const open = (await readFile(record, 'utf8')) + (await readFile(connections, 'utf8')) + lines.join('\n')
    for (const cluster of lab.clusters)
      for (const secret of [cluster.platformPassword, cluster.vault.rootToken, cluster.vault.platformToken])
        expect(open).not.toContain(secret.reveal())
  })

  it('lets the platform’s account in everywhere, by what connections.json names', async () => {
    for (const { cluster } of clusters) {
      const { ucp, docker, registry, vault } = connected(cluster)
      const controller = new Ucp({ ...ucp() })
      const nodes = await listNodes(controller)
      expect(nodes.map((node) => node.hostname).sort()).toEqual(
        ['manager-01', 'worker-01', 'worker-02'].map((name) => `${cluster}-${name}`),
      )
      await controller.close()
      const bundle = docker()
      const engine = new Docker({
        host: bundle.host,
        tls: { ca: bundle.caMaterial, cert: bundle.certMaterial, key: bundle.keyMaterial },
      })
      expect((await engine.nodes()).length).toBe(3)
      await engine.close()
      const images = new Registry({ ...registry() })
      expect(await images.json({ method: 'GET', path: '/repositories' })).toEqual({ repositories: [] })
      await images.close()
      const secrets = new Vault({ address: vault().address, token: vault().token })
      expect((await secrets.readSecret('platform', 'storage/cifs'))?.data).toEqual({
        username: 'svc-storage',
        password: expect.stringMatching(/^.{20,}$/),
      })
      await secrets.close()
    }
  })

  it('makes a VM that is powered on a node of its cluster, until it is gone', async () => {
    const [lab0] = lab.clusters
    if (lab0 === undefined) throw new Error('no cluster')
    const { cluster } = lab0.cluster
    const hostname = `${cluster}-std-01`
    const { server, user, password } = connected(cluster).vcenter()
    const vsphere = new Vsphere({ server, user, password, tls: { ca: lab.vcenter.caCertificate } })
    const template = await requireAt(vsphere, '/DC0/vm/swarm-node-template', 'template')
    const machine = await cloneMachine(vsphere, template, {
      name: hostname,
      folder: await requireAt(vsphere, '/DC0/vm', 'folder'),
      pool: await requireAt(vsphere, '/DC0/host/DC0_C0/Resources', 'pool'),
      datastore: undefined,
      host: undefined,
      config: {
        cpus: 16,
        memoryMib: 65_536,
        extraConfig: { 'guestinfo.tenantry.cluster': cluster, 'guestinfo.hostname': hostname },
      },
    })
    await powerOn(vsphere, machine)
    const controller = new Ucp({ ...connected(cluster).ucp() })
    const state = async (): Promise<string | undefined> =>
      (await listNodes(controller)).find((node) => node.hostname === hostname)?.state
    const patience = { timeout: 10_000, interval: 50 }
    await vi.waitFor(async () => expect(await state()).toBe('ready'), patience)
    await powerOff(vsphere, machine)
    await vi.waitFor(async () => expect(await state()).toBe('down'), patience)
    await powerOn(vsphere, machine)
    await vi.waitFor(async () => expect(await state()).toBe('ready'), patience)
    await powerOff(vsphere, machine)
    await destroyObject(vsphere, machine)
    await vi.waitFor(async () => expect(await state()).toBeUndefined(), patience)
    await controller.close()
    await vsphere.close()
  })

  it('gives the platform no more of Vault than it needs', async () => {
    for (const { vault } of lab.clusters) {
      const platform = new Vault({ address: vault.address, token: vault.platformToken })
      await platform.enableMount('orgs/acme', { type: 'kv', options: { version: '2' } })
      await platform.writePolicy('acme-viewer', 'path "orgs/acme/data/*" { capabilities = ["read"] }')
      await platform.enableAuthBackend('approle', { type: 'approle' })
      await platform.writeAppRole('approle', 'acme-ci', { token_policies: ['acme-viewer'] })
      await platform.enableAuthBackend('ldap', { type: 'ldap' })
      await platform.writeLdapGroup('ldap', 'RB-Developers', ['acme-viewer'])
      for (const refused of [
        () => platform.readSecret('orgs/acme', 'apps/pay/db'),
        () => platform.writeSecret('platform', 'storage/cifs', { password: 'x' }),
        () => platform.enableMount('elsewhere', { type: 'kv-v2' }),
        () => platform.writePolicy('tenantry-platform', 'path "*" { capabilities = ["sudo"] }'),
        () => platform.createToken({ policies: ['root'] }),
        () => platform.disableMount('platform'),
      ])
        await expect(refused()).rejects.toThrow(/permission denied|child policies must be subset of parent/)
      await platform.close()
    }
  })

  it('lets people in with their own passwords, and not with others', async () => {
    const passwords = parsePasswords(await readFile(usersFile(lab.layout), 'utf8'))
    expect([...passwords.keys()].sort()).toEqual(directory.users.map(({ name }) => name).sort())
    const { address, caCertificate } = lab.clusters[0]?.ucp ?? { address: '', caCertificate: '' }
    const as = (username: string, of: string) => {
      const password = passwords.get(of)
      if (password === undefined) throw new Error(`no password of ${of}`)
      return new Ucp({ endpoint: address, username, password, caCertificate })
    }
    const ada = as('ada', 'ada')
    expect(await ada.json({ method: 'GET', path: '/accounts/ada' })).toMatchObject({ name: 'ada' })
    await ada.close()
    const wrong = as('ada', 'ben')
    await expect(wrong.json({ method: 'GET', path: '/accounts/ada' })).rejects.toSatisfy((error) =>
      isFault(error, 'unauthenticated'),
    )
    await wrong.close()
    expect(passwords.has(platformUser)).toBe(false)
  })

  it('points the engine at itself', () => {
    const environment = environmentOf(lab.layout, '/engine', {
      PATH: '/bin',
      PULUMI_CONFIG_PASSPHRASE: 'mine',
    })
    expect(environment).toMatchObject({
      PATH: '/engine:/bin',
      PULUMI_BACKEND_URL: `file://${root}/.tenantry/lab/state`,
      TENANTRY_CONNECTIONS: `${root}/.tenantry/lab/connections.json`,
    })
    expect(environment.PULUMI_CONFIG_PASSPHRASE).not.toBe('mine')
  })

  it('leaves nothing running, listening or recorded', async () => {
    const addresses = lab.parts.filter(({ name }) => name !== 'docker').map(({ address }) => address)
    for (const address of addresses) expect(await answers(address)).toBe(true)
    await Promise.all([lab.stop(), lab.stop()])
    await lab.stop()
    for (const address of addresses) expect(await answers(address)).toBe(false)
    expect(await children()).toEqual(before)
    expect(await labStatus(root)).toEqual({ running: false, stale: false })
  })
})

describe('a lab that cannot start', () => {
  it('ends what it has started when it is cancelled', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tenantry-lab-'))
    const before = await children()
    const cancelled = AbortSignal.abort()
    const starting = startLab({
      root,
      clusters,
      directory: await readDirectory('lab/directory.json'),
      report: () => undefined,
      signal: cancelled,
    })
    await expect(starting).rejects.toSatisfy((error) => isFault(error, 'cancelled'))
    expect(await children()).toEqual(before)
    expect(await labStatus(root)).toEqual({ running: false, stale: false })
    await rm(root, { recursive: true, force: true })
  })
})
