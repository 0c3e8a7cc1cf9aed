import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { platformUser } from '../../src/lab/cluster-lab.ts'
import { type DockerdTools, findDockerd } from '../../src/lab/docker/dockerd.ts'
import { callEngine } from '../../src/lab/docker/engine-calls.ts'
import { startDockerd } from '../../src/lab/docker/real-engine.ts'
import { findServer, packagedClamd, packagedRegistry } from '../../src/lab/image/install-part.ts'
import { type RealClamd, startClamd } from '../../src/lab/image/real-clamd.ts'
import { type RealRegistry, startRegistry } from '../../src/lab/image/real-registry.ts'
import { layered, type MadeImage, savedArchive } from '../image/make-image.ts'
import { makeTar } from '../image/make-tar.ts'
import { missingPart } from '../missing-part.ts'
import {
  type ComplianceWorld,
  cleanEntries,
  cleanScan,
  findingsIn,
  imageNamed,
  repository,
  rulesIn,
  stackOf,
  startComplianceWorld,
} from './compliance-world.ts'
import { pushImage } from './image-push.ts'

const programs = {
  registry: await findServer(packagedRegistry),
  clamd: await findServer(packagedClamd),
}
if (programs.registry === undefined) missingPart('registry', 'the check of images of the real registry')
if (programs.clamd === undefined) missingPart('clamd', 'the check of images for malware')
const isComplete = programs.registry !== undefined && programs.clamd !== undefined

/** Written so that no scanner of the machine finds it in this file. */
const marker = ['tenantry', 'malware', 'sample', '0815'].join('-')
const signatures = { 'ours.ndb': `Tenantry.Sample:0:*:${Buffer.from(marker).toString('hex')}\n` }

const clean = layered([cleanEntries], 'app')
/** The malware lies in an archive in an archive, in a layer whose file a later one deletes. */
const infected = layered(
  [
    [
      ...cleanEntries,
      {
        name: 'opt/lib.tar.gz',
        content: gzipSync(
          makeTar([{ name: 'x.jar', content: Buffer.from(zipSync({ 'a/evil': Buffer.from(marker) })) }]),
        ),
      },
    ],
    [{ name: 'opt/.wh.lib.tar.gz' }],
  ],
  'app',
)

describe.skipIf(!isComplete)('images of the real registry, scanned by the real clamd', () => {
  let folder: string
  let store: RealRegistry | undefined
  let clamd: RealClamd | undefined
  let world: ComplianceWorld | undefined

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenantry-compliance-real-'))
    store = await startRegistry({ program: programs.registry ?? '', folder: join(folder, 'registry') })
    clamd = await startClamd({ program: programs.clamd ?? '', folder: join(folder, 'clamd'), signatures })
    world = await startComplianceWorld(store.endpoint)
  }, 240_000)
  afterAll(async () => {
    await world?.stop()
    await clamd?.stop()
    await store?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const started = (): ComplianceWorld => {
    if (world === undefined) throw new Error('The world did not start.')
    return world
  }

  /** Into the store, and known to the registry before it: who signed, and perhaps what they signed. */
  const push = async (
    tag: string,
    image: MadeImage,
    trust: { signers?: string[]; signedDigest?: string },
  ) => {
    const digest = await pushImage(store?.endpoint ?? '', image, { repository, tag })
    const [namespace = '', name = ''] = repository.split('/')
    started().registry.pushTag({
      ...{ namespace, repository: name, tag, author: platformUser },
      image: { digest, ...trust },
    })
    return digest
  }

  const check = async (tag: string, digest: string, more: readonly string[] = []) => {
    const file = await started().write(`${tag}.yml`, stackOf(imageNamed(tag)))
    const scan = await started().write(`${tag}.json`, cleanScan(imageNamed(tag), digest))
    const options = ['--images', 'registry', '--clamd', clamd?.endpoint ?? '', '--scan', scan]
    return started().check([file, ...options, '--running', 'live', '--format', 'json', ...more])
  }

  // Signatures of our own have no date, which is a finding of middle severity and the only one here.
  it('are fine where they are clean and signed by those that the cluster file names', async () => {
    const digest = await push('1.0', clean, { signers: [platformUser] })
    const ended = await check('1.0', digest, ['--fail-on', 'high'])
    expect(findingsIn(ended)).toMatchObject([{ rule: 'malware/old-signatures' }])
    expect(ended.code).toBe(0)
    expect((await check('1.0', digest)).code).toBe(1)
  })

  it('are found out with malware in an archive in an archive in a layer that a later one hides', async () => {
    const digest = await push('2.0', infected, { signers: [platformUser] })
    const ended = await check('2.0', digest, ['--fail-on', 'critical'])
    expect(ended.code).toBe(1)
    expect(findingsIn(ended)).toContainEqual(
      expect.objectContaining({
        rule: 'malware/found',
        severity: 'critical',
        message: expect.stringMatching(
          /^\/opt\/lib\.tar\.gz!\/lib\.tar!\/x\.jar!\/a\/evil of image .* is Tenantry\.Sample\S*, layer 1; a later layer removes it/,
        ),
      }),
    )
  })

  it.each([
    ['not signed', '3.0', {}, /is not signed\.$/],
    ['signed by nobody who is listed', '3.1', { signers: ['ada'] }, /lacks the signature of security\.$/],
    [
      'pushed again after they were signed',
      '3.2',
      { signers: [platformUser], signedDigest: `sha256:${'ab'.repeat(32)}` },
      /is signed with another digest/,
    ],
  ])('are a finding where they are %s', async (_, tag, trust, message) => {
    const digest = await push(tag, clean, trust)
    const ended = await check(tag, digest, ['--fail-on', 'high'])
    expect(findingsIn(ended).filter(({ severity }) => severity === 'high')).toMatchObject([
      { rule: 'image/unsigned', message: expect.stringMatching(message) },
    ])
    expect(ended.code).toBe(1)
  })

  it('are a finding where nobody knows whether they are signed', async () => {
    const digest = await push('4.0', clean, { signers: [platformUser] })
    const { state } = started().registry
    const { trustDocuments } = state
    state.trustDocuments = () => new Map([['root', Buffer.from('<html>moved</html>')]])
    try {
      expect(findingsIn(await check('4.0', digest))).toContainEqual(
        expect.objectContaining({
          rule: 'image/unsigned',
          message: expect.stringMatching(/is not known to be signed: .*trust data/),
        }),
      )
    } finally {
      state.trustDocuments = trustDocuments
    }
  })

  it('are not read where they are not there, which is a finding', async () => {
    expect(rulesIn(await check('9.9', `sha256:${'0'.repeat(64)}`))).toContain('image/not-read')
  })

  it('end the check with 3 where no scanner answers at its address', async () => {
    const file = await started().write('1.0.yml', stackOf(imageNamed('1.0')))
    const options = ['--images', 'registry', '--clamd', `unix://${started().at('none.sock')}`]
    expect(await started().check([file, ...options])).toMatchObject({
      code: 3,
      err: expect.stringContaining('none.sock'),
    })
  })
})

const { tools, ...why } = await findDockerd()
if (tools === undefined)
  missingPart('docker', `the check of images of the real engine: ${'reason' in why ? why.reason : ''}`)

const engineSuite = (found: DockerdTools): void => {
  it('are looked into through DOCKER_HOST', async () => {
    const world = await startComplianceWorld()
    const socketPath = world.at('docker.sock')
    const engine = await startDockerd({
      tools: found,
      cluster: 'checked',
      folder: world.at('engine'),
      socketPath,
    })
    try {
      await engine.joinNode({ hostname: 'alone', cpus: 1, memoryBytes: 2 ** 30 })
      const bad = layered([[...cleanEntries, { name: 'bin/su', mode: 0o4755, content: 'su' }]], 'app')
      const archive = () => Readable.from([savedArchive(bad)])
      await callEngine(socketPath, { method: 'POST', path: '/images/load', archive })
      const [name = '', tag = ''] = [imageNamed('').slice(0, -1), '5.0']
      const path = `/images/app:1/tag?repo=${encodeURIComponent(name)}&tag=${tag}`
      await callEngine(socketPath, { method: 'POST', path })
      const file = await world.write('stack.yml', stackOf(imageNamed(tag), imageNamed('5.1')))
      const ended = await world.check([file, '--images', 'engine', '--format', 'json'], {
        DOCKER_HOST: `unix://${socketPath}`,
      })
      expect(ended.code).toBe(1)
      expect(rulesIn(ended)).toEqual(expect.arrayContaining(['root/set-uid', 'root/escalation-tool']))
      expect(findingsIn(ended).filter(({ rule }) => rule === 'image/not-read')).toMatchObject([
        { message: expect.stringContaining(':5.1') },
      ])
    } finally {
      await engine.stop()
      await world.stop()
    }
  })
}

describe.skipIf(tools === undefined)('images of the real engine', { timeout: 600_000 }, () => {
  if (tools !== undefined) engineSuite(tools)
})
