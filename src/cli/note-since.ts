import { placeText } from '../core/issue.ts'
import { printable } from '../core/printable.ts'
import { shortCommit } from './find-since.ts'
import type { SinceChange } from './since.ts'
import type { Terminal } from './terminal.ts'

/** What a reader should know of the comparison, on stderr: stdout stays the answer. */
export const noteSince = ({ note, color }: Terminal, { notes, baseIssues, base }: SinceChange): void => {
  for (const line of notes) note(color.dim(printable(line)))
  for (const { code, message, source } of baseIssues)
    note(
      color.yellow(
        printable(
          `${shortCommit(base.commit)}: ${source === undefined ? '' : `${placeText(source)} `}${code} ${message}`,
        ),
      ),
    )
}
