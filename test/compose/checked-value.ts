import type { Checked } from '../../src/core/issue.ts'

/** What was checked. Throws Error with the issues where there are some. */
export const checkedValue = <T>(checked: Checked<T>): T => {
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues))
  return checked.value
}
