const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
}

/** Bytes of `50M`, `1.5gb`, `512MiB`, `1073741824`; undefined for what is no size. Source: go-units `RAMInBytes`, which docker parses with. */
export const composeBytes = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?b?|b)?$/i.exec(text.trim())
  if (found === null) return undefined
  const bytes = Math.floor(Number(found[1]) * (sizeUnits[(found[2] ?? '').toLowerCase()] ?? Number.NaN))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Thousandths of a CPU of `0.5`, `2`, `.25`; fractions of a thousandth count up. Undefined for what is no number of CPUs, below zero too. */
export const composeCpuMillis = (text: string): number | undefined => {
  if (!/^(?:\d{1,9}(?:\.\d{0,18})?|\.\d{1,18})$/.test(text.trim())) return undefined
  return Math.max(0, Math.ceil(Number(text) * 1000 - 1e-6))
}
