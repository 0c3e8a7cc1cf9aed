import * as z from 'zod'
import { canonicalJson, sha256 } from '../core/canonical.ts'
import type { Checked, Issue } from '../core/issue.ts'
import { Plan } from './plan-file.ts'
import { isSignedBy, type PlanKey, signText } from './plan-key.ts'

const format = 'tenantry-plan/1'

const Sealed = z.strictObject({
  format: z.literal(format),
  plan: Plan,
  /** SHA-256 of what is signed. */
  digest: z.string(),
  signature: z.strictObject({ algorithm: z.enum(['hmac-sha256', 'ed25519']), value: z.base64() }).optional(),
})
type Sealed = z.infer<typeof Sealed>

/** What is signed: the format stands in it, so that no signature can be carried into another one. */
const signedText = (plan: Plan): string => `${format}\n${canonicalJson(plan)}`

const again = 'Make the plan again: `tenantry preview --plan FILE`, and have it approved again.'

const refusal = (file: string, code: string, message: string, hint = again): Issue => ({
  code: `plan/${code}`,
  message,
  source: { file, line: 1, column: 1 },
  hint,
})

const refused = (...refusalOf: Parameters<typeof refusal>): Checked<never> => ({
  ok: false,
  issues: [refusal(...refusalOf)],
})

/**
 * The text of a plan's file: signed where there is a key, with its digest in any case. Issue code `plan/cannot-sign` for a key
 * that can only prove.
 */
export const sealPlan = (plan: Plan, key: PlanKey | undefined): Checked<string> => {
  const text = signedText(plan)
  const signature = key === undefined ? undefined : signText(key, text)
  if (key !== undefined && signature === undefined)
    return {
      ok: false,
      issues: [
        {
          code: 'plan/cannot-sign',
          message: 'The key for plans is a public one: it proves signatures and cannot make any.',
          hint: 'Give `preview` the private key, and `up` the public one.',
        },
      ],
    }
  const sealed = {
    format,
    digest: sha256(text),
    ...(key === undefined ? {} : { signature: { algorithm: key.algorithm, value: signature } }),
    plan,
  }
  return { ok: true, value: `${JSON.stringify(sealed, null, 1)}\n` }
}

const parseJson = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/** Cut off, by a full disk or a broken copy: what is left begins like a plan and does not end like one. */
const notJson = (file: string, text: string): Checked<never> =>
  text.trimStart().startsWith('{') && !text.trimEnd().endsWith('}')
    ? refused(file, 'truncated', `The plan ends in the middle, after ${Buffer.byteLength(text)} bytes.`)
    : refused(file, 'not-a-plan', text.trim() === '' ? 'The plan is empty.' : 'The file is no plan.')

const sealedIn = (file: string, text: string): Checked<Sealed> => {
  const json = parseJson(text)
  if (json === undefined) return notJson(file, text)
  const sealed = Sealed.safeParse(json.value)
  if (sealed.success) return { ok: true, value: sealed.data }
  const [first] = sealed.error.issues
  const isOther = first?.path[0] === 'format'
  return isOther
    ? refused(
        file,
        'other-format',
        `The file is no plan of this version of Tenantry, whose format is ${format}.`,
      )
    : refused(
        file,
        'not-a-plan',
        `The file is no plan: ${first?.path.join('.') || 'its top level'} is wrong.`,
      )
}

const signatureIssue = (file: string, sealed: Sealed, key: PlanKey | undefined): Issue | undefined => {
  const { signature } = sealed
  if (key === undefined)
    return signature === undefined
      ? undefined
      : refusal(
          file,
          'no-key',
          'The plan is signed, and there is no key here to prove the signature with.',
          'Set TENANTRY_PLAN_KEY or TENANTRY_PLAN_KEY_FILE, as where the plan was made.',
        )
  if (signature === undefined)
    return refusal(
      file,
      'unsigned',
      'The plan is not signed, and only signed ones are applied here: there is a key.',
    )
  if (signature.algorithm === key.algorithm && isSignedBy(key, signedText(sealed.plan), signature.value))
    return undefined
  return refusal(
    file,
    'wrong-key',
    signature.algorithm === key.algorithm
      ? 'The plan is signed with another key than the one here, or was altered by somebody who has no key.'
      : `The plan is signed with ${signature.algorithm}, and the key here is one of ${key.algorithm}.`,
  )
}

/**
 * A plan out of its file's text, as it was made: whole, unaltered and signed with this key. Where there is a key, an unsigned one
 * is refused.
 *
 * Issue codes: `plan/not-a-plan`, `plan/truncated`, `plan/other-format`, `plan/altered`, `plan/unsigned`, `plan/wrong-key`,
 * `plan/no-key`. Never throws.
 */
export const openPlan = (file: string, text: string, key: PlanKey | undefined): Checked<Plan> => {
  const sealed = sealedIn(file, text)
  if (!sealed.ok) return sealed
  if (sha256(signedText(sealed.value.plan)) !== sealed.value.digest)
    return refused(file, 'altered', 'The plan was altered since it was made: its digest is another.')
  const issue = signatureIssue(file, sealed.value, key)
  return issue === undefined ? { ok: true, value: sealed.value.plan } : { ok: false, issues: [issue] }
}
