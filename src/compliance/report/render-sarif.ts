import type { Source } from '../../core/issue.ts'
import { catalogue } from '../catalogue.ts'
import type { CheckResult } from '../check.ts'
import type { Exception } from '../exceptions.ts'
import type { Finding, Severity } from '../finding.ts'
import type { Rule } from '../rule.ts'
import { visibleJson } from './visible-json.ts'

/** Source: SARIF 2.1.0, §3.27.10; forges show `error` and `warning`. */
const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
}

/** GitHub sorts by this number, by the steps of CVSS. Source: GitHub Docs, "SARIF support for code scanning". */
const scores: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' }

const ruleJson = ({ id, title, severity, why, fix }: Rule) => ({
  id,
  shortDescription: { text: title },
  fullDescription: { text: why },
  help: { text: fix },
  defaultConfiguration: { level: levels[severity] },
  properties: { 'security-severity': scores[severity], tags: ['security', id.slice(0, id.indexOf('/'))] },
})

/** A path as a URI: relative ones are below the checkout's root. Source: SARIF 2.1.0, §3.4; RFC 3986. */
const locationOf = (file: string) => {
  const parts = file.replaceAll('\\', '/').split('/').map(encodeURIComponent)
  if (file.startsWith('/')) return { uri: `file://${parts.join('/')}` }
  return { uri: parts.join('/'), uriBaseId: '%SRCROOT%' }
}

/** One-based; the end, where it is known, is past the last character. */
const regionOf = ({ line, column, endLine, endColumn }: Source) => ({
  startLine: line,
  startColumn: column,
  ...(endLine === undefined || endColumn === undefined || (endLine === line && endColumn <= column)
    ? {}
    : { endLine, endColumn }),
})

const suppressionOf = ({ kind, file, owner, reason, expires }: Exception) => ({
  kind: 'external',
  status: 'accepted',
  justification: `${reason} (${kind} in ${file}, ${owner}, until ${expires})`,
})

const indexes = new Map(catalogue.map(({ id }, index) => [id, index]))

const resultJson = (finding: Finding, by: Exception | undefined) => ({
  ruleId: finding.rule,
  ruleIndex: indexes.get(finding.rule) ?? -1,
  level: levels[finding.severity],
  message: { text: `${finding.message} ${finding.fix}` },
  locations: [
    {
      physicalLocation: {
        artifactLocation: locationOf(finding.source.file),
        region: regionOf(finding.source),
      },
    },
  ],
  partialFingerprints: { 'tenantryFinding/v1': finding.fingerprint },
  ...(by === undefined ? { suppressions: [] } : { suppressions: [suppressionOf(by)] }),
})

/**
 * The result as SARIF 2.1.0: every rule of the catalogue, open findings, and borne ones as suppressed. The same to the byte for the
 * same result: it holds no moment. Ends without a line feed. Pure.
 */
export const renderSarif = ({ open, borne, checked, left, switchedOff }: CheckResult): string =>
  visibleJson({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Tenantry', rules: catalogue.map(ruleJson) } },
        automationDetails: { id: `compliance/${checked.cluster}/${checked.organization}/${checked.stack}` },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'The root of the checkout.' } } },
        results: [
          ...open.map(({ finding }) => resultJson(finding, undefined)),
          ...borne.map(({ finding, by }) => resultJson(finding, by)),
        ],
        properties: { ...checked, notChecked: left, switchedOff },
      },
    ],
  })
