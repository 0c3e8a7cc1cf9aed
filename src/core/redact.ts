import { xmlText } from './xml-text.ts'

// Shorter ones would blank out innocent words of a message; our own secrets are never that short.
const shortestRedacted = 4
/** A line of a PEM body has 64 characters, the last one fewer; below this a line may be an innocent word. */
const shortestLine = 16

/** Ends a text that was cut: `redact` looks there for the beginning of a secret. */
export const cutMark = '…'

/** The text, cut to a length and marked where it was. Pure. */
export const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length)}${cutMark}`

/** The characters that stand for these bytes wherever they lie in what was encoded, at each of the three alignments. */
const inBase64 = (bytes: Buffer): string[] =>
  [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const whole = (offset + bytes.length) % 3 === 0
    return encoded.slice(offset === 0 ? 0 : offset + 1, whole ? undefined : -1)
  })

const urlSafe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_')

const lines = (secret: string): string[] =>
  secret.split(/\r?\n/).filter((line) => line.length >= shortestLine && !line.startsWith('-----'))

/** What a mount option or a connection string holds as its password. */
const passwordsIn = (secret: string): string[] =>
  [...secret.matchAll(/(?:pass\w*|secret\w*|token|key)=([^,;&\s]+)/gi)].map(([, value = '']) => value)

/** A secret as itself and in the forms that servers echo it in: JSON (twice too), XML, URL, base64, hex, line by line, a part of options. */
export const formsOf = (secret: string): readonly string[] => {
  const parts = [secret, ...lines(secret), ...passwordsIn(secret)]
  const forms = parts.flatMap((part) => {
    const bytes = Buffer.from(part, 'utf8')
    const base64 = inBase64(bytes)
    const json = JSON.stringify(part).slice(1, -1)
    return [
      part,
      json,
      JSON.stringify(json).slice(1, -1),
      xmlText(part),
      xmlText(json),
      encodeURIComponent(part),
      encodeURIComponent(part).replaceAll('%20', '+'),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      ...base64,
      ...base64.map(urlSafe),
    ]
  })
  return [...new Set(forms)].filter((form) => form.length >= shortestRedacted)
}

/** Without the beginning of a secret at the place where a text was cut. */
const withoutBeginnings = (text: string, forms: readonly string[]): string => {
  let clean = text
  for (const form of forms)
    for (let length = form.length - 1; length >= shortestRedacted && clean.includes(cutMark); length--)
      clean = clean.replaceAll(`${form.slice(0, length)}${cutMark}`, `[secret]${cutMark}`)
  return clean
}

/** The text with every given secret, in every form of `formsOf`, replaced by `[secret]`, the longest first. Never throws. */
export const redact = (text: string, secrets: readonly string[]): string => {
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length)
  if (forms.length === 0) return text
  const pattern = forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')
  return withoutBeginnings(text.replace(new RegExp(pattern, 'g'), '[secret]'), forms)
}
