import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { callEngine } from '../../src/lab/docker/engine-calls.ts'
import { Door, labels, patience, web } from './proxy-door.ts'
import { engineKinds, type ProxiedEngine } from './proxy-engines.ts'

const insurance = '/Shared/Private/insurance'
const retail = '/Shared/Private/retail'

describe.each(await engineKinds())('before $name', ({ open, isReal }) => {
  let opened: ProxiedEngine
  let door: Door

  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened?.close())
  beforeEach(async () => {
    door = await Door.open(opened)
  })
  afterEach(async () => {
    await door.close()
    await opened.clear()
  })

  const created = async (user: string, path: string, body: object): Promise<string> => {
    const answer = await door.call(user, 'POST', path, body)
    expect(answer.status, answer.text).toBe(201)
    return answer.json.ID ?? answer.json.Id ?? answer.json.Name
  }

  describe('logs', () => {
    it('of a service on whichever node are for those who may read them', async () => {
      await created('dev', '/services/create', web('/Run/Std/retail'))
      const { container } = await door.runningTask()
      for (const page of ['/services/web/logs', `/containers/${container}/logs`]) {
        const path = `/v1.40${page}?stdout=1&stderr=1&follow=1`
        expect((await door.follow('dev', path, (seen) => seen.length > 8)).length, page).toBeGreaterThan(8)
        for (const user of ['prod', 'other'])
          expect((await door.call(user, 'GET', path)).json.message, `${user} ${page}`).toMatch(
            /^access denied:\nno access to (?:Service|Container) Logs, on collection run-std-retail$/,
          )
      }
      expect((await door.call('dev', 'GET', `/containers/${container}/logs`)).status).toBe(400)
    })

    it('are followed by many at once, and let go of by those who leave', async () => {
      await created('dev', '/services/create', web('/Run/Std/retail'))
      const { container } = await door.runningTask()
      const path = `/containers/${container}/logs?stdout=1&follow=1&tail=1`
      const readers = Array.from({ length: 80 }, () => door.follow('dev', path, (seen) => seen.length > 8))
      expect((await door.call('dev', 'GET', '/services/web')).status).toBe(200)
      for (const seen of await Promise.all(readers)) expect(seen.length).toBeGreaterThan(8)
    })
  })

  describe('attach', () => {
    it('joins the caller to the container, and refuses others', async () => {
      const spec = web('/Run/Std/retail', {
        ...{ Command: ['cat'], OpenStdin: true },
        // `cat` as the first process of a container minds no SIGTERM.
        StopGracePeriod: 1,
      })
      await created('dev', '/services/create', spec)
      const { container } = await door.runningTask()
      const path = `/containers/${container}/attach?stream=1&stdin=1&stdout=1`
      expect(await door.hijack('prod', path)).toBe('refused 403')
      expect(await door.hijack('dev', path, { input: 'typed by dev\n' })).toContain('typed by dev')
      expect(await door.hijack('dev', '/services/web/update')).toBe('refused 400')
      expect(await door.hijack('dev', '/containers/none-such/attach')).toBe('refused 404')
    })
  })

  describe('events', () => {
    const secret = (Name: string, path: string) => ({ Name, Data: 'YQ==', Labels: labels(path) })

    it('are those of what the caller may view', async () => {
      const seen = await door.follow(
        'dev',
        '/events',
        (lines) => lines.includes('mine'),
        () => {
          void door
            .call('other', 'POST', '/secrets/create', secret('theirs', insurance))
            .then(() => door.call('dev', 'POST', '/secrets/create', secret('mine', retail)))
        },
      )
      const [first = ''] = seen.split('\n', 1)
      expect(JSON.parse(first)).toMatchObject({ Actor: { Attributes: { name: 'mine' } } })
      expect(seen).not.toContain('theirs')
    })

    it('come from every node, to admins too', async () => {
      const isStart = (lines: string) => /"Action":"start"/.test(lines)
      const make = () => {
        void door.call('dev', 'POST', '/services/create', web('/Run/Std/retail'))
      }
      const seen = await Promise.all([
        door.follow('admin', '/events', isStart),
        door.follow('dev', '/events', isStart, make),
      ])
      for (const lines of seen) expect(lines).toContain('com.docker.swarm.service.name')
    })
  })

  describe('volumes', () => {
    it('are on every node, and go from all of them', async () => {
      await created('dev', '/volumes/create', { Name: 'ledger', Labels: labels(retail) })
      const mount = { Mounts: [{ Type: 'volume', Source: 'ledger', Target: '/data' }] }
      await created('dev', '/services/create', web('/Run/Std/retail', mount))
      await door.runningTask()
      const listed = (await door.call('dev', 'GET', '/volumes')).json.Volumes
      expect(listed.map(({ Name }: { Name: string }) => Name)).toEqual(['ledger'])
      expect((await door.call('admin', 'GET', '/volumes')).json.Volumes).toHaveLength(1)
      const used = await door.call('dev', 'DELETE', '/volumes/ledger')
      expect(used.status, used.text).toBe(409)
      expect(used.json.message).toMatch(/volume is in use/)
      await door.call('dev', 'DELETE', '/services/web')
      await expect
        .poll(async () => (await door.call('dev', 'DELETE', '/volumes/ledger')).status, patience)
        .toBe(204)
      expect((await door.call('admin', 'GET', '/volumes')).json.Volumes ?? []).toEqual([])
      expect((await door.call('dev', 'DELETE', '/volumes/ledger')).status).toBe(404)
    })

    it('of others are not attached by their name', async () => {
      await created('other', '/volumes/create', { Name: 'claims', Labels: labels(insurance) })
      const mount = { Mounts: [{ Type: 'volume', Source: 'claims', Target: '/data' }] }
      const refused = await door.call('dev', 'POST', '/services/create', web('/Run/Std/retail', mount))
      expect(refused.json.message).toMatch(/Volume Create\/Attach, on collection shared-private-insurance/)
    })

    it('that a service brings are in the service’s collection, wherever it runs', async () => {
      const mount = { Mounts: [{ Type: 'volume', Source: 'scratch', Target: '/data' }] }
      const spec = web('/Run/Std/retail', mount)
      const refused = await door.call('dev', 'POST', '/services/create', spec)
      expect(refused.status).toBe(403)
      await created('admin', '/services/create', {
        ...spec,
        TaskTemplate: { ...spec.TaskTemplate, Placement: { Constraints: ['node.hostname==run-1'] } },
      })
      await door.runningTask()
      const volume = (await door.call('admin', 'GET', '/volumes/scratch')).json
      if (isReal) expect(volume.Labels).toMatchObject(labels('/Run/Std/retail'))
    })

    it('that a service brings are where their own label says', async () => {
      const brings = (path: string) => ({
        Mounts: [
          { Type: 'volume', Source: 'scratch', Target: '/data', VolumeOptions: { Labels: labels(path) } },
        ],
      })
      const create = (path: string) =>
        door.call('dev', 'POST', '/services/create', web('/Run/Std/retail', brings(path)))
      expect((await create(insurance)).json.message).toMatch(
        /Volume Create\/Attach, on collection shared-private-insurance/,
      )
      expect((await create(`${retail}/none`)).status).toBe(404)
      expect((await create(retail)).status).toBe(201)
      await door.runningTask()
      const volume = (await door.call('dev', 'GET', '/volumes/scratch')).json
      if (isReal) expect(volume.Labels).toMatchObject(labels(retail))
    })
  })

  describe('a container outside of services', () => {
    it('runs on a node where its caller may schedule, under a name of its own', async () => {
      const form = { Image: 'nginx:1.25', Labels: labels('/Run/Std/retail') }
      const id = await created('dev', '/containers/create?name=probe', form)
      expect((await door.call('dev', 'POST', '/containers/probe/start')).status).toBe(204)
      expect((await door.call('dev', 'GET', '/containers/probe/json')).json.Id).toBe(id)
      const listed = (await door.call('dev', 'GET', '/containers/json')).json
      expect(listed.map(({ Id }: { Id: string }) => Id)).toEqual([id])
      expect((await door.call('other', 'GET', '/containers/json')).json).toEqual([])
      expect((await door.call('other', 'DELETE', '/containers/probe?force=1')).status).toBe(403)
      expect((await door.call('dev', 'POST', '/containers/create?name=probe', form)).status).toBe(409)
      if (opened.members !== undefined) {
        const node = (await opened.engine.nodes()).find((one) => one.Description.Hostname === 'run-1')
        const member = (await opened.members()).find((one) => one.id === node?.ID)
        expect(await namesAt(member?.socketPath ?? '')).toContain('/probe')
      }
      expect((await door.call('dev', 'DELETE', '/containers/probe?force=1')).status).toBe(204)
    })
  })

  describe('what the engine answers', () => {
    it('is passed on when it refuses', async () => {
      await created('dev', '/services/create', web('/Run/Std/retail'))
      const again = await door.call('dev', 'POST', '/services/create', web('/Run/Std/retail'))
      expect([again.status, again.json.message]).toEqual([409, expect.stringMatching(/name conflicts/)])
      const { Spec } = (await door.call('dev', 'GET', '/services/web')).json
      const stale = await door.call('dev', 'POST', '/services/web/update?version=1', Spec)
      expect(stale.status).toBeGreaterThanOrEqual(400)
      expect(stale.json.message).toMatch(/out of sequence/)
      const filters = encodeURIComponent('{"nonsense":["1"]}')
      for (const user of ['admin', 'dev'])
        expect((await door.call(user, 'GET', `/services?filters=${filters}`)).status, user).toBe(400)
    })

    it('is in the version that the client speaks', async () => {
      expect((await door.call('dev', 'GET', '/v1.39/services')).status).toBe(200)
      const tooNew = await door.call('dev', 'GET', '/v1.99/services')
      expect([tooNew.status, tooNew.json.message]).toEqual([400, expect.stringMatching(/too new/)])
      expect((await door.call('admin', 'GET', '/v1.99/version')).status).toBe(400)
    })

    it('is about the very thing that was checked, whatever its name', async () => {
      for (const Name of ['s', 'services', 'service']) {
        const id = await created('dev', '/services/create', { ...web('/Run/Std/retail'), Name })
        expect((await door.call('dev', 'GET', `/services/${Name}`)).json.ID).toBe(id)
        expect((await door.call('dev', 'DELETE', `/services/${Name}`)).status).toBe(200)
      }
    })
  })
})

const namesAt = async (socketPath: string): Promise<readonly string[]> => {
  const { json } = await callEngine(socketPath, { method: 'GET', path: '/containers/json' })
  return (json as { Names: string[] }[]).flatMap(({ Names }) => Names)
}

describe('an engine that is gone', () => {
  it('is told as such, to everybody', async () => {
    const [memory] = await engineKinds()
    const opened = await memory?.open()
    if (opened === undefined) throw new Error('there is always the engine in memory')
    const door = await Door.open(opened)
    await opened.engine.stop()
    for (const user of ['admin', 'dev'])
      for (const path of ['/services', '/containers/json', '/networks/x', '/events']) {
        const { status, json } = await door.call(user, 'GET', path)
        expect([status, json.message], `${user} ${path}`).toEqual([
          502,
          expect.stringMatching(/the engine at .* cannot be reached/),
        ])
      }
    await door.close()
    await opened.close()
  })
})
