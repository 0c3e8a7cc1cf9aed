import * as z from 'zod'
import { digestsIn, momentOf, type ParsedReport, uniqueVulnerabilities } from './parsed-report.ts'
import type { Vulnerability } from './scan-report.ts'
import { severityOfScore, severityOfWord } from './severity-of.ts'

const Properties = z
  .looseObject({
    'security-severity': z.union([z.string(), z.number()]).nullish(),
    imageName: z.string().nullish(),
    imageID: z.string().nullish(),
    repoTags: z.array(z.string()).nullish(),
    repoDigests: z.array(z.string()).nullish(),
  })
  .nullish()

const SarifRule = z.object({ id: z.string(), properties: Properties })

const Result = z.object({
  ruleId: z.string().nullish(),
  ruleIndex: z.int().nullish(),
  rule: z.object({ id: z.string().nullish(), index: z.int().nullish() }).nullish(),
  kind: z.string().nullish(),
  level: z.string().nullish(),
  properties: Properties,
})

const Run = z.object({
  tool: z.object({
    driver: z.object({
      name: z.string(),
      version: z.string().nullish(),
      semanticVersion: z.string().nullish(),
      rules: z.array(SarifRule).nullish(),
    }),
  }),
  invocations: z
    .array(z.object({ endTimeUtc: z.string().nullish(), executionSuccessful: z.boolean().nullish() }))
    .nullish(),
  results: z.array(Result).nullish(),
  properties: Properties,
})
type Run = z.infer<typeof Run>

/** SARIF 2.1.0 (OASIS), as far as vulnerabilities go. */
export const SarifReport = z.object({ version: z.literal('2.1.0'), runs: z.array(Run).max(1000) })

/** Levels where a rule tells no score. Source: our choice; scanners write `error` for what is high and more. */
const levels: Readonly<Record<string, string>> = {
  error: 'high',
  warning: 'medium',
  note: 'low',
  none: 'low',
}

const scoreIn = (properties: z.infer<typeof Properties>): number | undefined => {
  const score = Number(properties?.['security-severity'] ?? Number.NaN)
  return Number.isNaN(score) ? undefined : score
}

/** Results that say "all is well" are none. Source: SARIF 2.1.0, §3.27.9. */
const isProblem = ({ kind }: z.infer<typeof Result>): boolean =>
  kind === null || kind === undefined || kind === 'fail'

/** Grype appends the package to the rule's id: `CVE-2024-6387-openssh`. */
const idOf = (ruleId: string): string =>
  /^(?:CVE-\d{4}-\d+|GHSA(?:-[a-z0-9]{4}){3})/.exec(ruleId)?.[0] ?? ruleId

const vulnerabilitiesOf = ({ tool, results }: Run): Vulnerability[] => {
  const rules = tool.driver.rules ?? []
  return (results ?? []).filter(isProblem).flatMap((result) => {
    const index = result.ruleIndex ?? result.rule?.index ?? -1
    const named = result.ruleId ?? result.rule?.id
    const rule = rules[index] ?? rules.find(({ id }) => id === named)
    const id = named ?? rule?.id
    if (id === undefined) return []
    const score = scoreIn(result.properties) ?? scoreIn(rule?.properties)
    const severity =
      score === undefined ? severityOfWord(levels[result.level ?? 'warning'] ?? '') : severityOfScore(score)
    return [{ id: idOf(id), severity }]
  })
}

const latest = (run: Run): string | undefined =>
  (run.invocations ?? [])
    .flatMap(({ endTimeUtc }) => momentOf(endTimeUtc) ?? [])
    .sort()
    .at(-1)

const failed = (run: Run): string | undefined =>
  (run.invocations ?? []).some(({ executionSuccessful }) => executionSuccessful === false)
    ? 'its tool says that it failed'
    : run.results === null || run.results === undefined
      ? 'it has no list of results, which means that it did not run'
      : undefined

const fromRun = (run: Run): ParsedReport => {
  const { name, version, semanticVersion } = run.tool.driver
  const number = version ?? semanticVersion
  return {
    format: 'sarif',
    scanner: number ? `${name} ${number}` : name,
    image: run.properties?.imageName ?? run.properties?.repoTags?.[0] ?? undefined,
    digests: digestsIn([run.properties?.imageID, ...(run.properties?.repoDigests ?? [])]),
    scannedAt: latest(run),
    unfinished: failed(run),
    vulnerabilities: uniqueVulnerabilities(vulnerabilitiesOf(run)),
    counted: [],
  }
}

/** A report for each run; SARIF names no image of its own, so that a caller may have to. Pure. */
export const fromSarif = ({ runs }: z.infer<typeof SarifReport>): readonly ParsedReport[] => runs.map(fromRun)
