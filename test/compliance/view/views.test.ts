import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseImageReference } from '../../../src/compliance/image-reference.ts'
import { mountsOf, normalPath, portsOf } from '../../../src/compliance/view/attachments.ts'
import { servicesOf } from '../../../src/compliance/view/service-view.ts'
import { composeBytes, composeCpuMillis } from '../../../src/compose/amounts.ts'

const source = { file: 'x', line: 1, column: 1 }

const serviceOf = (keys: object) => {
  const model = {
    files: ['x'],
    value: { services: { web: keys } },
    locate: () => source,
    locateKey: () => source,
  }
  const [service] = servicesOf(model)
  if (service === undefined) throw new Error('no service')
  return service
}

describe('amounts', () => {
  it.each([
    ['50M', 50 * 1024 ** 2],
    ['1.5gb', 1.5 * 1024 ** 3],
    ['512MiB', 512 * 1024 ** 2],
    ['1073741824', 1024 ** 3],
    ['10b', 10],
    ['', undefined],
    ['-1', undefined],
    ['1 2', undefined],
    ['NaN', undefined],
    ['1e9', undefined],
    ['99999999P', undefined],
  ])('%s is %s bytes', (text, bytes) => {
    expect(composeBytes(text)).toBe(bytes)
  })

  it.each([
    ['0.5', 500],
    ['2', 2000],
    ['.25', 250],
    ['0.0001', 1],
    ['0', 0],
    ['-1', undefined],
    ['1e3', undefined],
    ['500m', undefined],
  ])('%s are %s thousandths of a CPU', (text, millis) => {
    expect(composeCpuMillis(text)).toBe(millis)
  })
})

describe('mounts', () => {
  it.each([
    ['data:/x', 'volume', 'data', '/x'],
    ['/a:/x:ro', 'bind', '/a', '/x'],
    ['./a:/x', 'bind', './a', '/x'],
    ['~:/x', 'bind', '~', '/x'],
    ['C:\\a:/x', 'bind', 'C:\\a', '/x'],
    ['c:/a:c:/x', 'bind', 'c:/a', 'c:/x'],
    ['\\\\.\\pipe\\x:\\\\.\\pipe\\x', 'npipe', '\\\\.\\pipe\\x', '\\\\.\\pipe\\x'],
    ['/x', 'volume', '', '/x'],
  ])('%s', (text, type, from, to) => {
    expect(mountsOf(serviceOf({ volumes: [text] }))).toMatchObject([{ type, source: from, target: to }])
  })

  it('have paths in one form', () => {
    expect(normalPath('/var//run/./../run/docker.sock/')).toBe('/var/run/docker.sock')
    expect(normalPath('/../..')).toBe('/')
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(normalPath(normalPath(text))).toBe(normalPath(text))
      }),
    )
  })
})

describe('ports', () => {
  it.each([
    ['8080', 0, 0, 'tcp'],
    ['80:8080', 80, 80, 'tcp'],
    ['80-90:80-90/udp', 80, 90, 'udp'],
    ['127.0.0.1:80:8080', 80, 80, 'tcp'],
    ['[::1]:80:8080', 80, 80, 'tcp'],
    ['127.0.0.1::8080', 0, 0, 'tcp'],
    ['x:y', 0, 65535, 'tcp'],
  ])('%s', (text, first, last, protocol) => {
    expect(portsOf(serviceOf({ ports: [text] }))).toMatchObject([{ first, last, protocol }])
  })
})

describe('references of images', () => {
  const digest = `sha256:${'ab'.repeat(32)}`
  it.each([
    ['nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['acme/shop:1', 'docker.io', 'acme/shop', '1', undefined],
    ['localhost/x', 'localhost', 'x', undefined, undefined],
    ['host:5000/a/b:1.2', 'host:5000', 'a/b', '1.2', undefined],
    [`r.example/a@${digest}`, 'r.example', 'a', undefined, digest],
    [`r.example/a:1@${digest}`, 'r.example', 'a', '1', digest],
    ['index.docker.io/library/nginx', 'docker.io', 'library/nginx', undefined, undefined],
  ])('%s', (text, registry, repository, tag, at) => {
    expect(parseImageReference(text)).toEqual({ registry, repository, tag, digest: at })
  })

  it.each(['', 'Nginx', 'a b', 'a:', '../x', 'a@sha256:12', `${'a'.repeat(600)}`, 'a//b', '-a'])(
    'none in %j',
    (text) => {
      expect(parseImageReference(text)).toBeUndefined()
    },
  )

  it('get an answer for any text, however long', () => {
    fc.assert(fc.property(fc.string(), (text) => parseImageReference(text) === undefined || text.length > 0))
    for (const part of ['a', 'a/', 'a.', 'a-', 'a__', '.']) parseImageReference(part.repeat(200_000))
  })
})
