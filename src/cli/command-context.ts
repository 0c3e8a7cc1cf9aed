import type { Issue } from '../core/issue.ts'
import type { Bundler } from '../lab/control.ts'
import type { Terminal } from './terminal.ts'

/** What every command gets. */
export interface CommandContext {
  /** Folder with `tenants/` and `stacks/`, absolute. */
  readonly root: string
  /** The checkout that the code and the Pulumi project stand in, absolute. */
  readonly project: string
  readonly terminal: Terminal
  /** What bundled this program, which a script cannot import; undefined where it runs from its sources. */
  readonly bundle?: Bundler
  /** Sets the exit code of the process; the highest said wins. */
  readonly finish: (code: number) => void
  /** Told of every issue that is reported, beside being printed. */
  readonly tellIssues?: (issues: readonly Issue[]) => void
}
