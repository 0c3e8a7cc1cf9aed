import { Lexer } from 'yaml'

/** Most tokens of a file: one of 100 services has some 50,000; the parser needs about a kilobyte for each. */
export const mostTokens = 120_000

/** Most levels that the parser is given: beyond `deepestYaml`, so that the tree can tell the exact place of a smaller excess. */
const mostLevels = 128

/** Why a text is not given to the parser, and where. */
export interface TokenExcess {
  readonly reason: 'too-many' | 'too-deep'
  /** Of the first character too much. */
  readonly offset: number
}

/** What the lexer says beside the text itself: a document, the end of a flow, a scalar, a byte order mark. */
const documentMark = '\u0002'
const flowEndMark = '\u0018'
const scalarMark = '\u001f'
const marks: ReadonlySet<string> = new Set([documentMark, flowEndMark, scalarMark, '\ufeff'])

const levelIndicators: ReadonlySet<string> = new Set(['-', '?', ':'])

/** Levels open at a token: by indentation, by indicators of its line, by brackets. */
class Levels {
  private readonly indents: number[] = []
  private onLine = 0
  private brackets = 0
  private column = 0
  private lineBegins = true

  get count(): number {
    return this.indents.length + this.onLine + this.brackets
  }

  mark(mark: string): void {
    if (mark === documentMark) this.indents.length = 0
    if (mark === documentMark || mark === flowEndMark) this.brackets = 0
  }

  /** A token of the text; `isScalar` where it is the text of a value. */
  take(token: string, isScalar: boolean): void {
    const first = token[0]
    if (!isScalar && (first === '\n' || first === '\r')) this.beginLine()
    else {
      if ((first !== ' ' && first !== '\t' && first !== undefined) || !/^[ \t]*$/.test(token))
        this.takeVisible(token, isScalar)
      this.column += token.length
    }
  }

  private beginLine(): void {
    this.lineBegins = true
    this.column = 0
    this.onLine = 0
  }

  private takeVisible(token: string, isScalar: boolean): void {
    if (this.lineBegins && this.brackets === 0) this.indent()
    this.lineBegins = false
    if (isScalar) return
    if (token === '[' || token === '{') this.brackets++
    else if (token === ']' || token === '}') this.brackets = Math.max(0, this.brackets - 1)
    else if (this.brackets === 0 && levelIndicators.has(token)) this.onLine++
  }

  private indent(): void {
    while ((this.indents.at(-1) ?? -1) > this.column) this.indents.pop()
    if ((this.indents.at(-1) ?? -1) < this.column) this.indents.push(this.column)
  }
}

/** The tokens of a text for `yaml`'s parser, or why it may not have them. */
export type Tokens =
  | { readonly ok: true; readonly tokens: readonly string[] }
  | { readonly ok: false; readonly excess: TokenExcess }

/**
 * The tokens of a text, unless it has more of them or more levels than the parser may be given: it takes memory for each token and
 * recurses for each level, and a process whose stack ends inside of a regular expression dies. Never throws.
 */
export const tokensOf = (text: string): Tokens => {
  const levels = new Levels()
  const tokens: string[] = []
  let offset = 0
  let scalarFollows = false
  for (const token of new Lexer().lex(text)) {
    if (tokens.push(token) > mostTokens) return { ok: false, excess: { reason: 'too-many', offset } }
    if (marks.has(token)) levels.mark(token)
    else {
      levels.take(token, scalarFollows)
      if (levels.count > mostLevels) return { ok: false, excess: { reason: 'too-deep', offset } }
      offset += token.length
    }
    scalarFollows = token === scalarMark
  }
  return { ok: true, tokens }
}
