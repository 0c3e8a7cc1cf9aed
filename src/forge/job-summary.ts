/** GitHub drops a step's summary above 1 MiB whole. Source: GitHub Docs, "Workflow commands", "Step isolation and limits". */
const mostBytes = 1024 * 1024 - 1024

/** The Markdown cut to what GitHub takes of a step, at a line's end, with a line that says so. Pure. */
export const fittedSummary = (markdown: string): string => {
  const bytes = Buffer.from(markdown, 'utf8')
  if (bytes.length <= mostBytes) return markdown
  const part = bytes.subarray(0, mostBytes).toString('utf8')
  return `${part.slice(0, part.lastIndexOf('\n') + 1)}\nThe rest is in the artifacts of this job.\n`
}
