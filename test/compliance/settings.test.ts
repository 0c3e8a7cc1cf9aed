import { describe, expect, it } from 'vitest'
import { baselineText } from '../../src/compliance/baseline.ts'
import { catalogue } from '../../src/compliance/catalogue.ts'
import { checkStack } from '../../src/compliance/check.ts'
import { renderJson } from '../../src/compliance/report/render-json.ts'
import { renderMarkdown } from '../../src/compliance/report/render-markdown.ts'
import { renderSarif } from '../../src/compliance/report/render-sarif.ts'
import { complianceSettings } from '../../src/compliance/settings.ts'
import { alwaysOn } from '../../src/policy/binding.ts'
import { CompliancePolicy } from '../../src/policy/schema.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'
import { ruleCases } from './rule-cases.ts'
import { type Case, checkCase, requestOf, rulesOf, tenant } from './stack-case.ts'

const reason = 'SEC-7: decided by the board'
const policyOf = (more: object): CompliancePolicy =>
  CompliancePolicy.parse({ owner: 'sec@bank.example', ...more })

const settings = (policy: object, compliance: object = {}, ofTenant: object = {}) =>
  complianceSettings(tenant({ compliance: ofTenant }), { ...nonprod, compliance }, policyOf(policy))

const web = (keys: object): Case => ({ stack: (_, service) => Object.assign(service, keys) })

describe('what the checks go by', () => {
  it('is the default, the cluster’s, the policy’s: each where the next says nothing', () => {
    expect(settings({}).scanMaxAgeDays).toBe(30)
    expect(settings({}, { scanMaxAgeDays: 60 }).scanMaxAgeDays).toBe(60)
    expect(settings({ scanMaxAgeDays: 90 }).scanMaxAgeDays).toBe(90)
    expect(settings({ ceilings: { high: 12 } }).ceilings).toMatchObject({ critical: 0, high: 12, medium: 50 })
  })

  it('is never looser than the policy, nor for a tenant than on its cluster', () => {
    expect(settings({ scanMaxAgeDays: 7 }, { scanMaxAgeDays: 60 }).scanMaxAgeDays).toBe(7)
    expect(settings({ signaturesMaxAgeDays: 3 }, { signaturesMaxAgeDays: 2 }).signaturesMaxAgeDays).toBe(2)
    const of = (policy: number, cluster: number, own: number) =>
      settings({ ceilings: { high: policy } }, { ceilings: { high: cluster } }, { ceilings: { high: own } })
        .ceilings.high
    expect([of(5, 9, 9), of(9, 5, 9), of(9, 9, 5)]).toEqual([5, 5, 5])
  })

  it('has the registries of the cluster as far as the policy’s list holds them', () => {
    const registries = ['mirror.example/library', 'vendor.example']
    expect(settings({ registries }).registries).toEqual(registries)
    const asked = ['mirror.example', 'vendor.example/base', 'mirror.example/library-of-evil']
    expect(settings({ registries }, { registries: asked }).registries).toEqual(['vendor.example/base'])
    expect(settings({}, { registries: asked }).registries).toEqual(asked)
    expect(settings({ registries: [] }, { registries: asked }).registries).toEqual([])
  })

  it('differs by stage, field by field and rule by rule', () => {
    const policy = policyOf({
      ceilings: { high: 5, low: 9 },
      rules: {
        'root/root-group': { severity: 'high', reason },
        'image/moving-tag': { severity: 'low', reason },
      },
      stages: {
        nonprod: { ceilings: { high: 7 }, rules: { 'image/moving-tag': { off: true, reason } } },
        prod: { ceilings: { high: 1 } },
      },
    })
    const on = (stage: 'nonprod' | 'prod') => complianceSettings(tenant(), { ...nonprod, stage }, policy)
    expect(on('nonprod').ceilings).toMatchObject({ high: 7, low: 9 })
    expect(on('prod').ceilings).toMatchObject({ high: 1, low: 9 })
    expect(on('nonprod').rules.get('image/moving-tag')?.off).toBe(true)
    expect(on('prod').rules.get('image/moving-tag')?.severity).toBe('low')
    expect(on('nonprod').rules.get('root/root-group')?.severity).toBe('high')
  })
})

describe('a policy in a check', () => {
  const latest = web({ image: 'registry.nonprod.example/acme/shop:latest' })

  it('switches a rule off, and every report says so', () => {
    const policy = policyOf({ rules: { 'image/moving-tag': { off: true, reason } } })
    const result = checkCase({ ...latest, policy })
    expect(rulesOf(checkCase(latest))).toContain('image/moving-tag')
    expect(rulesOf(result)).not.toContain('image/moving-tag')
    expect(result.switchedOff).toEqual([{ rule: 'image/moving-tag', reason }])
    expect(result.rules).toBe(catalogue.length - 1)
    for (const report of [renderJson(result, false), renderSarif(result), renderMarkdown(result)])
      expect(report).toContain(reason)
  })

  it('says nothing of rules that nobody asked for', () => {
    const policy = policyOf({ rules: { 'scan/none': { off: true, reason } } })
    expect(checkCase({ policy, asked: ['files'] }).switchedOff).toEqual([])
  })

  it('makes findings graver or less grave, in their order too', () => {
    const policy = policyOf({ rules: { 'image/moving-tag': { severity: 'critical', reason } } })
    const found = checkCase({ ...latest, policy, asked: ['files'] }).open.map(({ finding }) => [
      finding.severity,
      finding.rule,
    ])
    expect(found[0]).toEqual(['critical', 'image/moving-tag'])
  })

  it.each([...alwaysOn])('leaves %s on even where the file was never checked', (rule) => {
    const policy = policyOf({ rules: { [rule]: { off: true, severity: 'low', reason } } })
    const [one] = Object.values(ruleCases[rule].fails)
    const found = checkCase({ ...one, policy }).open.find(({ finding }) => finding.rule === rule)
    expect(found?.finding.severity).toBe(catalogue.find(({ id }) => id === rule)?.severity)
  })

  it('lets services add a capability, however it is written, and no other', () => {
    const policy = policyOf({ capabilities: ['IPC_LOCK'] })
    for (const name of ['IPC_LOCK', 'CAP_IPC_LOCK', 'ipc_lock', 'cap_ipc_lock'])
      expect(rulesOf(checkCase({ ...web({ cap_add: [name] }), policy }))).toEqual([])
    for (const name of ['NET_ADMIN', 'ALL', 'IPC_LOCK2', 'CAP_CAP_IPC_LOCK'])
      expect(rulesOf(checkCase({ ...web({ cap_add: [name] }), policy }))).toEqual(['root/capabilities-added'])
  })

  it('bounds a container', () => {
    const more = { cluster: { compliance: { container: { cpu: '4', memory: '1Gi' } } } }
    expect(checkCase({ ...more, policy: policyOf({ container: { cpu: '900m' } }) }).open).toMatchObject([
      { finding: { rule: 'limits/cpu-above-envelope' } },
    ])
    const both = requestOf({ ...more, policy: policyOf({ container: { memory: '2Gi' } }) }).rights.container
    expect(both).toEqual({ cpuMillis: 4000, memoryBytes: 1024 ** 3 })
  })

  it('keeps what nobody may waive from waivers and baselines', () => {
    const request = requestOf({ ...latest, asked: ['files'] })
    const { open, checked } = checkStack(request)
    const [entry] = open.map(({ finding: { fingerprint, rule, message } }) => ({
      ...{ fingerprint, rule, message },
      ...{ owner: 'ann@bank.example', reason, expires: '2026-12-31' },
    }))
    const baseline = entry === undefined ? [] : [entry]
    expect(checkStack({ ...request, baseline }).open).toEqual([])
    const policy = policyOf({ neverWaived: ['image/moving-tag'] })
    const strict = requestOf({ ...latest, policy, asked: ['files'] })
    expect(checkStack({ ...strict, baseline }).open).toHaveLength(1)
    const { neverWaived } = strict.rights.settings
    const terms = { owner: 'ann@bank.example', reason, expires: '2026-12-31' }
    const findings = open.map(({ finding }) => finding)
    expect(JSON.parse(baselineText(checked, findings, terms, [], neverWaived)).findings).toEqual([])
  })
})
