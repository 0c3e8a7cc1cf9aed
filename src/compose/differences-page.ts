import { type ReadingDifference, readingDifferences } from './reading-differences.ts'
import { type DifferenceKind, stackDifferences } from './stack/stack-differences.ts'

const introduction = `What \`tenantry compose merge\` makes of compose files, against what \`docker compose config\` makes of them. Made from
the code by \`npm run docs\`: the merge reads the same tables, and the contract tests hold both against the reference parser
(compose-go), on the corpus and on generated files, and fail on a difference that stands in none of them.`

const titles: Readonly<Record<DifferenceKind, string>> = {
  refused: 'Refused: leaving it out would change what the stack means',
  'left out': 'Left out, and told: Swarm has no place for it',
  moved: 'Moved to where Swarm reads it',
  'written otherwise': 'Written otherwise, with the same meaning',
  supplied: 'Supplied by the tenant and the cluster',
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const reading = ([id, { path, what, why }]: readonly [string, ReadingDifference]): string =>
  `| ${id} | \`${path}\` | ${cell(what)} | ${cell(why)} |`

const sectionOf = ([kind, title]: readonly [string, string]): string => {
  const rows = stackDifferences.filter((one) => one.kind === kind)
  const lines = rows.map(({ path, reason }) => `| \`${path}\` | ${cell(reason)} |`)
  return [`## ${title}`, '', '| field | why |', '|---|---|', ...lines].join('\n')
}

/** The table of every difference from the reference as a page of Markdown. Pure. */
export const differencesPage = (): string =>
  [
    '# Compose files here and in docker compose',
    introduction,
    ...Object.entries(titles).map(sectionOf),
    '## Read otherwise',
    [
      '| id | field | what | why |',
      '|---|---|---|---|',
      ...Object.entries(readingDifferences).map(reading),
      '',
    ].join('\n'),
  ].join('\n\n')
