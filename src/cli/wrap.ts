/**
 * A line as several of at most `width` columns, broken at spaces, the following ones indented below the first; as it is where
 * no width is given: what is piped is searched by lines. Words that are too long stay whole. For plain text: colours count.
 */
export const wrapped = (line: string, width: number | undefined, hanging: string): readonly string[] => {
  if (width === undefined || line.length <= width) return [line]
  const indent = /^ */.exec(line)?.[0] ?? ''
  const lines: string[] = []
  let current = indent
  for (const word of line.trim().split(' ')) {
    const isFresh = current.trim() === ''
    if (!isFresh && current.length + 1 + word.length > width) {
      lines.push(current)
      current = `${hanging}${word}`
    } else current = isFresh ? `${current}${word}` : `${current} ${word}`
  }
  return [...lines, current]
}
