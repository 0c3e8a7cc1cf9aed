import { describe, expect, it } from 'vitest'
import { complianceSample } from '../../src/load/generated-docs.ts'
import { parseFleet } from '../../src/load/load-fleet.ts'
import { alwaysOn } from '../../src/policy/binding.ts'
import {
  acme,
  bolt,
  type ClusterInput,
  clusterText,
  codesOf,
  issuesOf,
  nonprod,
  prod,
  tenantText,
  textAt,
} from './fleet-of.ts'

const owner = 'sec@bank.example'
const reason = 'SEC-7: decided by the board'

interface Files {
  readonly policy?: object
  readonly nonprod?: ClusterInput['compliance']
  readonly prod?: ClusterInput['compliance']
  readonly acme?: object
  readonly waiver?: object
}

const textsOf = (files: Files) => [
  clusterText({ ...nonprod, ...(files.nonprod === undefined ? {} : { compliance: files.nonprod }) }),
  clusterText({ ...prod, ...(files.prod === undefined ? {} : { compliance: files.prod }) }),
  tenantText({ ...acme, ...files.acme }),
  tenantText(bolt),
  ...(files.policy === undefined
    ? []
    : [
        {
          file: 'compliance.ts',
          text: `export default ${JSON.stringify({ owner, ...files.policy }, null, 1)}\n`,
        },
      ]),
  ...(files.waiver === undefined
    ? []
    : [{ file: 'waivers/one.ts', text: `export default ${JSON.stringify(files.waiver, null, 1)}\n` }]),
]

const load = (files: Files) => parseFleet(textsOf(files), new Date('2026-11-22T10:00:00Z'))

const textOf = (files: Files, file: string): string =>
  textsOf(files).find((one) => one.file === file)?.text ?? ''

describe("the platform's policy of the checks", () => {
  it('is read where there is one', () => {
    const none = load({})
    expect(none.ok && none.value.policy).toBe(undefined)
    const one = load({ policy: { scanMaxAgeDays: 7 } })
    expect(one.ok && one.value.policy?.value).toEqual({ owner, scanMaxAgeDays: 7 })
  })

  it('is read as its page shows one', () => {
    const read = parseFleet([...textsOf({}), { file: 'compliance.ts', text: complianceSample }])
    expect(issuesOf(read)).toEqual([])
  })

  it('is data and never run', () => {
    const text = "import { defineFleet } from './src/fleet/define.ts'\nexport default defineFleet({})\n"
    expect(codesOf(parseFleet([...textsOf({}), { file: 'compliance.ts', text }]))).toEqual([
      'compliance.ts reader/import',
      'compliance.ts reader/wrong-define',
    ])
  })

  it.each<[what: string, policy: object, code: string, at: string]>([
    ['no owner', { owner: 'security' }, 'compliance/wrong-value', '"security"'],
    [
      'a rule that is not there',
      { rules: { 'root/usr': { off: true, reason } } },
      'compliance/unknown-field',
      '',
    ],
    ['no reason', { rules: { 'root/user': { off: true } } }, 'compliance/missing-field', ''],
    [
      'a short reason',
      { rules: { 'root/user': { off: true, reason: 'x' } } },
      'compliance/wrong-value',
      '"x"',
    ],
    ['off: false', { rules: { 'root/user': { off: false, reason } } }, 'compliance/wrong-value', 'false'],
    ['nothing said', { rules: { 'root/user': { reason } } }, 'compliance/rule-setting', '"root/user"'],
    [
      'two things said',
      { rules: { 'root/user': { off: true, severity: 'low', reason } } },
      'compliance/rule-setting',
      '"root/user"',
    ],
    [
      'a guard that is less grave',
      { rules: { 'network/not-the-tenants': { severity: 'high', reason } } },
      'compliance/always-on',
      '"network/not-the-tenants"',
    ],
    [
      'a guard that is off on one stage',
      { stages: { nonprod: { rules: { 'root/privileged': { off: true, reason } } } } },
      'compliance/always-on',
      '"root/privileged"',
    ],
    ['a capability that is root', { capabilities: ['SYS_ADMIN'] }, 'compliance/wrong-value', '"SYS_ADMIN"'],
    ['all capabilities', { capabilities: ['ALL'] }, 'compliance/wrong-value', '"ALL"'],
    ['a registry with a scheme', { registries: ['https://x.example'] }, 'compliance/wrong-value', ''],
    ['a ceiling below nothing', { ceilings: { high: -1 } }, 'compliance/wrong-value', '-1'],
    ['a year and more', { scanMaxAgeDays: 400 }, 'compliance/wrong-value', '400'],
    ['a stage that is not there', { stages: { test: {} } }, 'compliance/unknown-field', ''],
    ['a stage of a stage', { stages: { prod: { stages: {} } } }, 'compliance/unknown-field', ''],
    ['a rule that nobody waives', { neverWaived: ['x/y'] }, 'compliance/wrong-value', '"x/y"'],
  ])('is refused for %s, at its place', (_, policy, code, at) => {
    const result = load({ policy })
    expect(codesOf(result)).toEqual([`compliance.ts ${code}`])
    const [issue] = issuesOf(result)
    expect(issue?.source?.line).toBeGreaterThan(0)
    expect(textAt(issue, textOf({ policy }, 'compliance.ts'))).toContain(at)
  })

  it.each([...alwaysOn])('never switches %s off', (rule) => {
    expect(codesOf(load({ policy: { rules: { [rule]: { off: true, reason } } } }))).toEqual([
      'compliance.ts compliance/always-on',
    ])
    expect(codesOf(load({ policy: { rules: { [rule]: { severity: 'critical', reason } } } }))).toEqual([])
  })
})

describe('a cluster file', () => {
  const policy = {
    ceilings: { high: 5 },
    scanMaxAgeDays: 14,
    signaturesMaxAgeDays: 3,
    registries: ['mirror.example/library', 'vendor.example'],
    container: { cpu: '4', memory: '8Gi' },
    stages: { prod: { ceilings: { high: 1 }, registries: ['vendor.example'] } },
  }

  it.each<[what: string, compliance: ClusterInput['compliance']]>([
    ['the same', { ceilings: { high: 5 }, scanMaxAgeDays: 14, container: { cpu: '4000m' } }],
    ['less', { ceilings: { high: 0 }, signaturesMaxAgeDays: 1, container: { memory: '512Mi' } }],
    ['fewer registries', { registries: ['vendor.example/base'] }],
    ['what the policy leaves unsaid', { ceilings: { medium: 1000 } }],
  ])('may say %s', (_, compliance) => {
    expect(codesOf(load({ policy, nonprod: compliance }))).toEqual([])
  })

  it.each<[what: string, compliance: ClusterInput['compliance'], at: string]>([
    ['more vulnerabilities', { ceilings: { high: 6 } }, '6'],
    ['older scans', { scanMaxAgeDays: 15 }, '15'],
    ['older signatures', { signaturesMaxAgeDays: 4 }, '4'],
    ['more CPU', { container: { cpu: '4001m' } }, '"4001m"'],
    ['more memory', { container: { memory: '8193Mi' } }, '"8193Mi"'],
    ['another registry', { registries: ['vendor.example', 'docker.io'] }, '"docker.io"'],
    ['all of a registry of which a path is allowed', { registries: ['mirror.example'] }, '"mirror.example"'],
    [
      'a path that begins alike',
      { registries: ['mirror.example/library-of-evil'] },
      '"mirror.example/library-of-evil"',
    ],
  ])('may not say %s', (_, compliance, at) => {
    const files = { policy, nonprod: compliance }
    const result = load(files)
    expect(codesOf(result)).toEqual(['stacks/nonprod.ts cluster/compliance-looser'])
    expect(textAt(issuesOf(result)[0], textOf(files, 'stacks/nonprod.ts'))).toBe(at)
    expect(issuesOf(result)[0]?.message).toMatch(/compliance\.ts:\d+/)
  })

  it('is bound by what the policy says of its stage, which the message names', () => {
    const files = { policy, prod: { ceilings: { high: 3 }, registries: ['mirror.example/library'] } }
    const result = load(files)
    expect(codesOf(result)).toEqual(
      Array.from({ length: 2 }, () => 'stacks/prod.ts cluster/compliance-looser'),
    )
    const lines = textOf(files, 'compliance.ts').split('\n')
    const named = issuesOf(result).map(({ message }) => Number(/compliance\.ts:(\d+)/.exec(message)?.[1]))
    expect(named.map((line) => lines[line - 1]?.trim())).toEqual(['"high": 1', '"registries": ['])
  })
})

describe('a tenant file', () => {
  const ceilings = (high: number) => ({ compliance: { ceilings: { high } } })

  it('may be as strict as one of its clusters, or stricter', () => {
    for (const high of [0, 1, 10]) expect(codesOf(load({ acme: ceilings(high) }))).toEqual([])
  })

  it('is refused for a ceiling above that of each of its clusters', () => {
    const result = load({ acme: ceilings(11) })
    expect(codesOf(result)).toEqual(['tenants/acme.ts tenant/compliance-looser'])
    expect(issuesOf(result)[0]?.message).toContain('10 at most')
    expect(codesOf(load({ acme: ceilings(10), policy: { ceilings: { high: 9 } } }))).toEqual([
      'tenants/acme.ts tenant/compliance-looser',
    ])
  })

  it.each(['rules', 'registries', 'capabilities', 'scanMaxAgeDays', 'neverWaived'])('has no %s', (field) => {
    expect(codesOf(load({ acme: { compliance: { [field]: [] } } }))).toEqual([
      'tenants/acme.ts tenant/unknown-field',
    ])
  })
})

describe('a waiver', () => {
  const waiver = {
    owner,
    reason,
    rules: ['root/user', 'root/set-uid'],
    organization: 'acme',
    expires: '2026-12-31',
  }

  it('is refused for a rule that the policy lets nobody waive', () => {
    expect(codesOf(load({ waiver }))).toEqual([])
    const files = { waiver, policy: { neverWaived: ['root/set-uid'] } }
    const result = load(files)
    expect(codesOf(result)).toEqual(['waivers/one.ts waiver/never'])
    expect(textAt(issuesOf(result)[0], textOf(files, 'waivers/one.ts'))).toBe('"root/set-uid"')
  })
})
