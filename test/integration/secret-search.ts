import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A secret of a lab, by a name that a message may show. */
export interface KnownSecret {
  readonly name: string
  readonly value: string
  /** A part of it without signs that anybody escapes: found however the rest of it is written. */
  readonly core?: string
}

/** Shorter ones stand in every text. */
const shortestSearched = 8

const inBase64 = (value: string): string[] =>
  [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(' '.repeat(offset) + value)
      .toString('base64')
      .replace(/=+$/, '')
    const end = (offset + Buffer.byteLength(value)) % 3 === 0 ? undefined : -1
    return encoded.slice(offset === 0 ? 0 : offset + 1, end)
  })

/** How a secret can stand in a text: as it is, escaped, encoded, or without its line breaks. */
const formsOf = (value: string): readonly string[] => {
  const body = value.replaceAll(/-----[^-]+-----/g, '').trim()
  const parts = [value, ...(body === value ? [] : [body, body.replaceAll(/\s/g, ''), ...body.split('\n')])]
  const forms = parts.flatMap((part) => {
    const base64 = inBase64(part)
    return [
      part,
      JSON.stringify(part).slice(1, -1),
      encodeURIComponent(part),
      Buffer.from(part).toString('hex'),
      Buffer.from(part).toString('hex').toUpperCase(),
      Buffer.from(part, 'utf16le').toString('latin1'),
      ...base64,
      ...base64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_')),
    ]
  })
  return [...new Set(forms)].filter((form) => form.length >= shortestSearched)
}

/** Looks for secrets; each answer tells which one is where, never the secret. */
export class SecretSearch {
  readonly #forms: readonly { readonly name: string; readonly form: string }[]

  constructor(secrets: readonly KnownSecret[]) {
    this.#forms = secrets.flatMap(({ name, value, core }) =>
      [...formsOf(value), ...(core === undefined ? [] : formsOf(core))].map((form) => ({ name, form })),
    )
  }

  text(where: string, text: string): readonly string[] {
    const unwrapped = withoutBreaks(text)
    const found = this.#forms.flatMap(({ name, form }) => {
      const seen = [text, unwrapped].find((one) => one.includes(form))
      return seen === undefined ? [] : [`${name} in ${where}: ${around(seen, form)}`]
    })
    return [...new Set(found)]
  }

  /** Every file below a folder, by bytes. */
  async folder(folder: string): Promise<readonly string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const found: string[] = []
    for (const file of files) {
      const text = await readFile(file, 'latin1').catch(() => '')
      found.push(...this.text(file, text))
    }
    return found
  }
}

/** A text whose lines were broken: without white space, written breaks and the signs that begin a line or join two. */
const withoutBreaks = (text: string): string => text.replaceAll(/\\+[nrt]|=\r?\n|"\s*\+\s*"|[\s|>]+/g, '')

/** What stands before a secret, to find the place by. */
const around = (text: string, form: string): string => {
  const at = text.indexOf(form)
  return JSON.stringify(text.slice(Math.max(0, at - 60), at))
}
