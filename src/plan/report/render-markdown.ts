import type { Block, Item } from './document.ts'
import type { Part, Phrase } from './phrase.ts'
import { visible } from './visible.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Our own words, in which nothing should be markup: a slip of ours must not become one. */
const words = (text: string): string =>
  text.replaceAll(/[&<>]/g, (sign) => entities[sign] ?? sign).replaceAll(/[\\`*_[\]|~$]/g, '\\$&')

/**
 * A name as a code span: within one nothing is markup, a mention, a reference or a link on either forge. The two signs that
 * could end it or the cell it stands in are written out.
 */
const code = (name: string): string => {
  const shown = visible(name).replaceAll('`', '\\u{60}').replaceAll('|', '\\u{7c}').trim()
  return shown === '' ? '(empty)' : `\`${shown}\``
}

/** Two code spans side by side would be one. */
const apart = (left: string, right: string): string =>
  left.endsWith('`') && right.startsWith('`') ? `${left} ${right}` : `${left}${right}`

const partText = (part: Part): string => (typeof part === 'string' ? words(part) : code(part.name))

const inline = ({ phrase }: Phrase): string => phrase.map(partText).reduce(apart, '')

const item = ({ lead, content }: Item): string =>
  lead === undefined ? `- ${inline(content)}` : `- **${words(lead)}**: ${inline(content)}`

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const block = (one: Block): string => {
  switch (one.kind) {
    case 'heading':
      return `${'#'.repeat(one.level)} ${inline(one.content)}`
    case 'paragraph':
      return inline(one.content)
    case 'list':
      return one.items.map(item).join('\n')
    case 'table':
      return [
        row(one.head.map(words)),
        row(one.head.map(() => '---')),
        ...one.rows.map((cells) => row(cells.map(inline))),
      ].join('\n')
    case 'details':
      return `<details><summary>${words(one.summary)}</summary>\n\n${renderBlocks(one.blocks)}\n</details>`
  }
}

/** Blocks as GitHub-flavoured Markdown, in which every foreign name is a code span. Ends in a line feed. Never throws. */
export const renderBlocks = (blocks: readonly Block[]): string => `${blocks.map(block).join('\n\n')}\n`
