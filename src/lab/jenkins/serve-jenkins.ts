import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Secret } from '../../core/secret.ts'
import { type ConfigurationProblem, configurationProblems, shownOf } from './check-configuration.ts'

/** Version that the stand-in's answers look like: an LTS of 2025. */
const jenkinsVersion = '2.504.3'
const administrator = 'admin'
const mostBytes = 4 * 1024 * 1024

export interface JenkinsOptions {
  /** Of the account `admin`. */
  readonly password: Secret
}

export interface JenkinsServer {
  readonly version: string
  /** `http://127.0.0.1:port`. */
  readonly address: string
  /** Idempotent. */
  readonly stop: () => Promise<void>
}

interface Answer {
  readonly status: number
  readonly type: 'application/json' | 'text/html;charset=utf-8' | 'text/plain'
  readonly body: string
}

const json = (value: unknown, status = 200): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
})

const plain = (status: number, body: string): Answer => ({ status, type: 'text/plain', body })

const loginPage: Answer = {
  status: 200,
  type: 'text/html;charset=utf-8',
  body: '<!DOCTYPE html><title>Sign in [Jenkins]</title><form action="j_spring_security_check" method="post"><input name="j_username"><input name="j_password" type="password"><button>Sign in</button></form>',
}

const isAdministrator = (request: IncomingMessage, password: Secret): boolean => {
  const [, encoded = ''] = /^Basic (\S+)$/.exec(request.headers.authorization ?? '') ?? []
  const given = Buffer.from(encoded, 'base64')
  const wanted = Buffer.from(`${administrator}:${password.reveal()}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

const readText = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const buffer = Buffer.from(chunk as Uint8Array)
    size += buffer.length
    if (size > mostBytes) throw new RangeError('too large')
    chunks.push(buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** One controller: what it was configured with, and its answers. */
class Controller {
  readonly #password: Secret
  #configuration: string | undefined

  constructor(password: Secret) {
    this.#password = password
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const path = (request.url ?? '/').split('?', 1)[0]
    const call = `${request.method} ${path}`
    if (call === 'GET /login') return loginPage
    if (!isAdministrator(request, this.#password))
      return request.headers.authorization === undefined
        ? plain(403, 'Authentication required')
        : plain(401, 'Invalid password/token for user: admin')
    switch (call) {
      case 'GET /api/json':
        return json(this.#state())
      case 'POST /configuration-as-code/check':
        return json(configurationProblems(await readText(request)))
      case 'POST /configuration-as-code/apply':
        return this.#apply(await readText(request))
      case 'POST /configuration-as-code/export':
        return plain(200, this.#configuration ?? '')
      default:
        return plain(404, 'Not Found')
    }
  }

  #apply(yaml: string): Answer {
    const problems: readonly ConfigurationProblem[] = configurationProblems(yaml)
    if (problems.length > 0) return json(problems, 500)
    this.#configuration = yaml
    return plain(200, '')
  }

  #state(): Readonly<Record<string, unknown>> {
    const shown = this.#configuration === undefined ? undefined : shownOf(this.#configuration)
    return {
      _class: 'hudson.model.Hudson',
      assignedLabels: [{ name: 'built-in' }],
      mode: shown?.mode ?? 'NORMAL',
      nodeDescription: 'the Jenkins controller’s built-in node',
      nodeName: '',
      numExecutors: shown?.numExecutors ?? 2,
      description: shown?.systemMessage ?? null,
      jobs: [],
      quietingDown: false,
      slaveAgentPort: -1,
      url: shown?.url ?? null,
      useCrumbs: false,
      useSecurity: true,
      views: [{ _class: 'hudson.model.AllView', name: 'all' }],
    }
  }
}

const send = (response: ServerResponse, answer: Answer): void => {
  response.writeHead(answer.status, { 'content-type': answer.type, 'x-jenkins': jenkinsVersion })
  response.end(answer.body)
}

/**
 * Stands in for a Jenkins controller on a free port of 127.0.0.1: log-in page, `/api/json`, and the checks and applies of
 * configuration as code, for the account `admin`.
 */
export const startJenkins = async (options: JenkinsOptions): Promise<JenkinsServer> => {
  const controller = new Controller(options.password)
  const server = createServer((request, response) => {
    controller
      .answer(request)
      .catch((error: unknown) => plain(error instanceof RangeError ? 413 : 500, 'A problem occurred'))
      .then((answer) => send(response, answer))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    version: `in memory, speaks ${jenkinsVersion}`,
    address: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
