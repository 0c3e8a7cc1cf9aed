import { Option } from 'commander'

/** `--since REF`, the same for every command that has it. */
export const sinceOption = (): Option =>
  new Option(
    '--since <ref>',
    'what the work tree changes since it left this branch, tag or commit: as a pull request against it shows it',
  )
