import type { Block, Item } from './document.ts'
import { type Phrase, plainText } from './phrase.ts'

/** How a terminal makes words stand out; nothing does where there are no colours. */
export interface Paint {
  readonly bold: (text: string) => string
  readonly alarm: (text: string) => string
}

/** No colours. */
export const plain: Paint = { bold: (text) => text, alarm: (text) => text }

/** Words that name something which cannot be undone. */
const alarming: ReadonlySet<string> = new Set([
  'delete',
  'Data',
  'Security',
  'Access to hosts',
  'reaches the host',
  'Not previewed',
  'failed',
])

const item = ({ lead, content }: Item, paint: Paint): string => {
  const text = plainText(content)
  if (lead === undefined) return `  ${text}`
  return `  ${alarming.has(lead) ? paint.alarm(lead) : paint.bold(lead)}: ${text}`
}

const aligned = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? '')].length)),
  )
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length)).join('  ')}`.trimEnd(),
  )
}

const lines = (one: Block, paint: Paint): readonly string[] => {
  switch (one.kind) {
    case 'heading':
      return [paint.bold(plainText(one.content))]
    case 'paragraph':
      return [plainText(one.content)]
    case 'list':
      return one.items.map((each) => item(each, paint))
    case 'table':
      return aligned([one.head, ...one.rows.map((row) => row.map((cell: Phrase) => plainText(cell)))])
    case 'details':
      return [one.summary, ...one.blocks.flatMap((inner) => lines(inner, paint))]
  }
}

/** What belongs together stands together: a heading with what follows it. */
const gapBefore = (one: Block, before: Block | undefined): readonly string[] =>
  before === undefined || before.kind === 'heading'
    ? []
    : one.kind === 'heading' || one.kind === 'details'
      ? ['']
      : ['']

/** Blocks as lines for a terminal, in which nothing that a name holds can act on it. Ends in a line feed. Never throws. */
export const renderTextBlocks = (blocks: readonly Block[], paint: Paint = plain): string =>
  `${blocks.flatMap((one, index) => [...gapBefore(one, blocks[index - 1]), ...lines(one, paint)]).join('\n')}\n`
