const binary: Readonly<Record<string, number>> = {
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
}

/** `2` or `0.5` CPUs, or `500m` thousandths: at least 1 m. */
export const cpuPattern = /^(?!0(?:\.0+)?$)(?:[1-9]\d{0,8}m|(?:0|[1-9]\d{0,5})(?:\.\d{1,3})?)$/

/** A whole number with a binary unit: `512Mi`, `4Gi`, `2Ti`. */
export const bytesPattern = /^[1-9]\d{0,6}(?:Ki|Mi|Gi|Ti|Pi)$/

/** Thousandths of a CPU, or undefined where the text is not one. Never throws. */
export const parseCpuMillis = (text: string): number | undefined => {
  if (!cpuPattern.test(text)) return undefined
  const millis = text.endsWith('m') ? Number(text.slice(0, -1)) : Math.round(Number(text) * 1000)
  return millis > 0 ? millis : undefined
}

/** Bytes, or undefined where the text is not a size. Never throws. */
export const parseBytes = (text: string): number | undefined => {
  if (!bytesPattern.test(text)) return undefined
  return Number(text.slice(0, -2)) * (binary[text.slice(-2)] ?? Number.NaN)
}

/** `1500` → `1500m`, `2000` → `2`. */
export const formatCpuMillis = (millis: number): string =>
  millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`

/** The largest binary unit that divides the bytes: `4294967296` → `4Gi`. */
export const formatBytes = (bytes: number): string => {
  for (const unit of ['Pi', 'Ti', 'Gi', 'Mi', 'Ki'])
    if (bytes > 0 && bytes % (binary[unit] ?? Number.NaN) === 0)
      return `${bytes / (binary[unit] ?? 1)}${unit}`
  return String(bytes)
}
