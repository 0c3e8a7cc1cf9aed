import { Fault } from '../core/fault.ts'

/** An object of a server's answer. */
export type AnswerObject = Readonly<Record<string, unknown>>

const wrong = (what: string, value: unknown): Fault =>
  new Fault('protocol', `The answer has no ${what} where one belongs, but ${kindOf(value)}.`, {
    details: { hint: 'Check that the endpoint is the system and version it should be.' },
  })

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing'
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

/** The value as an object. @throws {Fault} `protocol` where it is none. */
export const objectOf = (value: unknown): AnswerObject => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw wrong('object', value)
  return value as AnswerObject
}

/** The value as a list; null and nothing are an empty one. @throws {Fault} `protocol` where it is another thing. */
export const listOf = (value: unknown): readonly unknown[] => {
  if (value === null || value === undefined) return []
  if (!Array.isArray(value)) throw wrong('list', value)
  return value
}

/** The text at a key. @throws {Fault} `protocol` where it is none. */
export const textAt = (from: AnswerObject, key: string): string => {
  const value = from[key]
  if (typeof value !== 'string') throw wrong(`text “${key}”`, value)
  return value
}

/** The text at a key, empty where there is none. Never throws. */
export const textOr = (from: AnswerObject, key: string, otherwise = ''): string => {
  const value = from[key]
  return typeof value === 'string' ? value : otherwise
}

/** Whether the key holds true. Never throws. */
export const isTrueAt = (from: AnswerObject, key: string): boolean => from[key] === true

/** The number at a key. @throws {Fault} `protocol` where it is none. */
export const numberAt = (from: AnswerObject, key: string): number => {
  const value = from[key]
  if (typeof value !== 'number') throw wrong(`number “${key}”`, value)
  return value
}

/** The texts in a list at a key. Never throws. */
export const textsAt = (from: AnswerObject, key: string): string[] => {
  const value = from[key]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** The texts by name at a key, e.g. labels. Never throws. */
export const textMapAt = (from: AnswerObject, key: string): Record<string, string> => {
  const value = from[key]
  if (value === null || typeof value !== 'object') return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** What a call answers, or undefined where the server says that there is no such thing. */
export const orMissing = async <T>(call: Promise<T>): Promise<T | undefined> => {
  try {
    return await call
  } catch (error) {
    if (error instanceof Fault && error.code === 'not-found') return undefined
    throw error
  }
}

/** One segment of a path, encoded. */
export const segment = (text: string): string => encodeURIComponent(text)
