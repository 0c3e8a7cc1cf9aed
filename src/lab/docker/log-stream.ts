import { badRequest } from './refusal.ts'
import type { EngineAnswer, EngineRequest } from './request.ts'
import { flag } from './request.ts'
import { type LogLine, timestamp } from './state.ts'

/** One frame of the engine's multiplexed stream: stream number, three zeros, length, bytes. */
export const frame = (stream: 'stdout' | 'stderr', data: Buffer | string): Buffer => {
  const payload = Buffer.from(data)
  const header = Buffer.alloc(8)
  header[0] = stream === 'stdout' ? 1 : 2
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

const selected = (request: EngineRequest, lines: readonly LogLine[]): LogLine[] => {
  const since = Number(request.query.get('since') ?? 0)
  const tail = request.query.get('tail') ?? 'all'
  const kept = lines
    .filter(({ stream, time }) => flag(request, stream) && time >= since * 1000)
    .sort((a, b) => a.time - b.time)
  return /^\d+$/.test(tail) ? kept.slice(kept.length - Math.min(Number(tail), kept.length)) : kept
}

/** Recorded lines as a log answer: frames, or plain text for a terminal. Does not follow. */
export const logAnswer = (
  request: EngineRequest,
  lines: readonly LogLine[],
  isTerminal: boolean,
): EngineAnswer => {
  if (!flag(request, 'stdout') && !flag(request, 'stderr'))
    throw badRequest('Bad parameters: you must choose at least one stream')
  const texts = selected(request, lines).map((line) => ({
    ...line,
    text: `${flag(request, 'timestamps') ? `${timestamp(line.time)} ` : ''}${line.text}\n`,
  }))
  const raw = Buffer.concat(
    texts.map(({ stream, text }) => (isTerminal ? Buffer.from(text) : frame(stream, text))),
  )
  return { status: 200, raw, type: 'application/vnd.docker.raw-stream' }
}
