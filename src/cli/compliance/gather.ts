import { basename } from 'node:path'
import type { Cluster } from '../../cluster/schema.ts'
import { type BaselineEntry, readBaseline } from '../../compliance/baseline.ts'
import type { CheckedStack } from '../../compliance/finding.ts'
import type { ImageFacts, ImageFactsByReference } from '../../compliance/image-facts.ts'
import { readImageFacts } from '../../compliance/read-image-facts.ts'
import { runningUsage } from '../../compliance/read-running.ts'
import type { RunningUsage } from '../../compliance/running-usage.ts'
import { readScanReport } from '../../compliance/scan/read-scan-report.ts'
import type { ScanReport } from '../../compliance/scan/scan-report.ts'
import { asText, type ComposeModel, fieldOf } from '../../compliance/view/compose-model.ts'
import type { Checked, Issue } from '../../core/issue.ts'
import { withSystems } from '../../survey/systems.ts'
import { connectedTo } from '../offboard.ts'
import type { CheckOptions, NamedScan } from './check-options.ts'
import { readJson, readText } from './read-bounded.ts'

/** Bytes. Source: our choice; a scan of an image with 10,000 vulnerabilities has some 30 MB, one of facts less. */
const largestReport = 128 * 1024 * 1024
const largestBaseline = 16 * 1024 * 1024

/** Values of all, or the issues of all. */
export const together = <T>(parts: readonly Checked<readonly T[]>[]): Checked<readonly T[]> => {
  const issues = parts.flatMap((part): readonly Issue[] => (part.ok ? [] : part.issues))
  return issues.length > 0
    ? { ok: false, issues }
    : { ok: true, value: parts.flatMap((part) => (part.ok ? part.value : [])) }
}

const scanIn = ({ file, image }: NamedScan): Checked<readonly ScanReport[]> => {
  const text = readText(file, largestReport)
  return text.ok ? readScanReport(file, text.value, image) : text
}

/** Every scan report that was named. Issue codes: `input/unreadable`, `reader/not-utf8`, `scan-report/unreadable`. Never throws. */
export const scansIn = (scans: readonly NamedScan[]): Checked<readonly ScanReport[]> =>
  together(scans.map(scanIn))

const factsIn = (file: string): Checked<readonly ImageFacts[]> => {
  const json = readJson(file, largestReport)
  return json.ok ? readImageFacts(file, json.value) : json
}

/** Facts that were written down, by reference. Issue codes: those of `readJson`, `image-facts/unreadable`. Never throws. */
export const imageFactsIn = (files: readonly string[]): Checked<ImageFactsByReference> => {
  const facts = together(files.map(factsIn))
  return facts.ok ? { ok: true, value: new Map(facts.value.map((one) => [one.reference, one])) } : facts
}

/**
 * What runs: of a file, or asked of the cluster with `live`; undefined where nobody asked. Issue codes: those of `readJson`,
 * `running/unreadable`. @throws {Fault} where the cluster does not answer.
 */
export const whatRuns = async (
  from: string | undefined,
  cluster: Cluster,
  environment: NodeJS.ProcessEnv,
): Promise<Checked<RunningUsage | undefined>> => {
  if (from === undefined) return { ok: true, value: undefined }
  if (from !== 'live') {
    const json = readJson(from, largestReport)
    return json.ok ? runningUsage(from, json.value) : json
  }
  const services = await withSystems(connectedTo(cluster, environment), ({ docker }) => docker().services())
  return runningUsage(cluster.endpoints.ucp, services)
}

/** The baseline that was named; of one that is still to be written, nothing. Issue codes: those of reading it. Never throws. */
export const baselineIn = (
  { baseline }: CheckOptions,
  checked: CheckedStack,
  now: Date,
): Checked<readonly BaselineEntry[]> => {
  if (baseline === undefined) return { ok: true, value: [] }
  const text = readText(baseline, largestBaseline)
  return text.ok ? readBaseline(baseline, text.value, checked, now) : text
}

/** The stack's name on the cluster: as asked for, as the model says, or its first file's without endings. */
export const stackName = ({ stack }: CheckOptions, model: ComposeModel): string =>
  stack ??
  asText(fieldOf(model.value, 'name')) ??
  basename(model.files[0] ?? 'stack').replace(/(?:\.(?:ya?ml|compose|stack))+$/, '')
