import type { CheckResult } from '../check.ts'
import type { Exception } from '../exceptions.ts'
import type { Finding } from '../finding.ts'
import { visibleJson } from './visible-json.ts'

/** A finding as programs read it: fields are added in later versions, none is renamed or taken away. */
const findingJson = ({ rule, severity, message, fix, subject, source, fingerprint }: Finding) => ({
  rule,
  severity,
  message,
  fix,
  ...subject,
  file: source.file,
  line: source.line,
  column: source.column,
  fingerprint,
})

const exceptionJson = ({ kind, file, owner, reason, expires }: Exception) => ({
  kind,
  file,
  owner,
  reason,
  expires,
})

/**
 * The result as JSON, version 1. `ok` says whether the check passed with the severity that was asked for; `notChecked` what was left
 * out and `switchedOff` which rules the platform does without, so that nobody takes it for clean. Ends without a line feed. Pure.
 */
export const renderJson = (result: CheckResult, ok: boolean): string =>
  visibleJson({
    version: 1,
    ok,
    ...result.checked,
    files: result.files,
    services: result.services,
    rules: result.rules,
    notChecked: result.left,
    switchedOff: result.switchedOff,
    findings: result.open.map(({ finding, ended }) => ({
      ...findingJson(finding),
      ...(ended === undefined ? {} : { endedException: exceptionJson(ended) }),
    })),
    borne: result.borne.map(({ finding, by }) => ({ ...findingJson(finding), by: exceptionJson(by) })),
    unusedBaseline: result.unused.map(({ fingerprint, rule }) => ({ fingerprint, rule })),
  })
