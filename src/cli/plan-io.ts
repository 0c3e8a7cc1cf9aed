import { readFileSync, statSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import type { Checked, Issue } from '../core/issue.ts'
import { fileFault } from '../engine/state-fault.ts'
import type { Plan } from '../plan/plan-file.ts'
import { type PlanKey, parsePlanKey } from '../plan/plan-key.ts'
import { openPlan, sealPlan } from '../plan/sealed-plan.ts'

const refused = (issue: Issue): Checked<never> => ({ ok: false, issues: [issue] })

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown'

const unreadableKey = (path: string, why: string): Checked<never> =>
  refused({
    code: 'plan/unusable-key',
    message: `The key for plans cannot be read from ${path} (${why}).`,
    hint: 'Name a file that this user may read in TENANTRY_PLAN_KEY_FILE.',
  })

const keyInFile = (path: string): Checked<PlanKey> => {
  try {
    return parsePlanKey(readFileSync(path, 'utf8'))
  } catch (error) {
    return unreadableKey(path, codeOf(error))
  }
}

/**
 * The key that plans are signed with: of TENANTRY_PLAN_KEY, or of the file that TENANTRY_PLAN_KEY_FILE names; undefined where
 * neither is set. An empty one counts as not set: CI systems hand on a secret that is missing as an empty text.
 *
 * Issue code: `plan/unusable-key`. Never throws.
 */
export const planKey = (environment: NodeJS.ProcessEnv): Checked<PlanKey | undefined> => {
  const { TENANTRY_PLAN_KEY: text = '', TENANTRY_PLAN_KEY_FILE: file = '' } = environment
  if (text.trim() !== '') return parsePlanKey(text)
  return file === '' ? { ok: true, value: undefined } : keyInFile(file)
}

/** Larger than the plan of every stack of the largest fleet; more would only fill the memory. */
const mostBytes = 256 * 1024 * 1024

const unreadable = (file: string, why: string): Checked<never> =>
  refused({
    code: 'plan/not-readable',
    message: `The plan ${file} cannot be read: ${why}.`,
    hint: 'Name the file that `tenantry preview --plan FILE` wrote.',
  })

const textOf = (file: string): Checked<string> => {
  try {
    const { size } = statSync(file)
    if (size > mostBytes) return unreadable(file, `it has ${size} bytes, and ${mostBytes} are the most`)
    return { ok: true, value: readFileSync(file, 'utf8') }
  } catch (error) {
    return unreadable(file, codeOf(error) === 'ENOENT' ? 'there is no such file' : codeOf(error))
  }
}

/**
 * The plan in a file, as it was made and signed. Issue codes: `plan/not-readable`, `plan/unusable-key` and those of `openPlan`.
 * Never throws.
 */
export const readPlan = (file: string, environment: NodeJS.ProcessEnv): Checked<Plan> => {
  const key = planKey(environment)
  if (!key.ok) return key
  const text = textOf(file)
  return text.ok ? openPlan(file, text.value, key.value) : text
}

/**
 * Writes a plan, whole or not at all; signed where there is a key. Issue codes: `plan/cannot-sign`.
 *
 * @throws {Fault} `unavailable` where the file cannot be written.
 */
export const writePlan = async (
  file: string,
  plan: Plan,
  key: PlanKey | undefined,
): Promise<Checked<string>> => {
  const text = sealPlan(plan, key)
  if (!text.ok) return text
  const own = `${file}.${process.pid}.new`
  try {
    await writeFile(own, text.value)
    await rename(own, file)
    return { ok: true, value: file }
  } catch (error) {
    await rm(own, { force: true }).catch(() => undefined)
    throw fileFault(error, 'The plan', file)
  }
}
