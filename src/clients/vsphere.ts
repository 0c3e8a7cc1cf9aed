import { Fault, isFault } from '../core/fault.ts'
import { redact } from '../core/redact.ts'
import { Secret } from '../core/secret.ts'
import { Http, type RetryPolicy, type Tls } from './http.ts'
import type { HttpAnswer, HttpCall } from './http-call.ts'
import { faultFrom } from './vsphere-fault.ts'
import {
  childAt,
  envelope,
  leaf,
  node,
  type ObjectReference,
  parseXml,
  referenceNode,
  textAt,
  toReference,
  type Xml,
  type XmlElement,
} from './vsphere-xml.ts'

export interface VsphereOptions {
  /** `host` or `host:port`. */
  readonly server: string
  readonly user: string
  readonly password: Secret
  readonly tls?: Tls
  readonly retries?: RetryPolicy
  /** Of one call, in milliseconds; the client's standard where absent. */
  readonly timeoutMilliseconds?: number
  /** Injected in tests; waits between looks at a task. */
  readonly sleep?: (milliseconds: number) => Promise<void>
  /** Injected in tests. */
  readonly now?: () => number
}

/** A call of the Web Services API. */
export interface SoapCall {
  readonly method: string
  readonly on: ObjectReference
  readonly parameters?: readonly (Xml | undefined)[]
  /** What it is about, for messages. */
  readonly resource?: string
  /** Whether it changes nothing, so that it may be sent again. */
  readonly readOnly?: boolean
  /** What its parameters hold that no message may repeat. */
  readonly secrets?: readonly Secret[]
}

/** The singletons of a vCenter that other calls go to. Source: `RetrieveServiceContent`. */
export interface ServiceContent {
  readonly version: string
  readonly apiVersion: string
  readonly rootFolder: ObjectReference
  readonly propertyCollector: ObjectReference
  readonly sessionManager: ObjectReference
  readonly searchIndex: ObjectReference
  readonly viewManager: ObjectReference
}

const serviceInstance: ObjectReference = { type: 'ServiceInstance', id: 'ServiceInstance' }
const sdk = '/sdk'
const restSession = '/rest/com/vmware/cis/session'
// Without a version the server speaks its oldest, which is enough to ask which version it is.
const soapAction = 'urn:vim25'

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

const cookieOf = (answer: HttpAnswer): string | undefined => {
  const given = answer.headers['set-cookie']
  const all = typeof given === 'string' ? [given] : (given ?? [])
  return all.find((one) => one.startsWith('vmware_soap_session='))?.split(';', 1)[0]
}

/** What the body of a SOAP answer holds; undefined where the answer is none. */
const bodyOf = (answer: HttpAnswer): XmlElement | undefined => {
  try {
    return childAt(parseXml(answer.text), 'Body')?.children[0]
  } catch (error) {
    if (!isFault(error, 'protocol')) throw error
    return undefined
  }
}

/**
 * One vCenter: the SOAP Web Services API and the REST API for tags, with one session each.
 *
 * A session is opened by the first call and again, once, when the server no longer knows it.
 * Errors: `@throws {VsphereFault}` for what vCenter names, `@throws {Fault}` for the rest.
 */
export class Vsphere {
  readonly #options: VsphereOptions
  readonly #http: Http
  #content: Promise<ServiceContent> | undefined
  #soapCookie: Promise<Secret> | undefined
  #restToken: Promise<Secret> | undefined

  constructor(options: VsphereOptions) {
    this.#options = options
    this.#http = new Http({
      system: 'vCenter',
      endpoint: `https://${options.server}`,
      credential: `the password of ${options.user}`,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.retries === undefined ? {} : { retries: options.retries }),
      ...(options.timeoutMilliseconds === undefined
        ? {}
        : { timeoutMilliseconds: options.timeoutMilliseconds }),
      ...(options.sleep === undefined ? {} : { sleep: options.sleep }),
    })
  }

  get endpoint(): string {
    return this.#http.endpoint
  }

  sleep(milliseconds: number): Promise<void> {
    return (this.#options.sleep ?? pause)(milliseconds)
  }

  now(): number {
    return (this.#options.now ?? Date.now)()
  }

  /** What this vCenter is and where its singletons are. Needs no session. */
  content(): Promise<ServiceContent> {
    this.#content ??= forgetting(this.#readContent(), () => {
      this.#content = undefined
    })
    return this.#content
  }

  /** Sends a call with a session and gives the answer's element, whose `returnval` children are the result. */
  async call(call: SoapCall): Promise<XmlElement> {
    const session = this.#session()
    // A refused log-in is not tried twice: that locks accounts.
    const cookie = await session
    try {
      return await this.#send(call, cookie)
    } catch (error) {
      if (!isFault(error, 'unauthenticated')) throw error
      if (this.#soapCookie === session) this.#soapCookie = undefined
      return await this.#send(call, await this.#session())
    }
  }

  /** Sends a REST call with a session; gives what is under `value`. */
  async rest(call: Omit<HttpCall, 'headers'>): Promise<unknown> {
    const session = this.#restSession()
    const token = await session
    try {
      return await this.#sendRest(call, token)
    } catch (error) {
      if (!isFault(error, 'unauthenticated')) throw error
      if (this.#restToken === session) this.#restToken = undefined
      return await this.#sendRest(call, await this.#restSession())
    }
  }

  /** Ends the sessions and the connections. Never throws. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#logoutSoap(), this.#logoutRest()])
    await this.#http.close()
  }

  #session(): Promise<Secret> {
    this.#soapCookie ??= forgetting(this.#login(), () => {
      this.#soapCookie = undefined
    })
    return this.#soapCookie
  }

  async #readContent(): Promise<ServiceContent> {
    const answer = await this.#send({ method: 'RetrieveServiceContent', on: serviceInstance, readOnly: true })
    const content = childAt(answer, 'returnval')
    const singleton = (name: string): ObjectReference => {
      const reference = toReference(childAt(content, name))
      if (reference === undefined)
        throw new Fault('protocol', `vCenter at ${this.endpoint} did not say where its ${name} is.`)
      return reference
    }
    return {
      version: textAt(content, 'about.version') ?? '',
      apiVersion: textAt(content, 'about.apiVersion') ?? '',
      rootFolder: singleton('rootFolder'),
      propertyCollector: singleton('propertyCollector'),
      sessionManager: singleton('sessionManager'),
      searchIndex: singleton('searchIndex'),
      viewManager: singleton('viewManager'),
    }
  }

  async #login(): Promise<Secret> {
    const { sessionManager } = await this.content()
    const call: SoapCall = {
      method: 'Login',
      on: sessionManager,
      parameters: [leaf('userName', this.#options.user), leaf('password', this.#options.password.reveal())],
      resource: `the session of ${this.#options.user}`,
      readOnly: true,
      secrets: [this.#options.password],
    }
    const answer = await this.#post(call)
    this.#checkFault(call, answer)
    const cookie = cookieOf(answer)
    if (cookie === undefined)
      throw new Fault('protocol', `vCenter at ${this.endpoint} gave no session to ${this.#options.user}.`)
    return new Secret(cookie)
  }

  async #send(call: SoapCall, cookie?: Secret): Promise<XmlElement> {
    return this.#checkFault(call, await this.#post(call, cookie))
  }

  async #post(call: SoapCall, cookie?: Secret): Promise<HttpAnswer> {
    const version = call.on === serviceInstance ? undefined : (await this.content()).apiVersion
    const body = node(call.method, [referenceNode('_this', call.on), ...(call.parameters ?? [])], {
      xmlns: 'urn:vim25',
    })
    return this.#http.send({
      method: 'POST',
      path: sdk,
      headers: {
        accept: 'text/xml',
        'content-type': 'text/xml; charset=utf-8',
        soapaction: version === undefined ? soapAction : `${soapAction}/${version}`,
        ...(cookie === undefined ? {} : { cookie }),
      },
      body: envelope(body),
      answers: [500],
      ...(call.readOnly === true ? { readOnly: true } : {}),
      ...(call.resource === undefined ? {} : { resource: call.resource }),
      ...(call.secrets === undefined ? {} : { secrets: call.secrets }),
    })
  }

  #checkFault(call: SoapCall, answer: HttpAnswer): XmlElement {
    const content = bodyOf(answer)
    if (content?.name === `${call.method}Response`) return content
    const details = {
      endpoint: this.endpoint,
      call: call.method,
      ...(call.resource === undefined ? {} : { resource: call.resource }),
    }
    const what = `vCenter at ${this.endpoint} refused ${call.method}${call.resource === undefined ? '' : ` for ${call.resource}`}`
    if (content?.name === 'Fault')
      throw faultFrom(childAt(content, 'detail')?.children[0], {
        what,
        message: this.#clean(textAt(content, 'faultstring') ?? '', call),
        details,
      })
    if (answer.status === 500)
      throw new Fault('unavailable', `${what} with 500 and no reason.`, {
        details: { ...details, status: 500, hint: 'Look at the health of vCenter, then run again.' },
      })
    throw new Fault('protocol', `vCenter at ${this.endpoint} did not answer ${call.method} with SOAP.`, {
      details: { ...details, hint: 'Check that the endpoint is a vCenter, not a proxy’s page.' },
    })
  }

  #clean(told: string, { secrets = [] }: SoapCall): string {
    return redact(
      told,
      secrets.map((secret) => secret.reveal()),
    )
  }

  #restSession(): Promise<Secret> {
    this.#restToken ??= forgetting(this.#loginRest(), () => {
      this.#restToken = undefined
    })
    return this.#restToken
  }

  async #sendRest(call: Omit<HttpCall, 'headers'>, token: Secret): Promise<unknown> {
    const answer = await this.#http.json({ ...call, headers: { 'vmware-api-session-id': token } })
    return answer !== null && typeof answer === 'object' && 'value' in answer ? answer.value : undefined
  }

  async #loginRest(): Promise<Secret> {
    const { user, password } = this.#options
    const basic = Buffer.from(`${user}:${password.reveal()}`).toString('base64')
    const answer = await this.#http.json({
      method: 'POST',
      path: restSession,
      headers: { authorization: new Secret(`Basic ${basic}`), 'vmware-use-header-authn': 'true' },
      resource: `the session of ${user}`,
      readOnly: true,
    })
    if (
      answer !== null &&
      typeof answer === 'object' &&
      'value' in answer &&
      typeof answer.value === 'string'
    )
      return new Secret(answer.value)
    throw new Fault('protocol', `vCenter at ${this.endpoint} gave no REST session to ${user}.`)
  }

  async #logoutSoap(): Promise<void> {
    if (this.#soapCookie === undefined) return
    const { sessionManager } = await this.content()
    await this.#send({ method: 'Logout', on: sessionManager }, await this.#soapCookie)
  }

  async #logoutRest(): Promise<void> {
    if (this.#restToken === undefined) return
    const token = await this.#restToken
    await this.#http.send({
      method: 'DELETE',
      path: restSession,
      headers: { 'vmware-api-session-id': token },
    })
  }
}

/** The promise itself; when it fails, `forget` lets the next caller try anew. */
const forgetting = <Value>(promise: Promise<Value>, forget: () => void): Promise<Value> => {
  promise.catch(forget)
  return promise
}
