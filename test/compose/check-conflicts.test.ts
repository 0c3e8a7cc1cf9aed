import { expect, test } from 'vitest'
import { loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { nodeAt, textOf } from '../../src/compose/yaml-node.ts'

const load = (texts: Readonly<Record<string, string>>, paths = Object.keys(texts)) =>
  loadModel(
    paths,
    { yaml: (path) => parseYaml(path, texts[path] ?? ''), text: (path) => texts[path] },
    () => undefined,
  )

const api = 'services: {api: {image: a}}\n'

test.each([
  ['two sources of a config', `${api}configs: {c: {file: f, content: x}}\n`, 'c.yml:2'],
  ['two sources of a secret', `${api}secrets: {s: {file: f, environment: X}}\n`, 'c.yml:2'],
  ['an external volume with a driver', `${api}volumes: {v: {external: true, driver: nfs}}\n`, 'c.yml:2'],
  ['two names', `${api}networks: {n: {name: a, external: {name: b}}}\n`, 'c.yml:2'],
  [
    'an address that is none',
    'services: {api: {image: a, ports: [{target: 80, host_ip: 1.2.3}]}}\n',
    'c.yml:1',
  ],
  [
    'devices both counted and named',
    'services: {api: {image: a, gpus: [{count: 1, device_ids: ["0"]}]}}\n',
    'c.yml:1',
  ],
])('%s cannot hold together', (_, text, place) => {
  const loaded = load({ 'c.yml': text })
  const told = loaded.ok
    ? []
    : loaded.issues.map(({ code, source }) => `${code} ${source?.file}:${source?.line}`)
  expect(told).toEqual([`compose/conflict ${place}`])
})

test.each([
  ['one source', `${api}configs: {c: {file: f}}\nsecrets: {s: {environment: X}}\n`],
  ['an external volume with a name and a remark', `${api}volumes: {v: {external: true, name: x, x-y: 1}}\n`],
  ['one name twice', `${api}networks: {n: {name: a, external: {name: a}}}\n`],
  ['an address', 'services: {api: {image: a, ports: ["[::1]:80:80"]}}\n'],
])('%s holds', (_, text) => {
  expect(load({ 'c.yml': text }).ok).toBe(true)
})

test('what a file includes is built in its own folder, and a drive of Windows stays one', () => {
  const texts = {
    'c.yml': 'include: [sub/b.yml]\n',
    'sub/b.yml':
      'services: {b: {image: b, build: {target: t}, volumes: [{type: bind, source: "c:/x", target: /x}]}}\n',
  }
  const loaded = load(texts, ['c.yml'])
  const model = loaded.ok ? loaded.value.model : undefined
  expect(textOf(nodeAt(model, ['services', 'b', 'build', 'context']))).toBe('./sub')
  expect(textOf(nodeAt(model, ['services', 'b', 'volumes', 0, 'source']))).toBe('c:/x')
})
