import type { ChangeReport } from './change-report.ts'
import { plainText } from './phrase.ts'

const isPhrase = (value: unknown): value is Parameters<typeof plainText>[0] =>
  typeof value === 'object' && value !== null && 'phrase' in value && Array.isArray(value.phrase)

/** The whole report as JSON, its sentences as text. Ends in a line feed. Never throws. */
export const renderJson = (report: ChangeReport): string =>
  `${JSON.stringify(report, (_, value: unknown) => (isPhrase(value) ? plainText(value) : value), 2)}\n`
