import { placeText } from '../../core/issue.ts'
import { printable } from '../../core/printable.ts'
import { xmlText } from '../../core/xml-text.ts'
import { catalogue } from '../catalogue.ts'
import { needWords } from '../catalogue-page.ts'
import type { CheckResult } from '../check.ts'
import type { Finding } from '../finding.ts'
import type { Rule } from '../rule.ts'

/** XML 1.0 has no place for controls and halves of characters: they are written out. */
const escaped = (text: string): string => xmlText(printable(text).replaceAll(/[\uFFFE\uFFFF]/g, '\uFFFD'))

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('')

const failure = (finding: Finding): string =>
  `      <failure${attributes({ message: finding.message, type: finding.severity })}>${escaped(`${placeText(finding.source)} ${finding.fix}`)}</failure>`

const testCase = (rule: Rule, { open, left, checked }: CheckResult): string => {
  const found = open.filter(({ finding }) => finding.rule === rule.id).map(({ finding }) => finding)
  const inner = left.includes(rule.needs)
    ? [`      <skipped${attributes({ message: `not asked for: ${needWords[rule.needs]}` })}/>`]
    : found.map(failure)
  const head = `    <testcase${attributes({ classname: `compliance.${checked.stack}`, name: `${rule.id}: ${rule.title}` })}`
  return inner.length === 0 ? `${head}/>` : `${head}>\n${inner.join('\n')}\n    </testcase>`
}

/**
 * The result as JUnit's XML, as CI systems read it: a case for each rule of the catalogue, with a failure for each open finding; rules
 * that were not asked for are skipped, borne findings fail nothing. Ends without a line feed. Pure.
 */
export const renderJunit = (result: CheckResult): string => {
  const { checked, open, left } = result
  const failed = new Set(open.map(({ finding }) => finding.rule)).size
  const skipped = catalogue.filter(({ needs }) => left.includes(needs)).length
  const counts = { tests: catalogue.length, failures: failed, errors: 0, skipped }
  const name = `compliance of ${checked.stack} of ${checked.organization} on ${checked.cluster}`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes(counts)}>`,
    `  <testsuite${attributes({ name, ...counts })}>`,
    ...catalogue.map((rule) => testCase(rule, result)),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')
}
