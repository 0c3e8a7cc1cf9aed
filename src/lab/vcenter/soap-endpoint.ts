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
  typed,
  type Xml,
  type XmlElement,
} from '../../clients/vsphere-xml.ts'
import type { Inventory, ManagedObject } from './inventory.ts'
import { inventoryMethods } from './inventory-methods.ts'
import { machineMethods } from './machine-methods.ts'
import { PropertyCollector } from './property-collector.ts'
import type { Sessions } from './sessions.ts'
import type { Method } from './soap-call.ts'
import { notFound, SoapFault } from './soap-fault.ts'

export interface SoapAnswer {
  readonly status: 200 | 500
  readonly body: string
  /** A session that was opened. */
  readonly session?: string
}

/** The version that the in-memory vCenter speaks: what its calls look like in vSphere 8. */
export const inMemoryVersion = '8.0.3'

const singletons = {
  propertyCollector: { type: 'PropertyCollector', id: 'propertyCollector' },
  viewManager: { type: 'ViewManager', id: 'ViewManager' },
  searchIndex: { type: 'SearchIndex', id: 'SearchIndex' },
  sessionManager: { type: 'SessionManager', id: 'SessionManager' },
  serviceInstance: { type: 'ServiceInstance', id: 'ServiceInstance' },
} as const satisfies Record<string, ObjectReference>

const serviceContent = (rootFolder: ObjectReference): Xml => {
  const { serviceInstance: _, ...managers } = singletons
  return node('returnval', [
    referenceNode('rootFolder', rootFolder),
    ...Object.entries(managers).map(([name, reference]) => referenceNode(name, reference)),
    node('about', [
      leaf('name', 'Tenantry in-memory vCenter'),
      leaf('version', inMemoryVersion),
      leaf('apiType', 'VirtualCenter'),
      leaf('apiVersion', `${inMemoryVersion}.0`),
    ]),
  ])
}

const answerOf = (method: string, returned: readonly (Xml | undefined)[]): string =>
  envelope(node(`${method}Response`, returned, { xmlns: 'urn:vim25' }))

const faultOf = (fault: SoapFault): string =>
  envelope(
    node('Fault', [
      leaf('faultcode', 'ServerFaultCode'),
      leaf('faultstring', fault.message),
      node('detail', [typed(`${fault.vimFault}Fault`, fault.vimFault, fault.fields)]),
    ]),
  )

/** The SOAP half of the in-memory vCenter: envelope in, envelope out. */
export class SoapEndpoint {
  readonly #inventory: Inventory
  readonly #sessions: Sessions
  readonly #methods: Readonly<Record<string, Method>>

  constructor(inventory: Inventory, sessions: Sessions) {
    this.#inventory = inventory
    this.#sessions = sessions
    this.#methods = { ...inventoryMethods, ...machineMethods, ...new PropertyCollector().methods }
  }

  /** Answers a call of whoever holds `session`. Never throws. */
  answer(text: string, session: string | undefined): SoapAnswer {
    try {
      return this.#dispatch(text, session)
    } catch (error) {
      const fault =
        error instanceof SoapFault
          ? error
          : new SoapFault('RuntimeFault', error instanceof Error ? error.message : String(error))
      return { status: 500, body: faultOf(fault) }
    }
  }

  #dispatch(text: string, session: string | undefined): SoapAnswer {
    const call = childAt(parseXml(text), 'Body')?.children[0]
    if (call === undefined) throw new SoapFault('InvalidRequest', 'The envelope has no body.')
    const returned = (values: readonly (Xml | undefined)[]): SoapAnswer => ({
      status: 200,
      body: answerOf(call.name, values),
    })
    if (call.name === 'RetrieveServiceContent')
      return returned([serviceContent({ type: 'Folder', id: this.#inventory.root.id })])
    if (call.name === 'Login') return this.#login(call)
    if (session === undefined || !this.#sessions.isOpen(session))
      throw new SoapFault('NotAuthenticated', 'The session is not authenticated.')
    if (call.name === 'Logout') {
      this.#sessions.logout(session)
      return returned([])
    }
    return returned(this.#run(call))
  }

  #login(call: XmlElement): SoapAnswer {
    const user = textAt(call, 'userName') ?? ''
    const session = this.#sessions.login(user, textAt(call, 'password') ?? '')
    if (session === undefined)
      throw new SoapFault('InvalidLogin', 'Cannot complete login due to an incorrect user name or password.')
    const body = answerOf('Login', [node('returnval', [leaf('key', session), leaf('userName', user)])])
    return { status: 200, body, session }
  }

  #run(call: XmlElement): readonly (Xml | undefined)[] {
    const run = Object.hasOwn(this.#methods, call.name) ? this.#methods[call.name] : undefined
    if (run === undefined) throw new SoapFault('MethodNotFound', `${call.name} is not served here.`)
    return run({ inventory: this.#inventory, on: this.#target(call), parameters: call })
  }

  /** The object a call is on; calls on a singleton are on the root folder, which they do not look at. */
  #target(call: XmlElement): ManagedObject {
    const reference = toReference(childAt(call, '_this'))
    if (Object.values(singletons).some(({ type }) => type === reference?.type)) return this.#inventory.root
    const object = reference && this.#inventory.get(reference.id)
    if (object === undefined || object.type !== reference?.type)
      throw notFound(reference ?? { type: '', id: '' })
    return object
  }
}
