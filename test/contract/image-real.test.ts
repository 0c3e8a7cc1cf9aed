import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Clamd } from '../../src/clients/clamd.ts'
import { Docker } from '../../src/clients/docker.ts'
import { ImageRegistry } from '../../src/clients/image-registry.ts'
import type { ImageFacts } from '../../src/compliance/image-facts.ts'
import type { Checked } from '../../src/core/issue.ts'
import { readImage } from '../../src/image/read-image.ts'
import { type DockerdTools, findDockerd } from '../../src/lab/docker/dockerd.ts'
import { sendToEngine } from '../../src/lab/docker/engine-calls.ts'
import { startDockerd } from '../../src/lab/docker/real-engine.ts'
import { findServer, packagedClamd, packagedRegistry } from '../../src/lab/image/install-part.ts'
import { type RealClamd, startClamd } from '../../src/lab/image/real-clamd.ts'
import { type RealRegistry, startRegistry } from '../../src/lab/image/real-registry.ts'
import { factsOf, layered, savedArchive } from '../image/make-image.ts'
import { makeTar } from '../image/make-tar.ts'
import { missingPart } from '../missing-part.ts'
import { pushImage } from './image-push.ts'

const folders: string[] = []
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-image-'))
  folders.push(folder)
  return folder
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

const factsIn = (read: Checked<ImageFacts>): ImageFacts => {
  if (!read.ok) throw new Error(JSON.stringify(read.issues))
  return read.value
}

const image = layered(
  [
    [
      { name: 'etc/passwd', content: 'root:x:0:0::/:\napp:x:1000:1000::/:\n' },
      { name: 'bin/helper', mode: 0o4755, content: 'helper' },
    ],
    [{ name: 'bin/.wh.helper' }],
  ],
  'app',
)

/** Everything but where it came from. */
const said = ({ rootPaths, user, uidZeroNames, configuration, configDigest }: ImageFacts) => ({
  rootPaths,
  user,
  uidZeroNames,
  configuration,
  configDigest,
})

const registryProgram = await findServer(packagedRegistry)
if (registryProgram === undefined) missingPart('registry', 'images of the real registry')

describe.skipIf(registryProgram === undefined)('the real registry', () => {
  let registry: RealRegistry
  const open = (): ImageRegistry => new ImageRegistry({ endpoint: registry.endpoint })

  beforeAll(async () => {
    registry = await startRegistry({ program: registryProgram ?? '', folder: await newFolder() })
  })
  afterAll(() => registry.stop())

  it('gives what was pushed, by tag and by digest, plain and gzipped', async () => {
    const stored = image.layers.map((layer) => gzipSync(layer))
    const digest = await pushImage(registry.endpoint, image, { repository: 'retail/api', tag: '1.0', stored })
    const client = open()
    for (const reference of ['127.0.0.1:5000/retail/api:1.0', `127.0.0.1:5000/retail/api@${digest}`]) {
      const facts = factsIn(await readImage(reference, { origin: { kind: 'registry', registry: client } }))
      expect(facts).toMatchObject({
        digest,
        source: 'registry',
        gaps: [],
        layers: [{ digest: expect.any(String) }, {}],
      })
      expect(said(facts)).toEqual(said(await factsOf(image)))
      // It has no Notary: that is not the word of one that nobody signed.
      expect(facts.trust).toMatchObject({
        state: 'unknown',
        reason: expect.stringContaining('_trust/tuf/root.json'),
      })
    }
    await client.close()
  })

  it('says that there is no such image', async () => {
    const client = open()
    const read = await readImage('127.0.0.1:5000/retail/none:1.0', {
      origin: { kind: 'registry', registry: client },
    })
    expect(read).toMatchObject({ ok: false, issues: [{ code: 'image/not-found' }] })
    await client.close()
  })
})

/** Written so that no scanner of the machine finds it in this file. */
const marker = ['tenantry', 'malware', 'sample', '4711'].join('-')
const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}', '$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!', '$H+H*'].join('')
const hex = (text: string): string => Buffer.from(text).toString('hex')
const signatures = { 'ours.ndb': `Tenantry.Sample:0:*:${hex(marker)}\nEicar-Signature:0:0:${hex(eicar)}\n` }

const clamdProgram = await findServer(packagedClamd)
if (clamdProgram === undefined) missingPart('clamd', 'malware in images by the real clamd')

describe.skipIf(clamdProgram === undefined)('the real clamd', () => {
  let clamd: RealClamd | undefined
  let scanner: Clamd
  const streamBytes = 8 * 1024 ** 2
  beforeAll(async () => {
    clamd = await startClamd({
      program: clamdProgram ?? '',
      folder: await newFolder(),
      signatures,
      streamBytes,
    })
    scanner = new Clamd({ endpoint: clamd.endpoint, streamBytes })
  })
  afterAll(async () => {
    scanner?.close()
    await clamd?.stop()
  })

  const malwareIn = async (
    entries: Readonly<Record<string, Buffer>>,
    more: Readonly<Record<string, Buffer>> = {},
  ) => {
    const layers = [entries, more].map((files) =>
      makeTar(Object.entries(files).map(([name, content]) => ({ name, content }))),
    )
    const folder = await newFolder()
    await writeFile(join(folder, 'image.tar'), savedArchive({ layers }))
    const origin = { kind: 'docker-archive', path: join(folder, 'image.tar') } as const
    const { malware } = factsIn(await readImage('app:1', { origin, clamd: scanner }))
    if (malware.state !== 'scanned') throw new Error('It was not scanned.')
    return malware
  }

  it('says who it is', async () => {
    expect((await scanner.version()).text).toMatch(/^ClamAV \d+\.\d+/)
  })

  it('finds nothing in clean files, and says how many they were', async () => {
    expect(await malwareIn({ a: Buffer.from('a'), b: Buffer.from('b') })).toMatchObject({
      scanner: expect.stringMatching(/^ClamAV/),
      filesScanned: 2,
      findings: [],
      skipped: [],
    })
  })

  it('finds a file, also one that a higher layer deletes', async () => {
    const { findings } = await malwareIn(
      { 'opt/evil': Buffer.from(`x${marker}y`) },
      { 'opt/.wh.evil': Buffer.alloc(0) },
    )
    expect(findings).toEqual([
      {
        path: '/opt/evil',
        layer: 0,
        inMergedView: false,
        signature: expect.stringContaining('Tenantry.Sample'),
      },
    ])
  })

  it('finds EICAR in an archive within archives, and tells its path', async () => {
    const zip = Buffer.from(zipSync({ 'lib/x.zip': zipSync({ evil: Buffer.from(eicar) }) }))
    const { findings, skipped } = await malwareIn({
      'opt/app.tar.gz': gzipSync(makeTar([{ name: 'app.jar', content: zip }])),
    })
    expect(findings.map(({ path }) => path)).toContain('/opt/app.tar.gz!/app.tar!/app.jar!/lib/x.zip!/evil')
    expect(skipped).toEqual([])
  })

  it('finds what lies over the seam of two parts of a file that is too large for it, and says so', async () => {
    const large = Buffer.alloc(20 * 1024 ** 2, 'x')
    large.write(marker, streamBytes - 10)
    const { findings, skipped } = await malwareIn({ large })
    expect(findings).toMatchObject([{ path: '/large' }])
    expect(skipped).toMatchObject([{ path: '/large', reason: expect.stringMatching(/scanned in 3 parts/) }])
  })

  it('finds what lies deep in an archive that is too large for it', async () => {
    const tar = makeTar([
      { name: 'filler', content: Buffer.alloc(12 * 1024 ** 2, 'x') },
      { name: 'evil', content: `..${marker}..` },
    ])
    expect((await malwareIn({ 'big.tar': tar })).findings.map(({ path }) => path)).toContain('/big.tar!/evil')
  })

  it('tells what it does not open', async () => {
    const deep = Array.from({ length: 9 }).reduce<Buffer>((inner) => gzipSync(inner), Buffer.from('x'))
    const { skipped } = await malwareIn({ deep, 'half.gz': gzipSync(Buffer.alloc(1000)).subarray(0, 20) })
    expect(skipped).toMatchObject([
      { reason: expect.stringMatching(/nested too deep/) },
      { path: '/half.gz', reason: expect.stringMatching(/not opened to its end/) },
    ])
  })

  it('tells a stream that the daemon refuses, rather than calling it clean', async () => {
    const eager = new Clamd({ endpoint: scanner.endpoint, streamBytes: 64 * 1024 ** 2 })
    const verdict = await eager.scan([Buffer.alloc(16 * 1024 ** 2, 'x')]).catch((error: unknown) => error)
    expect(verdict).not.toMatchObject({ kind: 'clean' })
  })
})

const { tools, ...why } = await findDockerd()
if (tools === undefined)
  missingPart('docker', `images of the real engine: ${'reason' in why ? why.reason : ''}`)

const engineSuite = (found: DockerdTools): void => {
  it('gives an image that was loaded, as the archive has it', async () => {
    const folder = await newFolder()
    const socketPath = join(folder, 'docker.sock')
    const engine = await startDockerd({
      tools: found,
      cluster: 'images',
      folder: join(folder, 'data'),
      socketPath,
    })
    const docker = new Docker({ host: `unix://${socketPath}` })
    try {
      await engine.joinNode({ hostname: 'alone', cpus: 1, memoryBytes: 2 ** 30 })
      const archive = () => Readable.from([savedArchive(image)])
      const loaded = await sendToEngine(socketPath, { method: 'POST', path: '/images/load', archive })
      expect(loaded.text).toContain('Loaded image')
      const facts = factsIn(await readImage('app:1', { origin: { kind: 'engine', docker } }))
      expect(facts).toMatchObject({ source: 'engine', gaps: [] })
      expect(said(facts)).toEqual(said(await factsOf(image)))
      expect(await readImage('none:1', { origin: { kind: 'engine', docker } })).toMatchObject({
        ok: false,
        issues: [{ code: 'image/not-found' }],
      })
    } finally {
      await docker.close()
      await engine.stop()
    }
  })
}

describe.skipIf(tools === undefined)('the real engine', { timeout: 600_000 }, () => {
  if (tools !== undefined) engineSuite(tools)
})
