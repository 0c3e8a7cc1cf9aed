import * as z from 'zod'
import { digestsIn, momentOf, type ParsedReport, uniqueVulnerabilities } from './parsed-report.ts'
import type { Vulnerability } from './scan-report.ts'
import { severityOfWord } from './severity-of.ts'

const Match = z.object({
  vulnerability: z.object({
    id: z.string(),
    severity: z.string().nullish(),
    fix: z.object({ versions: z.array(z.string()).nullish() }).nullish(),
  }),
  artifact: z.object({ name: z.string().nullish(), version: z.string().nullish() }).nullish(),
})

const Target = z.object({
  userInput: z.string().nullish(),
  imageID: z.string().nullish(),
  manifestDigest: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  repoDigests: z.array(z.string()).nullish(),
})

/** Grype's report as JSON. What it ignored by its own configuration is not read: its owner and end are not known here. */
export const GrypeReport = z.object({
  matches: z.array(Match),
  ignoredMatches: z.array(Match).nullish(),
  source: z.object({ type: z.string().nullish(), target: z.union([Target, z.string()]).nullish() }).nullish(),
  descriptor: z.object({
    name: z.literal('grype'),
    version: z.string().nullish(),
    timestamp: z.string().nullish(),
  }),
})

const vulnerabilityOf = ({ vulnerability, artifact }: z.infer<typeof Match>): Vulnerability => {
  const fixedIn = vulnerability.fix?.versions?.[0]
  return {
    id: vulnerability.id,
    severity: severityOfWord(vulnerability.severity ?? ''),
    ...(artifact?.name ? { package: [artifact.name, artifact.version ?? ''].join(' ').trim() } : {}),
    ...(fixedIn === undefined ? {} : { fixedIn }),
  }
}

/** One report of one image; matches that Grype was told to ignore count: waivers with an owner and an end are the way. Pure. */
export const fromGrype = (report: z.infer<typeof GrypeReport>): readonly ParsedReport[] => {
  const target = report.source?.target
  const named = typeof target === 'object' && target !== null ? target : undefined
  const { version, timestamp } = report.descriptor
  return [
    {
      format: 'grype',
      scanner: version ? `Grype ${version}` : 'Grype',
      image: named?.userInput ?? named?.tags?.[0] ?? (typeof target === 'string' ? target : undefined),
      digests: digestsIn([named?.imageID, named?.manifestDigest, ...(named?.repoDigests ?? [])]),
      scannedAt: momentOf(timestamp),
      unfinished: undefined,
      vulnerabilities: uniqueVulnerabilities(
        [...report.matches, ...(report.ignoredMatches ?? [])].map(vulnerabilityOf),
      ),
      counted: [],
    },
  ]
}
