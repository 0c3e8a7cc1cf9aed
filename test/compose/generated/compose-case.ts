import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { attributes, containerAttributes, definitions } from './attributes.ts'
import { fileText, flowText, type Written } from './yaml-text.ts'

type Map = Readonly<Record<string, Written>>

/** Files to be merged, and those that they name. */
export interface ComposeCase {
  /** Paths of the files of the command line, in their order. */
  readonly paths: readonly string[]
  /** Text of every file, by its path from the project's folder. */
  readonly texts: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string>>
  readonly profiles: readonly string[]
}

const environment = { A: 'value', PORT: '8443', YES: 'true', BESIDE: 'e' }

const envFiles = {
  'one.env': 'A=one\nF=1 # remark\nexport G="x $A"\n',
  'two.env': "F='two $A'\nH: y\n",
  'sub/three.env': 'B\nI=${F:-none}\n',
}

/** Some of the attributes of a service: few at once, so that a difference is found in a small file. */
const service = (all: Readonly<Record<string, fc.Arbitrary<Written>>>): fc.Arbitrary<Map> =>
  fc
    .uniqueArray(fc.constantFrom(...Object.keys(all)), { minLength: 1, maxLength: 6 })
    .chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, all[key] ?? fc.constant(null)]))))

const tagged = (map: Map, tag: '!reset' | '!override', keys: readonly string[]): Map =>
  Object.fromEntries(
    Object.entries(map).map(([key, value]) => [
      key,
      keys.includes(key) ? { mergeTag: tag, tagged: tag === '!reset' ? null : value } : value,
    ]),
  )

/** A later file's service, with merge tags before some of its attributes. */
const later = (all: Readonly<Record<string, fc.Arbitrary<Written>>>): fc.Arbitrary<Map> =>
  service(all).chain((map) =>
    fc
      .tuple(
        fc.constantFrom('!reset', '!override'),
        fc.subarray(Object.keys(map)),
        fc.integer({ max: 3, min: 0 }),
      )
      .map(([tag, keys, chance]) => (chance === 0 ? tagged(map, tag, keys) : map)),
  )

const serviceNames = ['api', 'db', 'job'] as const

const things = fc.record(
  Object.fromEntries(
    Object.entries(definitions).map(([kind, one]) => [
      kind,
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), one, { maxKeys: 2 }),
    ]),
  ),
  { requiredKeys: [] },
)

/** Everything that services of the pools may name. */
const allThings: Map = {
  networks: { a: null, b: null, c: null },
  volumes: { a: null, b: null, c: null },
  secrets: { a: { file: './a.txt' }, b: { file: './b.txt' }, c: { external: true } },
  configs: { a: { file: './a.txt' }, b: { file: './b.txt' }, c: { external: true } },
}

const withImage = (map: Map): Map => ({ image: 'i:1', ...map })

const baseServices = (one: fc.Arbitrary<Map>): fc.Arbitrary<Map> =>
  fc.record(Object.fromEntries(serviceNames.map((name) => [name, one.map(withImage)])))

const laterServices = (one: fc.Arbitrary<Map>): fc.Arbitrary<Map> =>
  fc.dictionary(fc.constantFrom(...serviceNames), one, { maxKeys: 3 })

/** Another file's services, which this one's extend or include. */
const besideFile = (all: Readonly<Record<string, fc.Arbitrary<Written>>>) =>
  service(all).map((map): Map => {
    const own = Object.fromEntries(
      Object.entries(map).filter(([key]) => !['depends_on', 'links', 'volumes_from'].includes(key)),
    )
    return { services: { shared: withImage(own) }, ...allThings }
  })

type Wiring = 'none' | 'anchor' | 'extends' | 'extends-file' | 'include'

const sharedOf = (beside: Map): Map => (beside.services as Readonly<Record<string, Map>>).shared ?? {}

/** Two services of the base take what an anchor holds, each over its own values. */
const anchored = (base: Map, beside: Map): Map => {
  const services = base.services as Readonly<Record<string, Map>>
  const merged = (name: string, key: Written): Map => ({ '<<': key, ...services[name] })
  return {
    'x-shared': { raw: `&shared ${flowText(sharedOf(beside))}` },
    ...base,
    services: { ...services, api: merged('api', { raw: '*shared' }), db: merged('db', [{ raw: '*shared' }]) },
  }
}

const wired = (base: Map, beside: Map, wiring: Wiring): Map => {
  const services = base.services as Readonly<Record<string, Map>>
  const withApi = (fields: Map): Map => ({
    ...base,
    services: { ...services, api: { ...services.api, ...fields } },
  })
  if (wiring === 'anchor') return anchored(base, beside)
  if (wiring === 'extends') return withApi({ extends: { service: 'job' } })
  if (wiring === 'extends-file') return withApi({ extends: { file: 'sub/beside.yml', service: 'shared' } })
  return wiring === 'include' ? { include: ['sub/beside.yml'], ...base } : base
}

/** Compose files over one another, with what they name. */
export const composeCase = (
  all: Readonly<Record<string, fc.Arbitrary<Written>>> = { ...attributes, ...containerAttributes },
): fc.Arbitrary<ComposeCase> =>
  fc
    .record({
      base: fc.record({ services: baseServices(service(all)) }),
      things,
      beside: besideFile(all),
      wiring: fc.constantFrom<Wiring>('none', 'none', 'anchor', 'extends', 'extends-file', 'include'),
      later: fc.array(fc.record({ services: laterServices(later(all)) }), { minLength: 1, maxLength: 2 }),
      moreThings: things,
      profiles: fc.subarray(['p', 'q']),
    })
    .map(({ base, things: own, beside, wiring, later: overs, moreThings, profiles }) => {
      const first = wired({ ...base, ...allThings, ...own }, beside, wiring)
      const files = [
        first,
        ...overs.map((one, index): Map => (index === 0 ? { ...one, ...moreThings } : one)),
      ]
      const paths = files.map((_, index) => `${index}.yml`)
      const written = files.map((file, index) => [paths[index] ?? '', fileText(file)] as const)
      const texts = {
        ...Object.fromEntries(written),
        'sub/beside.yml': fileText(beside),
        ...envFiles,
        'sub/one.env': 'A=sub\n',
        'sub/two.env': 'J=2\n',
        'sub/sub/three.env': '',
      }
      return { paths, texts, environment, profiles }
    })

/** Writes the files of a case into a folder. */
export const writeCase = (folder: string, { texts }: ComposeCase): void => {
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
