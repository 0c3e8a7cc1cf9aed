import type { ServerResponse } from 'node:http'
import { sendAnswer } from './call.ts'
import { type ErrorStyle, Refusal, refusalBody } from './refusal.ts'

/** Answers what was thrown in the shape that the path's service uses; anything but a refusal is a bug of ours. */
export const sendRefusal = (response: ServerResponse, style: ErrorStyle, error: unknown): void => {
  const refusal = error instanceof Refusal ? error : new Refusal(500, 'INTERNAL_ERROR', String(error))
  sendAnswer(response, { status: refusal.status, body: refusalBody(style, refusal) })
}
