import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Door, labels, web } from './proxy-door.ts'
import { engineKinds, type ProxiedEngine } from './proxy-engines.ts'

const tty = { body: { Tty: true } }

describe.each(await engineKinds())('before $name', ({ open }) => {
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

  describe('nodes', () => {
    it('are labelled when they join', async () => {
      const nodes = await opened.engine.nodes()
      const labelsOf = (name: string) =>
        nodes.find(({ Description }) => Description.Hostname === name)?.Spec.Labels
      expect(labelsOf('spare')).toEqual({
        'com.docker.ucp.access.label': '/Shared',
        'com.docker.ucp.collection': 'shared',
        'com.docker.ucp.collection.root': 'true',
        'com.docker.ucp.collection.swarm': 'true',
        'com.docker.ucp.collection.shared': 'true',
        'com.docker.ucp.orchestrator.swarm': 'true',
      })
      expect(labelsOf('manager')).toMatchObject({ 'com.docker.ucp.collection': 'system' })
      expect(labelsOf('run-1')).toMatchObject({ 'com.docker.ucp.collection.run-std': 'true' })
      expect(labelsOf('run-1')).not.toHaveProperty(['com.docker.ucp.collection.shared'])
    })

    it('of the system cannot be moved, others not without a licence, none by users', async () => {
      expect(await door.moveNode('manager', '/Run/Std')).toMatchObject({
        status: 400,
        json: { message: expect.stringMatching(/system/) },
      })
      expect((await door.moveNode('spare', '/Run/Std', 'dev')).status).toBe(403)
      door.access.policy = { ...door.access.policy, advancedLicense: false }
      expect((await door.moveNode('spare', '/Run/Std')).json.message).toContain('advanced license')
      expect((await door.moveNode('spare', '/nowhere')).status).toBe(404)
    })

    it('are seen by those who may', async () => {
      const seen = (await door.call('dev', 'GET', '/v1.39/nodes')).json
      expect(
        seen.map(({ Description }: { Description: { Hostname: string } }) => Description.Hostname),
      ).toEqual(['run-1'])
      expect((await door.call('dev', 'GET', '/swarm')).status).toBe(403)
      expect((await door.call('admin', 'GET', '/swarm')).status).toBe(200)
    })
  })

  describe('services', () => {
    it('are labelled, constrained and scheduled where the caller may', async () => {
      const made = await door.call(
        'dev',
        'POST',
        '/services/create',
        web('/Run/Std/retail', { Labels: { mine: 'yes' } }),
      )
      expect(made.status).toBe(201)
      const { Spec } = (await door.call('dev', 'GET', `/services/${made.json.ID}`)).json
      const injected = {
        'com.docker.ucp.access.label': '/Run/Std/retail',
        'com.docker.ucp.collection': 'run-std-retail',
        'com.docker.ucp.collection.root': 'true',
        'com.docker.ucp.collection.swarm': 'true',
        'com.docker.ucp.collection.run': 'true',
        'com.docker.ucp.collection.run-std': 'true',
        'com.docker.ucp.collection.run-std-retail': 'true',
      }
      expect(Spec.Labels).toEqual(injected)
      expect(Spec.TaskTemplate.ContainerSpec.Labels).toEqual({ mine: 'yes', ...injected })
      expect(Spec.TaskTemplate.Placement.Constraints).toEqual([
        'node.labels.com.docker.ucp.collection.run-std==true',
        'node.labels.com.docker.ucp.orchestrator.swarm==true',
      ])
      const { node } = await door.runningTask()
      const nodes = await opened.engine.nodes()
      expect(nodes.find(({ ID }) => ID === node)?.Description.Hostname).toBe('run-1')
    })

    it('of an admin keep off the managers, and take the collection’s label constraints', async () => {
      await door.call('admin', 'POST', '/services/create', web('/Run/Std/retail2'))
      const { Spec } = (await door.call('admin', 'GET', '/services/web')).json
      expect(Spec.TaskTemplate.Placement.Constraints).toEqual([
        'node.labels.ssd==true',
        'node.labels.com.docker.ucp.collection.swarm==true',
        'node.labels.com.docker.ucp.collection.system!=true',
        'node.labels.com.docker.ucp.orchestrator.swarm==true',
      ])
    })

    it('cannot widen where they run by constraints or labels of their own', async () => {
      const forged = web(
        '/Run/Std/retail',
        {},
        { Placement: { Constraints: ['node.labels.com.docker.ucp.collection.system==true'] } },
      )
      Object.assign(forged.Labels, {
        'com.docker.ucp.collection': 'run-std-insurance',
        'com.docker.ucp.collection.run-std-insurance': 'true',
      })
      await door.call('dev', 'POST', '/services/create', forged)
      const { Spec } = (await door.call('admin', 'GET', '/services/web')).json
      expect(JSON.stringify(Spec)).not.toContain('insurance')
      expect(JSON.stringify(Spec.TaskTemplate.Placement)).not.toContain('system')
    })

    it('are refused with UCP’s text, into unknown collections, and where one may not schedule', async () => {
      expect(await door.call('prod', 'POST', '/services/create', web('/Run/Std/retail'))).toMatchObject({
        status: 403,
        json: { message: 'access denied:\nno access to Service Create, on collection run-std-retail' },
      })
      expect((await door.call('dev', 'POST', '/services/create', web('/Run/Std/nowhere'))).status).toBe(404)
      expect(
        (await door.call('dev', 'POST', '/services/create', { ...web('/'), Labels: {} })).json.message,
      ).toContain('shared-private-dev')
      expect(
        (
          await door.call(
            'dev',
            'POST',
            '/services/create',
            web('/Run/Std/retail', { Mounts: [{ Type: 'bind', Source: '/', Target: '/h' }] }),
          )
        ).json.message,
      ).toBe('access denied:\nno access to Service Create [Host Bind Mounts], on collection run-std-retail')
    })

    it('check Create and Update on both collections when they move', async () => {
      await door.call('dev', 'POST', '/services/create', web('/Run/Std/retail'))
      const service = (await door.call('dev', 'GET', '/services/web')).json
      const update = (user: string, path: string) =>
        door.call(user, 'POST', `/services/web/update?version=${service.Version.Index}`, {
          ...service.Spec,
          Labels: labels(path),
        })
      expect((await update('dev', '/Run/Std/retail2')).json.message).toBe(
        'access denied:\nno access to Service Create, Service Update, on collection run-std-retail2',
      )
      expect((await update('prod', '/Run/Std/retail')).status).toBe(403)
      expect((await update('admin', '/Run/Std/retail2')).status).toBe(200)
      expect((await door.call('dev', 'GET', '/services')).json).toEqual([])
      expect((await door.call('dev', 'GET', '/services/web')).status).toBe(403)
    })

    it('need the use of what they refer to', async () => {
      const network = { Name: 'theirs', Driver: 'overlay', Labels: labels('/Shared/Private/insurance') }
      expect((await door.call('other', 'POST', '/networks/create', network)).status).toBe(201)
      const secret = await door.call('other', 'POST', '/secrets/create', {
        Name: 'pin',
        Data: 'YQ==',
        Labels: labels('/Shared/Private/insurance'),
      })
      const refused = await door.call(
        'dev',
        'POST',
        '/services/create',
        web(
          '/Run/Std/retail',
          { Secrets: [{ SecretID: secret.json.ID, File: { Name: 'pin' } }] },
          { Networks: [{ Target: 'theirs' }] },
        ),
      )
      expect(refused.json.message).toBe(
        'access denied:\nno access to Network Connect, Secret Use, on collection shared-private-insurance',
      )
      const mine = { Name: 'mine', Driver: 'overlay', Labels: labels('/Shared/Private/retail') }
      expect((await door.call('dev', 'POST', '/networks/create', mine)).status).toBe(201)
      expect(
        (
          await door.call(
            'dev',
            'POST',
            '/services/create',
            web('/Run/Std/retail', {}, { Networks: [{ Target: 'mine' }] }),
          )
        ).status,
      ).toBe(201)
    })

    it('run signed images only where that is required', async () => {
      door.access.trust = { required: true, signers: ['acme/ci'] }
      expect(await door.call('dev', 'POST', '/services/create', web('/Run/Std/retail'))).toMatchObject({
        status: 403,
        json: { message: expect.stringMatching(/signing policy/) },
      })
      expect(
        (
          await door.call(
            'dev',
            'POST',
            '/services/create',
            web('/Run/Std/retail', { Image: 'signed/nginx:1' }),
          )
        ).status,
      ).toBe(201)
    })
  })

  describe('lists and inspects', () => {
    it('hide what the caller may not view', async () => {
      await door.call('other', 'POST', '/services/create', { ...web('/Run/Std/insurance'), Name: 'claims' })
      await door.call('other', 'POST', '/secrets/create', {
        Name: 'pin',
        Data: 'YQ==',
        Labels: labels('/Shared/Private/insurance'),
      })
      await door.call('admin', 'POST', '/volumes/create', { Name: 'loose' })
      for (const page of ['/services', '/tasks', '/containers/json', '/secrets'])
        expect((await door.call('dev', 'GET', page)).json, page).toEqual([])
      expect((await door.call('dev', 'GET', '/volumes')).json.Volumes).toEqual([])
      expect((await door.call('other', 'GET', '/services')).json).toHaveLength(1)
      expect((await door.call('admin', 'GET', '/secrets')).json).toHaveLength(1)
      expect((await door.call('dev', 'GET', '/services/claims')).status).toBe(403)
      expect((await door.call('dev', 'GET', '/services/none-such')).status).toBe(404)
      expect((await door.call('dev', 'DELETE', '/services/claims')).status).toBe(403)
      expect((await door.call('admin', 'POST', '/networks/prune')).status).toBe(501)
      expect((await door.call('dev', 'POST', '/images/create?fromImage=x')).status).toBe(403)
    })

    it('count what stands in a collection', async () => {
      await door.call('dev', 'POST', '/services/create', web('/Run/Std/retail'))
      expect(await door.proxy.census('run-std-retail')).toEqual({ nodes: 0, resources: 1 })
      expect(await door.proxy.census('run-std')).toEqual({ nodes: 1, resources: 0 })
      expect(await door.proxy.census('run-std-insurance')).toEqual({ nodes: 0, resources: 0 })
    })
  })

  describe('exec', () => {
    it('goes through a hijacked connection for those who may, and is refused to others', async () => {
      await door.call('dev', 'POST', '/services/create', web('/Run/Std/retail', { Hostname: 'w1' }))
      await door.runningTask()
      const [container] = (await door.call('prod', 'GET', '/containers/json')).json
      const form = { Cmd: ['hostname'], Tty: true, AttachStdout: true }
      expect((await door.call('prod', 'POST', `/containers/${container.Id}/exec`, form)).json.message).toBe(
        'access denied:\nno access to Container Exec, on collection run-std-retail',
      )
      expect((await door.call('other', 'GET', `/containers/${container.Id}/json`)).status).toBe(403)
      const exec = await door.call('dev', 'POST', `/containers/${container.Id}/exec`, form)
      expect(exec.status).toBe(201)
      expect(await door.hijack('prod', `/v1.39/exec/${exec.json.Id}/start`, tty)).toBe('refused 403')
      expect(await door.hijack('dev', `/v1.39/exec/${exec.json.Id}/start`, tty)).toBe('w1\r\n')
      expect((await door.call('dev', 'GET', `/exec/${exec.json.Id}/json`)).json.ExitCode).toBe(0)
    })
  })
})
