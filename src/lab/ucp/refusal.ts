/** The three shapes of error bodies (reference §1.6). */
export type ErrorStyle = 'enzi' | 'native' | 'engine'

/** A call that the emulator refuses; thrown by stores and handlers, rendered at the front door. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly detail: unknown

  constructor(status: number, code: string, message: string, detail: unknown = null) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.code = code
    this.detail = detail
  }
}

export const notAuthenticated = (): Refusal =>
  new Refusal(401, 'NOT_AUTHENTICATED', 'The client is not authenticated.')

export const notAuthorized = (message = 'The client is not authorized.'): Refusal =>
  new Refusal(403, 'NOT_AUTHORIZED', message)

export const invalid = (message: string, code = 'INVALID_PARAMETERS'): Refusal =>
  new Refusal(400, code, message)

export const notFound = (code: string, message: string): Refusal => new Refusal(404, code, message)

/** The body of a refused call. Never throws. */
export const refusalBody = (style: ErrorStyle, refusal: Refusal): unknown => {
  if (style === 'enzi')
    return { errors: [{ code: refusal.code, message: refusal.message, detail: refusal.detail }] }
  return style === 'native' ? { code: refusal.code, message: refusal.message } : { message: refusal.message }
}
