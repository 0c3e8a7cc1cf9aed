import type { IncomingMessage, ServerResponse } from 'node:http'
import { createInterface } from 'node:readline'
import { Event } from '../../clients/docker-objects.ts'
import type { Access, Caller } from './access.ts'
import { collectionLabel, rootCollection } from './proxy-labels.ts'
import { type Subject, viewOperation } from './proxy-rules.ts'

/** Finds out where a thing stands, also one that is gone if it was seen before; undefined where nobody knows. */
export type Whereabouts = (subject: Subject, id: string) => Promise<string | undefined>

const subjects: ReadonlySet<string> = new Set([
  'service',
  'node',
  'network',
  'volume',
  'secret',
  'config',
  'container',
])

const isSubject = (type: string): type is Subject => subjects.has(type)

const collectionOfEvent = async (event: Event, whereabouts: Whereabouts): Promise<string | undefined> => {
  const labelled = event.Actor.Attributes[collectionLabel]
  if (labelled !== undefined) return labelled
  return isSubject(event.Type) ? whereabouts(event.Type, event.Actor.ID) : undefined
}

const mayView = async (
  access: Access,
  caller: Caller,
  event: Event,
  whereabouts: Whereabouts,
): Promise<boolean> => {
  if (event.Type === 'image') return access.may(caller, 'Image View', rootCollection)
  const collectionId = await collectionOfEvent(event, whereabouts)
  if (collectionId === undefined || !isSubject(event.Type)) return false
  return access.may(caller, viewOperation[event.Type], collectionId)
}

const parseEvent = (line: string): Event | undefined => {
  try {
    return Event.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Who reads events, and how it is found out what an event is about. */
export interface EventReader {
  readonly access: Access
  readonly caller: Caller
  readonly whereabouts: Whereabouts
}

const passLines = async (reader: EventReader, from: IncomingMessage, to: ServerResponse): Promise<void> => {
  for await (const line of createInterface({ input: from })) {
    const event = parseEvent(line)
    if (event === undefined) continue
    if (reader.caller.isAdmin || (await mayView(reader.access, reader.caller, event, reader.whereabouts)))
      to.write(`${line}\n`)
  }
}

/** Passes on the events of what the caller may view, as they come from each engine. Resolves when all have ended. */
export const passEvents = async (
  reader: EventReader,
  from: readonly IncomingMessage[],
  to: ServerResponse,
): Promise<void> => {
  to.writeHead(200, { 'content-type': 'application/json' })
  to.flushHeaders()
  // Where the caller has gone, or an engine, there is nobody left to tell.
  await Promise.allSettled(from.map((stream) => passLines(reader, stream, to)))
  to.end()
}
