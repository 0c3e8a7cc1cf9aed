import { compareText } from '../core/issue.ts'

/** Keys that must stand first: sorted, each once, without what is not of this stack. */
export const dependsOn = (...keys: readonly (string | undefined)[]): readonly string[] => {
  const present: string[] = []
  for (const key of keys) if (key !== undefined && !present.includes(key)) present.push(key)
  return present.length < 2 ? present : present.sort(compareText)
}
