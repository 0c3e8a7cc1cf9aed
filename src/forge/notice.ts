import { cutLines, fenced } from './fenced.ts'

/** What a job has to say where there is no report of changes: issues in files, or a fault. */
export interface Notice {
  /** First line, which a person does not see. */
  readonly marker: string
  /** Our own words only: neither is escaped. */
  readonly title: string
  readonly sentence: string
  /** Shown as it is, whoever wrote it. */
  readonly details: string
  readonly runUrl?: string
  /** Of the whole notice. */
  readonly mostBytes: number
}

/** What stands around the details, and a fence that grows with what is in it, never exceeds this. */
const frameBytes = 1024

/** A notice in Markdown that no text of the details can break out of, within its bytes. Pure, never throws. */
export const renderNotice = (notice: Notice): string => {
  const { marker, title, sentence, details, runUrl, mostBytes } = notice
  const head = [marker, `### ${title}`, '', sentence, '']
  const where = runUrl === undefined ? 'the artifacts of this job' : `the artifacts of [this job](${runUrl})`
  const body = (bytes: number) =>
    [...head, fenced(cutLines(details, bytes, '…')), '', `Everything is in ${where}.`, ''].join('\n')
  for (let bytes = mostBytes - frameBytes; bytes > 0; bytes = Math.floor(bytes / 2)) {
    const text = body(bytes)
    if (Buffer.byteLength(text) < mostBytes) return text
  }
  return body(0)
}
