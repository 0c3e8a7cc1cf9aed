import { describe, expect, it } from 'vitest'
import {
  type BaselineEntry,
  baselineTerms,
  baselineText,
  readBaseline,
} from '../../src/compliance/baseline.ts'
import { type CheckRequest, checkStack, failing } from '../../src/compliance/check.ts'
import { waiversFor } from '../../src/compliance/exceptions.ts'
import type { Loaded } from '../../src/core/loaded.ts'
import { Waiver } from '../../src/exception/waiver-schema.ts'
import { type Case, checkCase, now, requestOf } from './stack-case.ts'

const terms = { owner: 'ann@bank.example', reason: 'OPS-42: moved in spring', expires: '2026-12-31' }

const waiver = (more: object, file = 'waivers/one.ts'): Loaded<Waiver> => {
  const source = { file, line: 1, column: 1 }
  const value = Waiver.parse({ organization: 'acme', rules: ['root/user'], ...terms, ...more })
  return { file, text: '', value, locate: () => source, locateKey: () => source }
}

const asRoot: Case = { stack: (_, web) => Object.assign(web, { user: 'root' }) }

const checkWith = (one: Case, more: Partial<CheckRequest>) => checkStack({ ...requestOf(one), ...more })

const openRules = (one: Case, waivers: readonly Loaded<Waiver>[]) =>
  checkWith(one, { waivers }).open.map(({ finding }) => finding.rule)

describe('waivers', () => {
  it('bear findings of their rule, and the result says who, why and until when', () => {
    const { open, borne } = checkWith(asRoot, { waivers: [waiver({})] })
    expect(open).toEqual([])
    expect(borne).toMatchObject([
      { finding: { rule: 'root/user' }, by: { kind: 'waiver', file: 'waivers/one.ts', ...terms } },
    ])
  })

  it.each([
    ['another rule', { rules: ['root/privileged'] }],
    ['another service', { services: ['api'] }],
    ['images alone, of which the finding is not', { images: ['acme/shop'] }],
  ])('bear nothing of %s', (_, more) => {
    expect(openRules(asRoot, [waiver(more)])).toEqual(['root/user'])
  })

  it('bear findings of the services and repositories that they name', () => {
    expect(openRules(asRoot, [waiver({ services: ['web'] })])).toEqual([])
    const setUid: Case = {
      facts: (image) => {
        const path = {
          kind: 'set-uid',
          path: '/bin/su',
          layer: 0,
          inMergedView: true,
          mode: 0o4755,
          uid: 0,
          gid: 0,
        } as const
        image.rootPaths = [path]
      },
    }
    expect(openRules(setUid, [waiver({ rules: ['root/set-uid'], images: ['acme/shop'] })])).toEqual([])
    expect(openRules(setUid, [waiver({ rules: ['root/set-uid'], images: ['acme/shop-prod'] })])).toEqual([
      'root/set-uid',
    ])
  })

  it('bear nothing on the day after their last, and the finding says which ended', () => {
    const ended = waiver({ expires: '2026-11-21' })
    expect(checkWith(asRoot, { waivers: [ended] }).open).toMatchObject([
      { finding: { rule: 'root/user' }, ended: { file: 'waivers/one.ts', expires: '2026-11-21' } },
    ])
    expect(openRules(asRoot, [waiver({ expires: '2026-11-22' })])).toEqual([])
    expect(openRules(asRoot, [ended, waiver({}, 'waivers/two.ts')])).toEqual([])
  })

  it('bear no malware', () => {
    const infected: Case = {
      facts: (image) => {
        const finding = { path: '/x', layer: 0, inMergedView: true, signature: 'Eicar-Signature' }
        if (image.malware.state === 'scanned') image.malware = { ...image.malware, findings: [finding] }
      },
    }
    expect(openRules(infected, [waiver({ rules: ['malware/found'] })])).toEqual(['malware/found'])
  })

  it('are those of the organization, by its first name too, on the cluster', () => {
    const all = [
      waiver({}),
      waiver({ organization: 'other' }),
      waiver({ clusters: ['prod'] }),
      waiver({ organization: 'old' }),
    ]
    expect(waiversFor(all, ['acme', 'old'], 'nonprod')).toEqual([all[0], all[3]])
  })

  it('of single vulnerabilities take those out of the count, and nothing else', () => {
    const critical: Case = {
      scan: (scan) => {
        scan.vulnerabilities = [{ id: 'CVE-2026-1', severity: 'critical' }]
      },
    }
    const known = { rules: ['scan/over-ceiling'], vulnerabilities: ['CVE-2026-1000'] }
    expect(openRules(critical, [waiver(known)])).toEqual(['scan/over-ceiling'])
    const its = { ...known, vulnerabilities: ['CVE-2026-1000', 'CVE-2026-2000'] }
    const two: Case = {
      scan: (scan) => {
        scan.vulnerabilities = its.vulnerabilities.map((id) => ({ id, severity: 'critical' }))
      },
    }
    expect(openRules(two, [waiver(its)])).toEqual([])
    expect(openRules(two, [waiver({ ...its, images: ['acme/other'] })])).toEqual(['scan/over-ceiling'])
    expect(openRules(two, [waiver({ ...its, expires: '2026-11-21' })])).toEqual(['scan/over-ceiling'])
  })
})

describe('a baseline', () => {
  const { checked, open } = checkCase(asRoot)
  const findings = open.map(({ finding }) => finding)
  const text = baselineText(checked, findings, terms, [], [])
  const read = (what = text, stack = checked) => readBaseline('known.json', what, stack, now)
  const entries = (what = text): readonly BaselineEntry[] => {
    const found = read(what)
    return found.ok ? found.value : []
  }

  /** The text with its one entry changed; a field that is undefined is left out. */
  const changed = (entry: object): string => {
    const baseline = JSON.parse(text)
    return JSON.stringify({ ...baseline, findings: [{ ...baseline.findings[0], ...entry }] })
  }

  it('bears what it was made of, wherever it has moved to, and nothing more', () => {
    const moved: Case = {
      stack: ({ services }, web) => {
        services.aaa = { ...web, user: 'shop' }
        Object.assign(web, { user: 'root', privileged: true })
      },
    }
    const result = checkWith(moved, { baseline: entries(), baselineFile: 'known.json' })
    expect(result.borne.map(({ finding, by }) => [finding.rule, by.kind])).toEqual([
      ['root/user', 'baseline'],
    ])
    expect(result.open.map(({ finding }) => finding.rule)).toContain('root/privileged')
    expect(result.unused).toEqual([])
  })

  it('says which of its entries are found no more', () => {
    expect(checkWith({}, { baseline: entries() }).unused.map(({ rule }) => rule)).toEqual(['root/user'])
  })

  it('bears nothing when its day is over', () => {
    const over = baselineText(checked, findings, { ...terms, expires: '2026-11-21' }, [], [])
    const { open: still } = checkWith(asRoot, { baseline: entries(over), baselineFile: 'known.json' })
    expect(still).toMatchObject([{ ended: { kind: 'baseline', file: 'known.json' } }])
  })

  it('keeps the terms of what it knew, and is the same to the byte', () => {
    const later = baselineText(checked, findings, { ...terms, owner: 'bob@bank.example' }, entries(), [])
    expect(later).toBe(text)
  })

  it.each([
    ['no JSON', '{', 'baseline/unreadable'],
    ['something else', '{"version":2}', 'baseline/unreadable'],
    ['an owner that is nobody', text.replace('ann@bank.example', 'ann'), 'baseline/unreadable'],
    ['no owner', changed({ owner: undefined }), 'baseline/unreadable'],
    ['no reason', changed({ reason: undefined }), 'baseline/unreadable'],
    ['a reason of a word', changed({ reason: 'later' }), 'baseline/unreadable'],
    ['a reason of two lines', changed({ reason: 'OPS-42: moved\nin spring' }), 'baseline/unreadable'],
    ['no end', changed({ expires: undefined }), 'baseline/unreadable'],
    ['an end that is no day', changed({ expires: '2026-11-31' }), 'baseline/unreadable'],
    ['a rule that is not there', changed({ rule: 'root/usr' }), 'baseline/unreadable'],
    ['a fingerprint that is none', changed({ fingerprint: '*' }), 'baseline/unreadable'],
    ['a field of its own', changed({ all: true }), 'baseline/unreadable'],
    ['a list', '[]', 'baseline/unreadable'],
    ['nothing', '', 'baseline/unreadable'],
    ['the day after the last', changed({ expires: '2027-05-26' }), 'baseline/too-long'],
    ['a day too far', text.replace('2026-12-31', '2028-01-01'), 'baseline/too-long'],
  ])('is refused for %s', (_, what, code) => {
    const found = read(what)
    expect(found.ok ? [] : found.issues.map((issue) => issue.code)).toEqual([code])
  })

  it('lasts to the last day that is allowed', () => {
    expect(read(changed({ expires: '2027-05-25' })).ok).toBe(true)
  })

  it('bears nothing of another finding with its fingerprint, nor malware', () => {
    for (const rule of ['root/privileged', 'malware/found']) {
      const result = checkWith(asRoot, { baseline: entries(changed({ rule })), baselineFile: 'known.json' })
      expect(result.open.map(({ finding }) => finding.rule)).toEqual(['root/user'])
    }
  })

  it('is refused for another stack', () => {
    const found = read(text, { ...checked, cluster: 'prod' })
    expect(found).toMatchObject({
      ok: false,
      issues: [{ code: 'baseline/other-stack', source: { line: 5 } }],
    })
  })

  it('is written on terms alone', () => {
    expect(baselineTerms(terms, now).ok).toBe(true)
    for (const part of [
      { owner: undefined },
      { owner: 'ann' },
      { reason: undefined },
      { reason: '' },
      { reason: 'later' },
      { expires: undefined },
      { expires: 'soon' },
      { expires: '2026-11-31' },
    ])
      expect(baselineTerms({ ...terms, ...part }, now).ok).toBe(false)
    expect(baselineTerms({ ...terms, expires: '2028-01-01' }, now).ok).toBe(false)
    expect(baselineTerms({}, now).ok).toBe(false)
  })
})

describe('what fails', () => {
  it('is what is at least as grave as asked', () => {
    const result = checkCase({ stack: (_, web) => Object.assign(web, { user: '1000:0', logging: {} }) })
    expect(failing(result, 'medium').length).toBe(2)
    expect(failing(result, 'high').length).toBe(0)
  })
})
