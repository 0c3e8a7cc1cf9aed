import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Checked } from '../../src/core/issue.ts'
import type { Plan } from '../../src/plan/plan-file.ts'
import { type PlanKey, parsePlanKey } from '../../src/plan/plan-key.ts'
import { openPlan, sealPlan } from '../../src/plan/sealed-plan.ts'
import { plan } from './plans.ts'

const orFail = <T>(checked: Checked<T>): T => {
  if (checked.ok) return checked.value
  throw new Error(checked.issues.map(({ message }) => message).join(' '))
}

const key = (text: string): PlanKey => orFail(parsePlanKey(text))
const ours = key('0123456789abcdef0123456789abcdef')
const theirs = key('fedcba9876543210fedcba9876543210')

const pair = generateKeyPairSync('ed25519')
const privatePem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const codeOf = (checked: Checked<Plan>): string =>
  checked.ok ? 'opened' : checked.issues.map(({ code }) => code).join()

const open = (text: string, by?: PlanKey): string => codeOf(openPlan('plan.json', text, by))
const sealed = (by?: PlanKey): string => orFail(sealPlan(plan(), by))

describe('a plan that was not touched', () => {
  test.each([
    ['unsigned', undefined, undefined],
    ['signed with a shared secret', ours, ours],
    ['signed with a private key, proved with it', key(privatePem), key(privatePem)],
    ['signed with a private key, proved with the public one', key(privatePem), key(publicPem)],
  ])('comes back as it was: %s', (_, by, proof) => {
    expect(openPlan('plan.json', sealed(by), proof)).toEqual({ ok: true, value: plan() })
  })

  test('may be written in another order and layout', () => {
    const { format, digest, plan: inner } = JSON.parse(sealed()) as Record<string, object>
    const { stacks, ...rest } = inner as Plan
    expect(open(JSON.stringify({ plan: { stacks, ...rest }, digest, format }))).toBe('opened')
  })
})

describe('a plan that is refused by name', () => {
  test.each([
    ['the key is another', sealed(ours), theirs, 'plan/wrong-key'],
    ['the key is of another kind', sealed(ours), key(publicPem), 'plan/wrong-key'],
    ['it is unsigned and there is a key', sealed(), ours, 'plan/unsigned'],
    ['it is signed and there is no key', sealed(ours), undefined, 'plan/no-key'],
    ['it is empty', ' \n', ours, 'plan/not-a-plan'],
    ['it is something else', 'apiVersion: v1', ours, 'plan/not-a-plan'],
    ['it is JSON of something else', '{"plan":{}}', ours, 'plan/other-format'],
    ['it is a list', '[]', ours, 'plan/not-a-plan'],
    [
      'it is of another version',
      sealed().replace('tenantry-plan/1', 'tenantry-plan/2'),
      undefined,
      'plan/other-format',
    ],
    [
      'it holds what no plan has',
      sealed().replace('"madeAt"', '"more": 1, "madeAt"'),
      undefined,
      'plan/not-a-plan',
    ],
    [
      'it nests without end',
      `${sealed().slice(0, -3)}, "x": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      undefined,
      'plan/not-a-plan',
    ],
  ])('%s', (_, text, by, code) => {
    expect(open(text, by)).toBe(code)
  })

  const serial = (text: string): string => text.replace('"serial": 12', '"serial": 13')

  test('a changed word of it', () => {
    expect(open(serial(sealed()))).toBe('plan/altered')
    expect(open(serial(sealed(ours)), ours)).toBe('plan/altered')
  })

  test('one that was altered by somebody who made the digest anew, and has no key', () => {
    const parsed = JSON.parse(serial(sealed(ours))) as { digest: string }
    const found = openPlan('plan.json', serial(sealed(ours)), ours)
    expect(codeOf(found)).toBe('plan/altered')
    const forged = serial(sealed(ours)).replace(parsed.digest, digestOf(serial(sealed())))
    expect(open(forged, ours)).toBe('plan/wrong-key')
  })

  test('a signature taken off, where there is a key', () => {
    const { signature: _, ...rest } = JSON.parse(sealed(ours)) as Record<string, unknown>
    expect(open(JSON.stringify(rest), ours)).toBe('plan/unsigned')
  })

  test('one cut off anywhere', () => {
    const whole = sealed(ours).trimEnd()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (length) => {
        expect(open(whole.slice(0, length), ours)).toMatch(/^plan\/(?:truncated|not-a-plan)$/)
      }),
    )
    expect(open(whole.slice(0, 400), ours)).toBe('plan/truncated')
  })

  test('one with any character changed, but for its layout', () => {
    const whole = sealed(ours)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: whole.length - 1 }),
        fc.constantFrom('0', 'x', '"', '}'),
        (at, sign) => {
          fc.pre(whole[at] !== sign && whole[at]?.trim() !== '')
          expect(open(`${whole.slice(0, at)}${sign}${whole.slice(at + 1)}`, ours)).not.toBe('opened')
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** The digest that somebody without a key can make of an altered plan: the one of an unsigned plan with the same words. */
const digestOf = (altered: string): string => {
  const { plan: words } = JSON.parse(altered) as { plan: Plan }
  return (JSON.parse(orFail(sealPlan(words, undefined))) as { digest: string }).digest
}

describe('parsePlanKey', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()

  test.each([
    ['a short secret', 'hunter2hunter2'],
    ['a key of another kind', rsa],
    ['a PEM file of nothing', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----'],
    ['nothing', '  '],
  ])('refuses %s and does not quote it', (_, text) => {
    const checked = parsePlanKey(text)
    expect(checked.ok ? 'usable' : checked.issues.map(({ code }) => code)).toEqual(['plan/unusable-key'])
    expect(JSON.stringify(checked)).not.toMatch(/hunter2|c2VjcmV0/)
  })

  test('prints no secret', () => {
    expect(JSON.stringify(ours)).toBe('{"algorithm":"hmac-sha256","secret":"[secret]"}')
  })

  test('of a public key cannot sign, and says so', () => {
    const checked = sealPlan(plan(), key(publicPem))
    expect(checked.ok ? 'signed' : checked.issues[0]?.code).toBe('plan/cannot-sign')
  })

  test('takes a key of a file, with the line end of the file', () => {
    expect(open(sealed(ours), key('0123456789abcdef0123456789abcdef\n'))).toBe('opened')
  })
})
