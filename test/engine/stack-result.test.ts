import { describe, expect, test } from 'vitest'
import { type EngineEvent, parseEvent, type Step } from '../../src/engine/engine-event.ts'
import {
  breaksState,
  changedProviders,
  type FinishedRun,
  hasChanges,
  refusesState,
  stackResult,
} from '../../src/engine/stack-result.ts'

const urn = (type: string, name: string) =>
  `urn:pulumi:nonprod.acme::tenantry::tenantry:index:Tenant$${type}::${name}`

interface StepOf {
  readonly op: Step
  readonly type?: string
  readonly name?: string
  readonly custom?: boolean
  readonly detailedDiff?: Record<string, { diffKind: string }>
  readonly diffs?: string[]
}

const metadata = ({
  op,
  type = 'ucp:index:Team',
  name = 'team',
  custom = true,
  detailedDiff,
  diffs,
}: StepOf) => ({
  op,
  urn: urn(type, name),
  type,
  old: null,
  new: { custom, inputs: { version: '0.1.0' } },
  detailedDiff: detailedDiff ?? null,
  ...(diffs === undefined ? {} : { diffs }),
})

const planned = (step: StepOf): EngineEvent => ({ resourcePreEvent: { metadata: metadata(step) } })
const done = (step: StepOf): EngineEvent => ({ resOutputsEvent: { metadata: metadata(step) } })
const failed = (step: StepOf): EngineEvent => ({ resOpFailedEvent: { metadata: metadata(step) } })

const finished = (events: readonly EngineEvent[], rest: Partial<FinishedRun> = {}) =>
  stackResult({
    stack: 'nonprod.acme',
    operation: 'up',
    events,
    errors: [],
    exitCode: 0,
    cancelled: false,
    seconds: 1.5,
    ...rest,
  })

const diagnostic = (message: string, severity: 'debug' | 'info' | 'warning' | 'error', of?: string) => ({
  diagnosticEvent: { message, severity, ...(of === undefined ? {} : { urn: of }) },
})

describe('stackResult', () => {
  test('counts each resource once, without the stack, components and providers', () => {
    const result = finished([
      planned({ op: 'same', type: 'pulumi:pulumi:Stack', custom: false }),
      planned({ op: 'create', type: 'tenantry:index:Access', custom: false }),
      planned({ op: 'create', type: 'pulumi:providers:ucp', name: 'ucp' }),
      planned({ op: 'create' }),
      done({ op: 'create' }),
      planned({ op: 'same', name: 'other' }),
    ])
    expect(result.counts).toEqual({ same: 1, create: 1, update: 0, replace: 0, delete: 0 })
    expect(result.plugins).toEqual([{ name: 'ucp', version: '0.1.0' }])
    expect(hasChanges(result)).toBe(true)
  })

  test('makes one replacement of its steps', () => {
    const result = finished([
      planned({
        op: 'create-replacement',
        detailedDiff: { 'ipamConfigs[0].subnet': { diffKind: 'update-replace' } },
      }),
      planned({ op: 'replace' }),
      planned({ op: 'delete-replaced' }),
    ])
    expect(result.resources).toEqual([
      {
        urn: urn('ucp:index:Team', 'team'),
        type: 'ucp:index:Team',
        name: 'team',
        change: 'replace',
        properties: [{ path: 'ipamConfigs[0].subnet', change: 'update' }],
        failed: false,
      },
    ])
  })

  test('takes a refresh for an update only where something differs', () => {
    const quiet = finished([done({ op: 'refresh' })], { operation: 'refresh' })
    expect(hasChanges(quiet)).toBe(false)
    const drifted = finished([done({ op: 'refresh', diffs: ['labels'] })], { operation: 'refresh' })
    expect(drifted.resources[0]?.properties).toEqual([{ path: 'labels', change: 'update' }])
  })

  test('does not count what failed', () => {
    const result = finished([planned({ op: 'create' }), failed({ op: 'create' })], { exitCode: 255 })
    expect(result).toMatchObject({ outcome: 'failed', counts: { create: 0 } })
    expect(result.resources[0]?.failed).toBe(true)
  })

  test('leaves out noise and says each thing once', () => {
    const of = urn('ucp:index:Team', 'team')
    const result = finished(
      [
        diagnostic('RegisterResource RPC prepared', 'debug'),
        diagnostic('hello', 'info'),
        diagnostic('error: <{%reset%}>UCP refused it<{%reset%}>\n', 'error', of),
        diagnostic('UCP refused it', 'error', of),
        diagnostic('update failed', 'error'),
        { diagnosticEvent: { message: 'passing', severity: 'warning', ephemeral: true } },
      ],
      { exitCode: 255, errors: ['some line', 'error: update failed'] },
    )
    expect(result.diagnostics).toEqual([{ severity: 'error', message: 'UCP refused it', resource: 'team' }])
  })

  test('tells a refused deletion of data in its own words, and the way out', () => {
    const urn = 'urn:pulumi:nonprod.acme::tenantry::docker:index/volume:Volume::volume/archive'
    const result = finished(
      [
        diagnostic(`Preview failed: resource "${urn}" cannot be deleted\nbecause it is protected.`, 'error'),
        diagnostic('preview failed', 'error'),
      ],
      { exitCode: 255 },
    )
    expect(result.diagnostics).toHaveLength(1)
    expect(result.diagnostics[0]?.message).toMatch(/^it holds data/)
    expect(result.diagnostics[0]?.hint).toContain(`pulumi state unprotect '${urn}' --stack`)
  })

  const missing =
    "docker:index/secret:Secret resource 'secret/x': property data value output<string>{} has a problem: data is missing"

  test('does not blame a resource whose inputs were to come from one that failed', () => {
    const of = urn('docker:index/secret:Secret', 'secret/x')
    const cause = diagnostic(
      'Vault refused it',
      'error',
      urn('vault:appRole/authBackendRole:AuthBackendRole', 'role'),
    )
    const result = finished([diagnostic(missing, 'error', of), cause, diagnostic(missing, 'error', of)], {
      exitCode: 255,
    })
    expect(result.diagnostics).toMatchObject([
      { resource: 'secret/x', message: expect.stringMatching(/^was not tried: what it needs has failed/) },
      { resource: 'role', message: 'Vault refused it' },
    ])
  })

  test('blames a resource whose inputs are wrong where no other failed', () => {
    const result = finished([diagnostic(missing, 'error', urn('docker:index/secret:Secret', 'secret/x'))], {
      exitCode: 255,
    })
    expect(result.diagnostics).toMatchObject([{ message: missing }])
  })

  test('keeps the echo where nothing else says why', () => {
    const result = finished([diagnostic('update failed', 'error')], { exitCode: 255 })
    expect(result.diagnostics).toEqual([{ severity: 'error', message: 'update failed' }])
  })

  test.each([
    ['the stack is currently locked by 1 lock(s)', 'pulumi cancel --stack nonprod.acme'],
    ['Attempting to deploy or update resources with 2 pending operations', 'tenantry up'],
    ['failed to load checkpoint: EOF', 'tenantry up'],
    ['getting secrets manager: passphrase must be set with', 'PULUMI_CONFIG_PASSPHRASE'],
    ['no resource plugin pulumi-resource-docker found', 'plugin install'],
  ])('gives the way out of: %s', (message, way) => {
    const result = finished([], { exitCode: 255, errors: [`error: ${message}`, '  more of it'] })
    expect(result.diagnostics[0]?.message).toBe(`${message}\n  more of it`)
    expect(result.diagnostics[0]?.hint).toContain(way)
  })

  test('a cancelled run is neither succeeded nor failed', () => {
    expect(finished([], { exitCode: 255, cancelled: true }).outcome).toBe('cancelled')
  })
})

describe('parseEvent', () => {
  test('passes over what is no event', () => {
    expect(parseEvent('Previewing update')).toBeUndefined()
    expect(parseEvent('{ half')).toBeUndefined()
    expect(parseEvent('{"summaryEvent":{"durationSeconds":2}}')).toEqual({
      summaryEvent: { durationSeconds: 2 },
    })
  })
})

describe('a state that refers to what is gone', () => {
  const broken =
    'post-step event returned an error: failed to save snapshot: a.json: snapshot integrity failure; it was already written, but is invalid (backup available at a.json.bak): resource urn:b refers to missing dependency urn:c'
  const refused =
    'error: snapshot integrity failure; refusing to use it: resource urn:b refers to missing dependency'

  test('is told apart from one that is refused', () => {
    expect(breaksState([diagnostic(broken, 'error')], [])).toBe(true)
    expect(breaksState([], [`error: ${broken}`])).toBe(true)
    expect(breaksState([diagnostic('no space left', 'error')], ['error: no'])).toBe(false)
    expect(refusesState([`error: ${broken}`])).toBe(false)
    expect(refusesState([refused])).toBe(true)
  })

  test('is not told where something else is the reason, and with the way out where nothing is', () => {
    const said = finished([diagnostic(broken, 'error'), diagnostic('it refused DELETE', 'error')], {
      exitCode: 255,
    })
    expect(said.diagnostics.map(({ message }) => message)).toEqual(['it refused DELETE'])
    expect(finished([diagnostic(broken, 'error')], { exitCode: 255 }).diagnostics).toEqual([
      {
        severity: 'error',
        message: 'The engine wrote a state that refers to something that is gone.',
        hint: expect.stringContaining('`tenantry up` for nonprod.acme again'),
      },
    ])
  })
})

test('providers whose configuration changed are known by their URNs', () => {
  const provider = { type: 'pulumi:providers:vault', name: 'vault' }
  expect(
    changedProviders([
      done({ op: 'same', type: 'pulumi:providers:ucp', name: 'ucp' }),
      done({ op: 'update', ...provider }),
      done({ op: 'update' }),
      failed({ op: 'update', type: 'pulumi:providers:docker', name: 'docker' }),
    ]),
  ).toEqual([urn(provider.type, provider.name)])
})
