import type { StepMetadata } from './engine-event.ts'

/** A property's values before and after, as far as they are no secret. */
export interface PropertyValues {
  /** Absent where it was not there before. */
  readonly from?: unknown
  /** Absent where it is there no longer. */
  readonly to?: unknown
}

/** What the engine writes in place of a secret, among other kinds of values. Source: `resource.SigKey` and `SecretSig` of the SDK's `properties.go`. */
const secretSignatureKey = '4dabf18193072939515e22adb298388d'
const secretSignature = '1b47061264138c4ac30d75fd1eb44270'
const shown = '[secret]'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** A value with `[secret]` for each secret in it, which the engine encrypts anew whenever it writes one. Pure. */
export const withoutSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isObject(value)) return value
  if (value[secretSignatureKey] === secretSignature) return shown
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, withoutSecrets(child)]))
}

const holdsSecret = (value: unknown): boolean => {
  if (value === shown) return true
  if (Array.isArray(value)) return value.some(holdsSecret)
  return isObject(value) && (secretSignatureKey in value || Object.values(value).some(holdsSecret))
}

/** Steps of a path as Pulumi writes it: `a.b`, `a["x y"]`, `a[0]`. Pure. */
const stepsOf = (path: string): readonly string[] =>
  [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted?.replace(/\\(.)/g, '$1') ?? index ?? plain ?? '',
  )

const valueAt = (from: unknown, steps: readonly string[]): unknown =>
  steps.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[Number(step)]
    return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
  }, from)

const found = (state: StepMetadata['old'], steps: readonly string[]): unknown => {
  const [top = ''] = steps
  const isInput = Object.hasOwn(state?.inputs ?? {}, top)
  const from = isInput ? state?.inputs : state?.outputs
  // Beside a secret somebody may have written another: nothing of a property that holds one is shown.
  return holdsSecret(valueAt(from, [top])) ? shown : valueAt(from, steps)
}

const given = (name: 'from' | 'to', value: unknown): PropertyValues =>
  value === undefined ? {} : { [name]: value }

/** What a step says of a property by its path; a property that holds a secret anywhere is `[secret]`. Pure, never throws. */
export const valuesAt = (path: string, { old, new: now }: StepMetadata): PropertyValues => {
  const steps = stepsOf(path)
  const from = found(old, steps)
  const to = found(now, steps)
  const isSecret = from === shown || to === shown
  return {
    ...given('from', isSecret && from !== undefined ? shown : from),
    ...given('to', isSecret && to !== undefined ? shown : to),
  }
}
