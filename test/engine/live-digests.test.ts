import { describe, expect, test } from 'vitest'
import type { EngineEvent, StepMetadata } from '../../src/engine/engine-event.ts'
import { liveDigests } from '../../src/engine/live-digests.ts'

const urn = (name: string): string =>
  `urn:pulumi:nonprod.acme::tenantry::tenantry:index:Tenant$ucp:index:Team::${name}`

const step = (name: string, more: Partial<StepMetadata> = {}): EngineEvent => ({
  resOutputsEvent: {
    metadata: {
      op: 'same',
      urn: urn(name),
      type: 'ucp:index:Team',
      old: { custom: true, id: 'a1', inputs: { name: 'developers' }, outputs: { membersCount: 3 } },
      new: { custom: true, inputs: { name: 'developers' }, outputs: { membersCount: 3 } },
      detailedDiff: null,
      ...more,
    },
  },
})

const only = (event: EngineEvent): string | undefined => liveDigests([event])['team/developers']

const plain = only(step('team/developers'))
const standing = (more: object) => ({ custom: true, id: 'a1', inputs: { name: 'developers' }, ...more })

describe('liveDigests', () => {
  test('is one short digest a resource, by its logical name', () => {
    const digests = liveDigests([step('team/b'), step('team/a')])
    expect(Object.keys(digests)).toEqual(['team/a', 'team/b'])
    expect(digests['team/a']).toMatch(/^[0-9a-f]{16}$/)
  })

  test.each([
    ['the step is another', { op: 'update' }],
    ['it is renamed in the world', { old: standing({ inputs: { name: 'hackers' } }) }],
    ['it was made anew under another id', { old: standing({ id: 'b2' }) }],
    ['what is wanted of it is another', { new: standing({ inputs: { name: 'others' } }) }],
    ['another property differs', { detailedDiff: { name: { diffKind: 'update' } } }],
  ] as const)('is another where %s', (_, more) => {
    expect(only(step('team/developers', more))).not.toBe(plain)
  })

  test('is the same where only counters of the server moved, or the engine worked in another order', () => {
    expect(only(step('team/developers', { old: standing({ outputs: { membersCount: 4 } }) }))).toBe(plain)
    const steps = [step('team/developers'), step('team/developers', { op: 'update' })]
    expect(liveDigests(steps)).toEqual(liveDigests([...steps].reverse()))
  })

  test('knows nothing of what a secret is: encrypted anew it is the same', () => {
    const secret = (ciphertext: string) =>
      only(
        step('team/developers', {
          old: standing({
            inputs: {
              token: {
                '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
                ciphertext,
              },
            },
          }),
        }),
      )
    expect(secret('v1:one')).toBe(secret('v1:two'))
  })

  const at = (more: object, op: StepMetadata['op'] = 'same'): string | undefined =>
    liveDigests([
      step('ucp', {
        op,
        type: 'pulumi:providers:ucp',
        new: { custom: true, inputs: { endpoint: 'https://ucp', username: 'reader', ...more } },
      }),
    ])['provider/ucp']

  test('tells where a provider looks and whether it adopts, not who logs in', () => {
    expect(at({})).toMatch(/^[0-9a-f]{16}$/)
    expect(at({ endpoint: 'https://other' })).not.toBe(at({}))
    expect(at({ adopt: 'true' })).not.toBe(at({}))
    expect(at({ username: 'writer' }, 'update')).toBe(at({}))
    expect(at({}, 'delete')).toBeUndefined()
  })

  test('leaves out the stack and components', () => {
    const component = step('acme', { old: { custom: false }, new: { custom: false } })
    expect(liveDigests([component, {}])).toEqual({})
  })
})
