import { closest, distance } from 'fastest-levenshtein'

const letters = (word: string): string => [...word].sort().join('')

/** Few enough slips for the words' length, or two letters swapped. */
const isNear = (word: string, candidate: string): boolean =>
  distance(word, candidate) <= Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3)) ||
  letters(word) === letters(candidate)

/** The candidate that a misspelt word most likely stands for; undefined where none is near. Never throws. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  if (candidates.length === 0) return undefined
  const lower = word.toLowerCase().slice(0, 80)
  const best = closest(
    lower,
    candidates.map((candidate) => candidate.toLowerCase()),
  )
  const found = candidates.find((candidate) => candidate.toLowerCase() === best)
  return isNear(lower, best) ? found : undefined
}

const shownAtMost = 12

const listed = (candidates: readonly string[]): string => {
  if (candidates.length === 0) return 'There is none yet.'
  const shown = candidates.slice(0, shownAtMost).join(', ')
  return candidates.length > shownAtMost ? `Known are ${shown}, …` : `Known are ${shown}.`
}

/** A hint with a guess, where there is one, and what there is. */
export const guessHint = (guess: string | undefined, candidates: readonly string[]): string =>
  guess === undefined ? listed(candidates) : `Did you mean '${guess}'? ${listed(candidates)}`

/** A hint for a word that is none of the candidates: the nearest one, and what there is. */
export const didYouMean = (word: string, candidates: readonly string[]): string =>
  guessHint(nearest(word, candidates), candidates)
