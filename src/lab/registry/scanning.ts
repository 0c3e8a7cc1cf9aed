import type { Tag } from './tags.ts'

/** Reference §8.5. */
export const scanStatus = {
  failed: 0,
  unscanned: 1,
  scanning: 2,
  pending: 3,
  scanned: 4,
  checking: 5,
  completed: 6,
} as const

/** The order is inferred from the enum's wording (reference §11). */
const progression = [
  scanStatus.pending,
  scanStatus.scanning,
  scanStatus.scanned,
  scanStatus.checking,
] as const

/** Go's zero time: not finished yet (reference §8.5). */
export const zeroTime = '0001-01-01T00:00:00Z'

/** How long a scan takes in all, in milliseconds. */
export const scanMilliseconds = (stepMilliseconds: number): number => progression.length * stepMilliseconds

/** How far a tag's scan is at a time. Never throws. */
export const statusAt = (tag: Tag, now: number, stepMilliseconds: number): number => {
  if (tag.scanStartedAt === undefined) return scanStatus.unscanned
  const passed = now - tag.scanStartedAt
  if (passed >= scanMilliseconds(stepMilliseconds))
    return tag.image.scanFails ? scanStatus.failed : scanStatus.completed
  return progression[Math.floor(passed / Math.max(1, stepMilliseconds))] ?? scanStatus.checking
}

export const isScanOver = (status: number): boolean =>
  status === scanStatus.completed || status === scanStatus.failed

/** The tag's summary as lists and webhooks carry it; the counts are 0 until the scan is completed. */
export const vulnerabilitySummary = (
  tag: Tag,
  now: number,
  stepMilliseconds: number,
): Record<string, unknown> => {
  const status = statusAt(tag, now, stepMilliseconds)
  const isCompleted = status === scanStatus.completed
  const [namespace, reponame] = tag.repository.split('/')
  const completedAt = (tag.scanStartedAt ?? 0) + scanMilliseconds(stepMilliseconds)
  return {
    namespace,
    reponame,
    tag: tag.name,
    critical: isCompleted ? tag.image.critical : 0,
    major: isCompleted ? tag.image.major : 0,
    minor: isCompleted ? tag.image.minor : 0,
    last_scan_status: status,
    check_completed_at: isCompleted ? new Date(completedAt).toISOString() : zeroTime,
    should_rescan: false,
    has_foreign_layers: false,
  }
}
