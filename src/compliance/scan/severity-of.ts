import type { Severity } from '../finding.ts'

/** A severity as scanners write it. What they could not rate counts as medium. Source: our choice; it is neither clean nor an alarm. */
export const severityOfWord = (word: string): Severity => {
  switch (word.toLowerCase()) {
    case 'critical':
      return 'critical'
    case 'high':
    case 'important':
      return 'high'
    case 'low':
    case 'negligible':
    case 'minor':
      return 'low'
    default:
      return 'medium'
  }
}

/** The severity of a CVSS base score. Source: CVSS 3.1, table 14; 0 counts as low: it was reported. */
export const severityOfScore = (score: number): Severity => {
  if (score >= 9) return 'critical'
  if (score >= 7) return 'high'
  return score >= 4 ? 'medium' : 'low'
}
