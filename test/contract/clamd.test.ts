import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Clamd, parseVerdict, parseVersion } from '../../src/clients/clamd.ts'
import { openClamdScanner } from '../../src/image/malware/clamd-scanner.ts'
import { factsOf } from '../image/make-image.ts'
import { makeTar } from '../image/make-tar.ts'

let folder: string
let server: Server | undefined
const sockets = new Set<Socket>()

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-clamd-'))
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  server?.close()
  await rm(folder, { recursive: true })
})

/** A daemon that tells its version, and treats streams as it is told. */
const serve = async (onStream: (socket: Socket) => void): Promise<Clamd> => {
  const path = join(folder, 'clamd.sock')
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', (piece) => {
      if (piece.toString('latin1').startsWith('zVERSION')) socket.end('ClamAV 1.0.0\0')
      else onStream(socket)
    })
  })
  await new Promise<void>((resolve) => {
    server?.listen(path, resolve)
  })
  return new Clamd({ endpoint: `unix://${path}`, timeoutMilliseconds: 500 })
}

const malwareOf = async (clamd: Clamd, files: number) => {
  const entries = Array.from({ length: files }, (_, at) => ({ name: `f${at}`, content: 'x' }))
  return (await factsOf({ layers: [makeTar(entries)] }, { scanner: await openClamdScanner(clamd) })).malware
}

describe('a daemon that does not do its work', () => {
  it('that breaks off leaves files that are told as not scanned', async () => {
    const clamd = await serve((socket) => socket.destroy())
    expect(await malwareOf(clamd, 2)).toMatchObject({
      findings: [],
      skipped: [
        { path: '/f0', reason: expect.stringMatching(/broke off/) },
        { path: '/f1', reason: expect.stringMatching(/broke off/) },
      ],
    })
  })

  it('that breaks off every time ends the scan', async () => {
    const clamd = await serve((socket) => socket.destroy())
    await expect(malwareOf(clamd, 40)).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('that is silent is a fault', async () => {
    const clamd = await serve(() => undefined)
    await expect(clamd.scan([Buffer.from('x')])).rejects.toMatchObject({ code: 'timeout' })
  })

  it('that never ends its answer is a fault', async () => {
    const clamd = await serve((socket) => socket.write(Buffer.alloc(10_000, 'x')))
    await expect(clamd.scan([Buffer.from('x')])).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('that refuses a stream in the middle is heard', async () => {
    const clamd = await serve((socket) => socket.end('INSTREAM size limit exceeded. ERROR\0'))
    const verdict = await clamd.scan([Buffer.from('x')])
    expect(verdict).toEqual({ kind: 'unscanned', reason: expect.stringMatching(/size limit exceeded/) })
  })

  it('that is not there is a fault', async () => {
    const clamd = new Clamd({ endpoint: `unix://${join(folder, 'none.sock')}` })
    await expect(clamd.version()).rejects.toMatchObject({ code: 'unreachable' })
    await expect(new Clamd({ endpoint: 'http://x' }).version()).rejects.toMatchObject({
      code: 'invalid-request',
    })
  })

  it('passes on what fails while a file is read', async () => {
    const clamd = await serve(() => undefined)
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x')
      throw new RangeError('the line broke')
    }
    await expect(clamd.scan(failing())).rejects.toThrow('the line broke')
  })
})

it.each([
  ['stream: OK', { kind: 'clean' }],
  ['1: stream: Win.Test FOUND', { kind: 'found', signature: 'Win.Test' }],
  ['stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND', { kind: 'unscanned' }],
  ['', { kind: 'unscanned' }],
])('reads the answer %j', (answer, verdict) => {
  expect(parseVerdict(answer)).toMatchObject(verdict)
})

it('reads the date of the signatures', () => {
  expect(parseVersion('ClamAV 1.4.3/27500/Mon Nov  3 08:12:01 2025').signaturesFrom).toBe(
    '2025-11-03T08:12:01.000Z',
  )
  expect(parseVersion('ClamAV 1.4.3')).toEqual({ text: 'ClamAV 1.4.3' })
})
