import type { RetryPolicy } from './http.ts'

/** A forge that limits its callers asks them to wait for a minute: four attempts, never more than 90 s of waiting in all. */
export const forgeRetries: RetryPolicy = { attempts: 4, baseMilliseconds: 500, totalMilliseconds: 90_000 }

/** A forge that hangs must not hold up a job for long: the report is an artifact already. */
export const forgeTimeoutMilliseconds = 20_000

/** Most pages of comments that are read: beyond them lies an endless list, not a talk. */
export const mostPages = 100
