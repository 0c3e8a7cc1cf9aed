import type { Duplex } from 'node:stream'
import * as z from 'zod'
import { runCommand } from './commands.ts'
import { findContainer } from './containers.ts'
import { frame } from './log-stream.ts'
import { badRequest, conflict, notFound } from './refusal.ts'
import { bodyOf, created, type EngineAnswer, type EngineRequest, ok, parameter } from './request.ts'
import type { EngineState, Exec } from './state.ts'
import { emitContainer } from './task-containers.ts'

const ExecForm = z.looseObject({
  Cmd: z.array(z.string()).default([]),
  Tty: z.boolean().optional(),
  User: z.string().optional(),
  Env: z.array(z.string()).nullish(),
})

const ExecStart = z.looseObject({ Detach: z.boolean().optional(), Tty: z.boolean().optional() })

const findExec = (state: EngineState, id: string): Exec => {
  const exec = state.execs.get(id)
  if (exec === undefined) throw notFound(`No such exec instance: ${id}`)
  return exec
}

export const createExec = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  const form = bodyOf(request, ExecForm)
  if (container.state === 'paused')
    throw conflict(`Container ${parameter(request)} is paused, unpause the container before exec`)
  if (container.state !== 'running') throw conflict(`Container ${container.id} is not running`)
  if (form.Cmd.length === 0) throw badRequest('No exec command specified')
  const exec: Exec = {
    id: state.nextHexId(),
    containerId: container.id,
    command: form.Cmd,
    tty: form.Tty ?? false,
    user: form.User || container.user,
    env: form.Env ?? [],
    state: 'created',
    exitCode: null,
  }
  state.execs.set(exec.id, exec)
  emitContainer(state, container, `exec_create: ${form.Cmd.join(' ')}`, { execID: exec.id })
  return created({ Id: exec.id })
}

/** Runs a created exec once; its output as the engine streams it. */
const run = (state: EngineState, request: EngineRequest): Buffer => {
  const exec = findExec(state, parameter(request))
  if (request.body.length > 0) bodyOf(request, ExecStart)
  const container = findContainer(state, exec.containerId)
  if (exec.state !== 'created') throw conflict(`Error: Exec command ${exec.id} has already run`)
  if (container.state !== 'running') throw conflict(`Container ${container.id} is not running`)
  emitContainer(state, container, `exec_start: ${exec.command.join(' ')}`, { execID: exec.id })
  const outcome = runCommand(exec.command, { container, user: exec.user, env: exec.env })
  exec.state = 'exited'
  exec.exitCode = outcome.exitCode
  emitContainer(state, container, 'exec_die', { execID: exec.id, exitCode: String(outcome.exitCode) })
  if (exec.tty) return Buffer.from((outcome.stdout + outcome.stderr).replaceAll('\n', '\r\n'))
  return Buffer.concat([
    ...(outcome.stdout === '' ? [] : [frame('stdout', outcome.stdout)]),
    ...(outcome.stderr === '' ? [] : [frame('stderr', outcome.stderr)]),
  ])
}

/** The engine has begun its answer when it learns that an exec has run before: it says so in the stream. */
export const startExec = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const exec = findExec(state, parameter(request))
  const raw =
    exec.state === 'created'
      ? run(state, request)
      : frame('stdout', `Error: Exec command ${exec.id} has already run\r\n`)
  return { status: 200, raw, type: 'application/vnd.docker.raw-stream' }
}

const upgraded = [
  'HTTP/1.1 101 UPGRADED',
  'Content-Type: application/vnd.docker.raw-stream',
  'Connection: Upgrade',
  'Upgrade: tcp',
  '',
  '',
].join('\r\n')

/** The same over a hijacked connection. */
export const hijackExec = (state: EngineState, request: EngineRequest, socket: Duplex): void => {
  const output = run(state, request)
  socket.write(upgraded)
  socket.end(output)
}

/** Attaches to a container: its log so far, then what is typed, as a program that echoes would show it. */
export const hijackAttach = (state: EngineState, request: EngineRequest, socket: Duplex): void => {
  const container = findContainer(state, parameter(request))
  if (container.state !== 'running') throw conflict(`Container ${container.id} is not running`)
  emitContainer(state, container, 'attach')
  socket.write(upgraded)
  for (const { stream, text } of container.log) socket.write(frame(stream, `${text}\n`))
  socket.on('data', (typed: Buffer) => socket.write(frame('stdout', typed)))
  socket.on('end', () => socket.end())
}

export const inspectExec = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const exec = findExec(state, parameter(request))
  return ok({
    ID: exec.id,
    Running: exec.state === 'running',
    ExitCode: exec.exitCode,
    ProcessConfig: {
      tty: exec.tty,
      entrypoint: exec.command[0] ?? '',
      arguments: exec.command.slice(1),
      privileged: false,
    },
    OpenStdin: false,
    OpenStderr: true,
    OpenStdout: true,
    ContainerID: exec.containerId,
    Pid: 0,
  })
}

export const resizeExec = (state: EngineState, request: EngineRequest): EngineAnswer => {
  findExec(state, parameter(request))
  return { status: 200 }
}
