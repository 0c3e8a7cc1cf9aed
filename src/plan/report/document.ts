import type { Phrase } from './phrase.ts'

/** One entry of a list: a word of our own that stands out, and what it is about. */
export interface Item {
  readonly lead?: string
  readonly content: Phrase
}

/** A piece of a report, however it is written: Markdown and text are made of the same ones. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 2 | 3 | 4; readonly content: Phrase }
  | { readonly kind: 'paragraph'; readonly content: Phrase }
  | { readonly kind: 'list'; readonly items: readonly Item[] }
  | {
      readonly kind: 'table'
      /** Our own words. */
      readonly head: readonly string[]
      /** As many cells a row as the head has. */
      readonly rows: readonly (readonly Phrase[])[]
    }
  | {
      /** What is folded away until somebody asks for it. */
      readonly kind: 'details'
      /** Our own words. */
      readonly summary: string
      readonly blocks: readonly Block[]
    }

export const heading = (level: 2 | 3 | 4, content: Phrase): Block => ({ kind: 'heading', level, content })

export const paragraph = (content: Phrase): Block => ({ kind: 'paragraph', content })

/** No block where there is nothing to list. */
export const list = (items: readonly Item[]): readonly Block[] =>
  items.length === 0 ? [] : [{ kind: 'list', items }]
