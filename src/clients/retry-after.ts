/**
 * Seconds that a `Retry-After` header asks to wait, in either of its forms; undefined where there is none or it is neither.
 *
 * @param now milliseconds since the epoch. Source: RFC 9110 §10.2.3.
 */
export const retryAfterSeconds = (
  header: string | readonly string[] | undefined,
  now: number,
): number | undefined => {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text)
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}
