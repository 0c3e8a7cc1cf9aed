import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMeasured } from '../../src/compose/supply/measured.ts'
import {
  configurationOf,
  json as jsonBytes,
  layered,
  type MadeImage,
  savedArchive,
  sha256,
} from '../image/make-image.ts'
import {
  type ComplianceWorld,
  cleanEntries,
  cleanScan,
  findingsIn,
  imageNamed,
  payments,
  rulesIn,
  stackOf,
  startComplianceWorld,
} from './compliance-world.ts'
import { manifestOf } from './image-push.ts'

let world: ComplianceWorld
let stack: string
beforeAll(async () => {
  world = await startComplianceWorld()
  stack = await world.write('stack.yml', stackOf(imageNamed('1.0')))
})
afterAll(() => world.stop())

const json = ['--format', 'json'] as const

describe('what runs on the cluster, asked of its UCP', () => {
  const live = () => world.check([stack, '--running', 'live', ...json])
  /** Findings of images and scans are others' business here. */
  const quotas = async () =>
    (await live().then(findingsIn)).filter(({ rule }) => /^(?:quota|port)\//.test(rule))

  it('counts for the quota, but for the stack itself and other tenants', async () => {
    expect(await quotas()).toEqual([])
    const large = { containers: 10, cpus: 9.5, collection: payments }
    await world.run({ ...large, name: 'payments_api0', stack: 'payments' })
    await world.run({
      ...large,
      name: 'insurance_web',
      stack: 'claims',
      collection: '/Run/Std/insurance/claims',
    })
    await world.run({
      ...large,
      name: 'cards_core',
      stack: 'cards',
      collection: '/Run/Std/retail-banking/cards',
    })
    expect(await quotas()).toEqual([])
    await world.run({ name: 'cards_more', stack: 'cards', collection: payments, containers: 1, cpus: 0.5 })
    expect(await quotas()).toMatchObject([
      {
        rule: 'quota/cpu',
        message: expect.stringMatching(/asks for 1 CPU and what runs beside it 95500m; .* is 96\.$/),
      },
    ])
    const { code } = await live()
    expect(code).toBe(1)
  })

  it('takes a port that another stack has', async () => {
    await world.run({
      name: 'claims_web',
      stack: 'claims2',
      collection: '/Run/Std/insurance/claims',
      containers: 1,
      cpus: 0.1,
      port: 8443,
    })
    const text = stackOf(imageNamed('1.0')).replace('    networks: [backend]', "    ports: ['8443:8443']\n$&")
    const file = await world.write('ported.yml', text)
    const found = await world.check([file, '--running', 'live', ...json])
    expect(rulesIn(found)).toContain('port/taken')
  })

  it('ends with 3 where the cluster does not answer, and says where it was asked', async () => {
    const connections = await world.write(
      '.tenantry/lab/broken.json',
      readFileSync(world.lab.layout.connections, 'utf8').replace(
        /"host": "tcp:[^"]*"/,
        '"host": "tcp://127.0.0.1:1"',
      ),
    )
    const ended = await world.check([stack, '--running', 'live'], { TENANTRY_CONNECTIONS: connections })
    expect(ended).toMatchObject({ code: 3, err: expect.stringContaining('127.0.0.1:1') })
  })

  it('ends with 3 and the way out where nobody told how to reach it', async () => {
    const ended = await world.check([stack, '--running', 'live'], { TENANTRY_CONNECTIONS: '' })
    expect(ended).toMatchObject({ code: 3, err: expect.stringContaining('TENANTRY_CONNECTIONS') })
  })
})

describe('what a stack needs, measured through UCP', () => {
  const quick = ['--settle', '0', '--for', '1'] as const

  it('is written for the merge', async () => {
    const web = { stack: 'shop', collection: payments, containers: 2, cpus: 0.1 }
    await world.run({ ...web, name: 'shop_web' })
    await world.run({ ...web, name: 'shop_none', containers: 0 })
    const file = world.at('measured.json')
    const ended = await world.measure('shop', [...quick, '--output', file])
    expect(ended).toMatchObject({
      code: 1,
      err: expect.stringContaining('none was not measured: it has no replicas.'),
    })
    const measured = readMeasured(file, readFileSync(file, 'utf8'))
    expect(measured.ok && [...measured.value]).toEqual([
      ['web', { cpuMillis: expect.any(Number), memoryBytes: expect.any(Number) }],
    ])
  })

  it('is not known where there is no such stack, or it does not run whole', async () => {
    expect(await world.measure('none-such', quick)).toMatchObject({
      code: 3,
      err: expect.stringContaining('docker stack ls'),
    })
    await world.run({
      name: 'huge_web',
      stack: 'huge',
      collection: payments,
      containers: 1,
      cpus: 0.1,
      reserved: 4096,
    })
    expect(await world.measure('huge', ['--wait', '1', ...quick])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/web: 0 of 1 tasks \(.*insufficient resources/),
    })
  })
})

/** A folder in the OCI layout with one image, named as image builders name it: by its tag. */
const writeLayout = (folder: string, tag: string, image: MadeImage): string => {
  const manifest = manifestOf(image, image.layers)
  const named = { 'org.opencontainers.image.ref.name': tag }
  const entry = { mediaType: '', digest: sha256(manifest), size: manifest.length, annotations: named }
  const blobs = join(folder, 'blobs', 'sha256')
  mkdirSync(blobs, { recursive: true })
  writeFileSync(join(folder, 'index.json'), jsonBytes({ schemaVersion: 2, manifests: [entry] }))
  for (const blob of [...image.layers, manifest, configurationOf(image)])
    writeFileSync(join(blobs, sha256(blob).slice(7)), blob)
  return folder
}

describe('images of a file', () => {
  const clean = layered([cleanEntries], 'app')
  const bad = layered(
    [
      [...cleanEntries, { name: 'bin/helper', mode: 0o4755, content: 'helper' }],
      [{ name: 'bin/.wh.helper' }],
    ],
    'app',
  )
  const scanned = async (): Promise<string[]> => [
    '--scan',
    await world.write('scan.json', cleanScan(imageNamed('1.0'))),
  ]
  const saved = (name: string, image: typeof clean): string => {
    writeFileSync(world.at(name), gzipSync(savedArchive(image)))
    return `docker-archive:${world.at(name)}`
  }
  /** What is found beyond what no file can tell: signatures stand in the registry, and no scanner was named. */
  const beyondFile = ['image/unsigned', 'malware/not-scanned']
  const imageRules = async (from: string, file = stack) => {
    const ended = await world.check([file, '--images', from, ...(await scanned()), ...json])
    expect(ended.code).toBe(1)
    return rulesIn(ended).filter((rule) => rule !== 'quota/usage-unknown')
  }

  it('of docker save are looked into, layer by layer', async () => {
    expect((await imageRules(saved('clean.tar.gz', clean))).sort()).toEqual(beyondFile)
    expect((await imageRules(saved('bad.tar.gz', bad))).sort()).toEqual([...beyondFile, 'root/set-uid'])
  })

  it('do not stand for the images of other services', async () => {
    const two = await world.write('two.yml', stackOf(imageNamed('1.0'), imageNamed('2.0')))
    const ended = await world.check([two, '--images', saved('clean.tar.gz', clean), ...json])
    const unread = findingsIn(ended).filter(({ rule }) => rule === 'image/not-read')
    expect(unread).toHaveLength(2)
    expect(unread[0]?.message).toContain('it holds no image by this name, but app:1')
  })

  it('of an OCI layout are looked into by their tag, or by their whole name where there are several', async () => {
    const layout = writeLayout(world.at('layout'), '1.0', bad)
    expect(await imageRules(`oci-layout:${layout}`)).toContain('root/set-uid')
    const two = await world.write('two.yml', stackOf(imageNamed('1.0'), imageNamed('2.0')))
    expect(await imageRules(`oci-layout:${layout}`, two)).toContain('image/not-read')
  })

  it('that are damaged are a finding with the reason', async () => {
    const whole = savedArchive(clean)
    writeFileSync(world.at('half.tar'), whole.subarray(0, whole.length / 2))
    expect(await imageRules(`docker-archive:${world.at('half.tar')}`)).toContain('image/not-read')
  })
})
