import { compareText } from '../core/issue.ts'

/** Keys that must stand first: sorted, each once, without what is not of this stack. */
export const dependsOn = (...keys: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(keys.filter((key) => key !== undefined))].sort(compareText)
