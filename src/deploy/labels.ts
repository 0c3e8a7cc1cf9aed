import { compareText } from '../core/issue.ts'

/** Labels in the form and an order of the docker plugin's schema: `[{ label, value }]` by label. */
export const labelList = (labels: Readonly<Record<string, string>>): { label: string; value: string }[] =>
  Object.entries(labels)
    .sort(([a], [b]) => compareText(a, b))
    .map(([label, value]) => ({ label, value }))
