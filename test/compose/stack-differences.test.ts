import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { differencesPage } from '../../src/compose/differences-page.ts'
import { stackDifferences } from '../../src/compose/stack/stack-differences.ts'
import { swarmFields } from '../../src/compose/stack/swarm-fields.ts'

interface Part {
  readonly properties?: Readonly<Record<string, Part>>
  readonly $ref?: string
}

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../src/compose/schema/compose-spec.json'), 'utf8'),
) as Part & { readonly $defs: Readonly<Record<string, Part>> }

const fieldsOf = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => Object.keys(schema.$defs[name]?.properties ?? {}))

/** The closed parts whose fields are told one by one, and the fields that the specification gives them. */
const parts: readonly (readonly [string, readonly string[]])[] = [
  ['services.*', fieldsOf('service', 'container_spec', 'workload_spec')],
  ['services.*.deploy', fieldsOf('deployment')],
  ['services.*.healthcheck', fieldsOf('healthcheck')],
  ['networks.*', fieldsOf('network')],
  ['volumes.*', fieldsOf('volume')],
  ['secrets.*', fieldsOf('secret')],
  ['configs.*', fieldsOf('config')],
]

/** Carried out before a stack is written. */
const carriedOut = new Set(['services.*.extends'])

const isKnown = (path: string, field: string): boolean =>
  swarmFields.find(path.split('.'))?.has(field) === true

const dropped = new Set(
  stackDifferences
    .filter(({ kind }) => kind === 'left out' || kind === 'refused' || kind === 'moved')
    .map(({ path }) => path),
)

test.each(parts)('every field of %s that a stack has no place for has a reason', (path, fields) => {
  expect(fields.length).toBeGreaterThan(0)
  const unsaid = fields
    .filter((field) => !isKnown(path, field))
    .map((field) => `${path}.${field}`)
    .filter((one) => !dropped.has(one) && !carriedOut.has(one))
  expect(unsaid).toEqual([])
})

test.each(parts)(
  'no reason stands for a field of %s that a stack has, or that nobody knows',
  (path, fields) => {
    const own = stackDifferences.filter(
      (row) =>
        (row.kind === 'left out' || row.kind === 'refused') && row.path.replace(/\.[^.]+$/, '') === path,
    )
    const stale = own
      .map((row) => row.path.split('.').at(-1) ?? '')
      .filter((field) => field !== 'name' && (isKnown(path, field) || !fields.includes(field)))
    expect(stale).toEqual([])
  },
)

test('the page has every row', () => {
  const page = differencesPage()
  for (const { path, reason } of stackDifferences)
    expect(page).toContain(`| \`${path}\` | ${reason.replaceAll('|', '\\|')} |`)
})
