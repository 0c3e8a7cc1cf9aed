import * as z from 'zod'
import { digestsIn, momentOf, type ParsedReport, uniqueVulnerabilities } from './parsed-report.ts'
import type { Vulnerability } from './scan-report.ts'
import { severityOfWord } from './severity-of.ts'

const Found = z.object({
  VulnerabilityID: z.string(),
  PkgName: z.string().nullish(),
  InstalledVersion: z.string().nullish(),
  FixedVersion: z.string().nullish(),
  Severity: z.string().nullish(),
})

/** Trivy's report, schema version 2. Source: Trivy's documentation, "Reporting"; fields we read, every other one left alone. */
export const TrivyReport = z.object({
  SchemaVersion: z.literal(2),
  CreatedAt: z.string().nullish(),
  ArtifactName: z.string().nullish(),
  Metadata: z
    .object({
      ImageID: z.string().nullish(),
      RepoTags: z.array(z.string()).nullish(),
      RepoDigests: z.array(z.string()).nullish(),
    })
    .nullish(),
  Results: z.array(z.object({ Vulnerabilities: z.array(Found).nullish() })).nullish(),
})

const vulnerabilityOf = (one: z.infer<typeof Found>): Vulnerability => ({
  id: one.VulnerabilityID,
  severity: severityOfWord(one.Severity ?? ''),
  ...(one.PkgName ? { package: [one.PkgName, one.InstalledVersion ?? ''].join(' ').trim() } : {}),
  ...(one.FixedVersion ? { fixedIn: one.FixedVersion } : {}),
})

/** One report of one image. Pure. */
export const fromTrivy = (report: z.infer<typeof TrivyReport>): readonly ParsedReport[] => {
  const { Metadata, Results, ArtifactName, CreatedAt } = report
  const found = (Results ?? []).flatMap(({ Vulnerabilities }) => Vulnerabilities ?? [])
  return [
    {
      format: 'trivy',
      scanner: 'Trivy',
      image: ArtifactName ?? Metadata?.RepoTags?.[0],
      digests: digestsIn([Metadata?.ImageID, ...(Metadata?.RepoDigests ?? [])]),
      scannedAt: momentOf(CreatedAt),
      unfinished: undefined,
      vulnerabilities: uniqueVulnerabilities(found.map(vulnerabilityOf)),
      counted: [],
    },
  ]
}
