import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { watchNodeCommand } from '../../src/cli/commands/watch-node.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { fakeContext } from './fake-context.ts'

const command = () => watchNodeCommand(fakeContext('/nowhere').context)
const known = command().options.map(({ envVar }) => envVar)
const mandatory = command()
  .options.filter((option) => option.mandatory)
  .map(({ envVar }) => envVar)
const deployed = (name: string): string => readFileSync(join(checkoutRoot(), 'deploy', 'watch', name), 'utf8')

/** The variables that a shipped file sets for the watcher. */
const inUnit = [...deployed('tenantry-node-watcher.service').matchAll(/^Environment=(TENANTRY_\w+)=/gm)].map(
  ([, name]) => name,
)
const inStack = Object.keys(
  (parse(deployed('stack.yml')) as { services: Record<string, { environment: object }> }).services[
    'node-watcher'
  ]?.environment ?? {},
).filter((name) => name.startsWith('TENANTRY_'))

describe.each([
  ['the unit', inUnit],
  ['the service', inStack],
])('%s that is shipped', (_name, set) => {
  it('sets variables that the watcher reads, and all that it needs', () => {
    expect(set.length).toBeGreaterThan(0)
    expect(set.filter((name) => !known.includes(name))).toEqual([])
    expect(mandatory.filter((name) => name === undefined || !set.includes(name))).toEqual([])
  })
})

describe('where a watcher listens', () => {
  const option = command().options.find(({ long }) => long === '--listen')
  const listen = (text: string): unknown => option?.parseArg?.(text, undefined)

  it.each([
    ['127.0.0.1:9847', { host: '127.0.0.1', port: 9847 }],
    [':0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:80', { host: '::1', port: 80 }],
  ])('is %s', (text, expected) => expect(listen(text)).toEqual(expected))

  it.each(['9847', '127.0.0.1', '127.0.0.1:65536', 'x:y'])('is not %s', (text) => {
    expect(() => listen(text)).toThrowError(/e\.g\. 127\.0\.0\.1:9847/)
  })
})
