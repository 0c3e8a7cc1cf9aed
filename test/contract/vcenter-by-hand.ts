import { XMLParser } from 'fast-xml-parser'
import { Agent, request } from 'undici'
import type { LabVcenter } from '../../src/lab/vcenter/lab-vcenter.ts'

/** A parsed element: text, or attributes (`@name`) and children by name; repeated children are lists. */
type Raw = string | { readonly [name: string]: Raw | readonly Raw[] } | undefined

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
})

const unprefixed = (name: string): string => name.slice(name.indexOf(':') + 1)

/** The children of a name along a path, whatever their prefixes. */
const all = (raw: Raw, path: string): readonly Raw[] =>
  path.split('.').reduce<readonly Raw[]>(
    (found, name) =>
      found.flatMap((one) => {
        if (one === undefined || typeof one === 'string') return []
        const key = Object.keys(one).find((key) => !key.startsWith('@') && unprefixed(key) === name)
        const value = key === undefined ? undefined : one[key]
        return value === undefined ? [] : Array.isArray(value) ? value : [value as Raw]
      }),
    [raw],
  )

const textOf = (raw: Raw): string => (typeof raw === 'object' ? String(raw['#text'] ?? '') : (raw ?? ''))

const text = (raw: Raw, path: string): string => textOf(all(raw, path)[0])

/** `xsi:type`, whatever the prefix is called. */
const kindOf = (raw: Raw): string => {
  if (typeof raw !== 'object') return ''
  const key = Object.keys(raw).find((name) => name.startsWith('@') && name.endsWith(':type'))
  return key === undefined ? '' : unprefixed(String(raw[key]))
}

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** An object of the inventory with some of its properties. */
interface Found {
  readonly id: string
  readonly values: ReadonlyMap<string, Raw>
}

interface Shares {
  /** MHz or MiB, as vSphere holds them. */
  readonly reservation: number
  readonly expandable: boolean
  readonly limit: number
  readonly level: string
}

/** Everything of ours that can stand in a vCenter, by names and paths, each list sorted. */
export interface Inventory {
  readonly folders: readonly string[]
  readonly pools: readonly { path: string; id: string; cpu: Shares; memory: Shares }[]
  readonly machines: readonly ByHandMachine[]
  readonly rules: readonly {
    cluster: string
    name: string
    key: number
    enabled: boolean
    mandatory: boolean
    machines: readonly string[]
  }[]
  readonly portGroups: readonly {
    name: string
    id: string
    switchUuid: string
    vlan: number
    description: string
  }[]
  readonly categories: readonly { name: string; id: string; cardinality: string; types: readonly string[] }[]
  /** `category/tag`. */
  readonly tags: readonly string[]
}

export interface ByHandMachine {
  /** Inventory path. */
  readonly path: string
  readonly id: string
  readonly uuid: string
  readonly pool: string
  readonly host: string
  readonly power: string
  readonly cpus: number
  readonly memoryMib: number
  readonly disksKib: readonly number[]
  readonly networks: readonly string[]
  readonly annotation: string
  readonly guestInfo: Readonly<Record<string, string>>
  /** `category/tag`. */
  readonly tags: readonly string[]
}

const shares = (raw: Raw): Shares => ({
  reservation: Number(text(raw, 'reservation')),
  expandable: text(raw, 'expandableReservation') === 'true',
  limit: Number(text(raw, 'limit')),
  level: text(raw, 'shares.level'),
})

const by =
  <Item>(key: (item: Item) => string) =>
  (left: Item, right: Item): number =>
    key(left) < key(right) ? -1 : 1

const machineProperties = ['name', 'parent', 'resourcePool', 'runtime.host', 'runtime.powerState', 'config']

const tagging = '/rest/com/vmware/cis/tagging'

/**
 * Somebody at a vCenter who knows nothing of our client: SOAP and REST by hand, read by another parser.
 *
 * What a test reads back does not pass through the code that wrote it; what it changes, it changes behind our back.
 */
export class VcenterByHand {
  readonly #vcenter: Pick<LabVcenter, 'address' | 'user' | 'password'>
  readonly #dispatcher: Agent
  #cookie = ''
  #token = ''

  constructor(vcenter: Pick<LabVcenter, 'address' | 'user' | 'password' | 'caCertificate'>) {
    this.#vcenter = vcenter
    this.#dispatcher = new Agent({ connect: { ca: vcenter.caCertificate } })
  }

  async close(): Promise<void> {
    await this.#dispatcher.close()
  }

  /** Sends a method with XML parameters; gives what stands in its response. */
  async soap(method: string, on: { type: string; id: string }, parameters = ''): Promise<Raw> {
    if (this.#cookie === '' && method !== 'Login') await this.#login()
    const body = `<?xml version="1.0"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><Body><${method} xmlns="urn:vim25"><_this type="${on.type}">${on.id}</_this>${parameters}</${method}></Body></Envelope>`
    const answer = await request(`https://${this.#vcenter.address}/sdk`, {
      method: 'POST',
      dispatcher: this.#dispatcher,
      headers: { 'content-type': 'text/xml', soapaction: 'urn:vim25/8.0.0.1', cookie: this.#cookie },
      body,
    })
    const given = answer.headers['set-cookie']
    if (method === 'Login')
      this.#cookie = String(Array.isArray(given) ? given[0] : given).split(';', 1)[0] ?? ''
    const told: Raw = parser.parse(await answer.body.text())
    const [fault] = all(told, 'Envelope.Body.Fault')
    if (fault !== undefined)
      throw new Error(`${method}: ${text(fault, 'faultstring')} ${JSON.stringify(fault)}`)
    return all(told, `Envelope.Body.${method}Response`)[0]
  }

  /** Sends a method that starts a task, and waits for its end; gives the id of what it made. */
  async task(method: string, on: { type: string; id: string }, parameters = ''): Promise<string> {
    const task = { type: 'Task', id: text(await this.soap(method, on, parameters), 'returnval') }
    for (let look = 0; look < 200; look++) {
      const [{ values } = { values: new Map<string, Raw>() }] = await this.#retrieve(task, 'Task', ['info'])
      const info = values.get('info')
      if (text(info, 'state') === 'success') return text(info, 'result')
      if (text(info, 'state') === 'error') throw new Error(`${method}: ${JSON.stringify(all(info, 'error'))}`)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`${method} did not end`)
  }

  async rest(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    if (this.#token === '') await this.#restLogin()
    const answer = await request(`https://${this.#vcenter.address}${path}`, {
      method,
      dispatcher: this.#dispatcher,
      headers: { 'vmware-api-session-id': this.#token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const told = await answer.body.text()
    if (answer.statusCode >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${told}`)
    return told === '' ? undefined : (JSON.parse(told) as { value?: unknown }).value
  }

  /** The object at an inventory path. Throws Error where there is none. */
  async at(path: string, type: string): Promise<{ type: string; id: string }> {
    const id = await this.find(path)
    if (id === undefined) throw new Error(`nothing at ${path}`)
    return { type, id }
  }

  /** The id of the object at an inventory path. */
  async find(path: string): Promise<string | undefined> {
    const answer = await this.soap(
      'FindByInventoryPath',
      { type: 'SearchIndex', id: 'SearchIndex' },
      `<inventoryPath>${escaped(path)}</inventoryPath>`,
    )
    const id = text(answer, 'returnval')
    return id === '' ? undefined : id
  }

  /** Clones the node template into a folder, off, as somebody else would; gives the clone's id. */
  async clone(
    name: string,
    folder: string,
    guestInfo: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const template = await this.at('/DC0/vm/swarm-node-template', 'VirtualMachine')
    const target = await this.at(folder, 'Folder')
    const pool = await this.at('/DC0/host/DC0_C0/Resources', 'ResourcePool')
    const marks = Object.entries(guestInfo).map(
      ([key, value]) =>
        `<extraConfig><key>${escaped(key)}</key><value xsi:type="xsd:string">${escaped(value)}</value></extraConfig>`,
    )
    return this.task(
      'CloneVM_Task',
      template,
      `<folder type="Folder">${target.id}</folder><name>${escaped(name)}</name><spec><location><pool type="ResourcePool">${pool.id}</pool></location><template>false</template><config>${marks.join('')}</config><powerOn>false</powerOn></spec>`,
    )
  }

  /** Adds, edits (with `key`) or removes (with `key` and no machines) a rule of a cluster. */
  async rule(
    cluster: string,
    rule: {
      operation: 'add' | 'edit'
      name: string
      key?: number
      enabled?: boolean
      machines: readonly string[]
    },
  ): Promise<void> {
    const { operation, name, key, enabled = true, machines } = rule
    const members = machines.map((id) => `<vm type="VirtualMachine">${id}</vm>`).join('')
    await this.task(
      'ReconfigureComputeResource_Task',
      await this.at(cluster, 'ClusterComputeResource'),
      `<spec xsi:type="ClusterConfigSpecEx"><rulesSpec><operation>${operation}</operation><info xsi:type="ClusterAntiAffinityRuleSpec">${key === undefined ? '' : `<key>${key}</key>`}<enabled>${enabled}</enabled><name>${escaped(name)}</name><mandatory>false</mandatory><userCreated>true</userCreated>${members}</info></rulesSpec></spec><modify>true</modify>`,
    )
  }

  /** The ids by which a plugin knows resources of a type whose names begin with a text. */
  async idsNamed(type: string, name: string): Promise<readonly string[]> {
    const has = (path: string) => path.split('/').at(-1)?.startsWith(name) === true
    const { machines, pools, portGroups, categories, rules } = await this.inventory()
    if (type === 'virtualMachine') return machines.filter(({ path }) => has(path)).map(({ uuid }) => uuid)
    if (type === 'resourcePool') return pools.filter(({ path }) => has(path)).map(({ id }) => id)
    if (type === 'distributedPortGroup') return portGroups.filter((one) => has(one.name)).map(({ id }) => id)
    if (type === 'tagCategory') return categories.filter((one) => has(one.name)).map(({ id }) => id)
    if (type === 'tag') return [...(await this.tagNames())].flatMap(([id, tag]) => (has(tag) ? [id] : []))
    if (type === 'folder')
      return (await this.#allOf('Folder', ['name']))
        .filter(({ values }) => has(textOf(values.get('name'))))
        .map(({ id }) => id)
    const clusters = await this.#allOf('ClusterComputeResource', ['name'])
    return rules
      .filter((rule) => has(rule.name))
      .flatMap(({ cluster, key }) =>
        clusters
          .filter(({ values }) => textOf(values.get('name')) === cluster)
          .map(({ id }) => `${id}:${key}`),
      )
  }

  /** When a VM was powered on and off and removed, by vCenter's own log, oldest first. Only a vCenter with events knows. */
  async eventsOf(machine: string): Promise<readonly { kind: string; at: number }[]> {
    const kinds = ['VmPoweredOnEvent', 'VmPoweredOffEvent', 'VmRemovedEvent']
    const types = kinds.map((kind) => `<eventTypeId>${kind}</eventTypeId>`).join('')
    const answer = await this.soap(
      'QueryEvents',
      { type: 'EventManager', id: 'EventManager' },
      `<filter>${types}<maxCount>1000</maxCount></filter>`,
    )
    return all(answer, 'returnval')
      .filter((event) => text(event, 'vm.vm') === machine)
      .map((event) => ({ kind: kindOf(event), at: Date.parse(text(event, 'createdTime')) }))
      .sort((left, right) => left.at - right.at)
  }

  /** Takes a rule out of a cluster. */
  async removeRule(cluster: string, key: number): Promise<void> {
    await this.task(
      'ReconfigureComputeResource_Task',
      await this.at(cluster, 'ClusterComputeResource'),
      `<spec xsi:type="ClusterConfigSpecEx"><rulesSpec><operation>remove</operation><removeKey xsi:type="xsd:int">${key}</removeKey></rulesSpec></spec><modify>true</modify>`,
    )
  }

  /** What a change of a port group must name, so that it is not lost. */
  async configVersion(portGroup: string): Promise<string> {
    const on = { type: 'DistributedVirtualPortgroup', id: portGroup }
    const [found] = await this.#retrieve(on, on.type, ['config'])
    return text(found?.values.get('config'), 'configVersion')
  }

  async inventory(): Promise<Inventory> {
    const entities = new Map<string, { name: string; parent: string; type: string }>()
    const read = async (type: string, paths: readonly string[]): Promise<readonly Found[]> => {
      const found = await this.#allOf(type, ['name', 'parent', ...paths])
      for (const { id, values } of found) {
        const name = decodeURIComponent(textOf(values.get('name')))
        entities.set(id, { name, parent: textOf(values.get('parent')), type })
      }
      return found
    }
    const folders = await read('Folder', [])
    for (const type of ['Datacenter', 'ClusterComputeResource', 'HostSystem', 'Network']) await read(type, [])
    const switches = await read('DistributedVirtualSwitch', ['uuid'])
    const switchUuids = new Map(switches.map(({ id, values }) => [id, textOf(values.get('uuid'))]))
    const groups = await read('DistributedVirtualPortgroup', ['config'])
    const pools = await read('ResourcePool', ['config.cpuAllocation', 'config.memoryAllocation'])
    const machines = await read('VirtualMachine', machineProperties.slice(2))
    const clusters = await read('ClusterComputeResource', ['configurationEx'])
    const pathOf = (id: string): string => {
      const entity = entities.get(id)
      return entity === undefined || entity.parent === '' ? '' : `${pathOf(entity.parent)}/${entity.name}`
    }
    const nameOf = (id: string): string => entities.get(id)?.name ?? id
    const tags = await this.tagNames()
    const described = await Promise.all(
      machines.map(async (machine) => {
        const attached = await this.tagsOn('VirtualMachine', machine.id)
        const names = attached.map((id) => tags.get(id) ?? id).sort()
        return { ...describeMachine(machine, pathOf, nameOf), tags: names }
      }),
    )
    return {
      folders: folders.map(({ id }) => pathOf(id)).sort(),
      pools: pools
        .map(({ id, values }) => ({
          path: pathOf(id),
          id,
          cpu: shares(values.get('config.cpuAllocation')),
          memory: shares(values.get('config.memoryAllocation')),
        }))
        .sort(by(({ path }) => path)),
      machines: described.sort(by(({ path }) => path)),
      rules: clusters
        .flatMap(({ id, values }) =>
          all(values.get('configurationEx'), 'rule').map((rule) => ({
            cluster: nameOf(id),
            name: text(rule, 'name'),
            key: Number(text(rule, 'key')),
            enabled: text(rule, 'enabled') === 'true',
            mandatory: text(rule, 'mandatory') === 'true',
            machines: all(rule, 'vm')
              .map((machine) => nameOf(textOf(machine)))
              .sort(),
          })),
        )
        .sort(by(({ cluster, name }) => `${cluster}/${name}`)),
      portGroups: groups
        .map(({ id, values }) => ({
          name: nameOf(id),
          id,
          vlan: Number(text(values.get('config'), 'defaultPortConfig.vlan.vlanId')),
          description: text(values.get('config'), 'description'),
          switchUuid: switchUuids.get(text(values.get('config'), 'distributedVirtualSwitch')) ?? '',
        }))
        .sort(by(({ name }) => name)),
      categories: await this.#categories(),
      tags: [...tags.values()].sort(),
    }
  }

  /** `category/tag` by the tag's id. */
  async tagNames(): Promise<ReadonlyMap<string, string>> {
    const names = new Map((await this.#categories()).map(({ id, name }) => [id, name]))
    const ids = ((await this.rest('GET', `${tagging}/tag`)) ?? []) as readonly string[]
    const tags = await Promise.all(
      ids.map((id) => this.rest('GET', `${tagging}/tag/id:${encodeURIComponent(id)}`)),
    )
    return new Map(
      (tags as readonly { id: string; name: string; category_id: string }[]).map((tag) => [
        tag.id,
        `${names.get(tag.category_id) ?? tag.category_id}/${tag.name}`,
      ]),
    )
  }

  async tagsOn(type: string, id: string): Promise<readonly string[]> {
    const path = `${tagging}/tag-association?~action=list-attached-tags`
    return ((await this.rest('POST', path, { object_id: { id, type } })) ?? []) as readonly string[]
  }

  /** Takes a tag from an object, or puts it on. */
  async changeTag(action: 'attach' | 'detach', tag: string, on: { type: string; id: string }): Promise<void> {
    const path = `${tagging}/tag-association/id:${encodeURIComponent(tag)}?~action=${action}`
    await this.rest('POST', path, { object_id: on })
  }

  /** Makes a category, where it is not there, and a tag in it; gives the tag's id. */
  async makeTag(category: string, name: string): Promise<string> {
    const known = (await this.#categories()).find((one) => one.name === category)
    const spec = { name: category, description: '', cardinality: 'MULTIPLE', associable_types: [] }
    const id = known?.id ?? (await this.rest('POST', `${tagging}/category`, { create_spec: spec }))
    const tag = { name, description: '', category_id: id }
    return String(await this.rest('POST', `${tagging}/tag`, { create_spec: tag }))
  }

  async #categories(): Promise<Inventory['categories']> {
    const ids = ((await this.rest('GET', `${tagging}/category`)) ?? []) as readonly string[]
    const found = await Promise.all(
      ids.map((id) => this.rest('GET', `${tagging}/category/id:${encodeURIComponent(id)}`)),
    )
    return (
      found as readonly { id: string; name: string; cardinality: string; associable_types?: string[] }[]
    )
      .map(({ id, name, cardinality, associable_types }) => ({
        name,
        id,
        cardinality,
        types: [...(associable_types ?? [])].sort(),
      }))
      .sort(by(({ name }) => name))
  }

  async #allOf(type: string, paths: readonly string[]): Promise<readonly Found[]> {
    const view = text(
      await this.soap(
        'CreateContainerView',
        { type: 'ViewManager', id: 'ViewManager' },
        `<container type="Folder">group-d1</container><type>${type}</type><recursive>true</recursive>`,
      ),
      'returnval',
    )
    return this.#retrieve({ type: 'ContainerView', id: view }, type, paths)
  }

  async #retrieve(
    root: { type: string; id: string },
    type: string,
    paths: readonly string[],
  ): Promise<readonly Found[]> {
    const isView = root.type === 'ContainerView'
    const follow = `<selectSet xsi:type="TraversalSpec"><name>v</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>`
    const spec = `<specSet><propSet><type>${type}</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet><objectSet><obj type="${root.type}">${root.id}</obj><skip>${isView}</skip>${isView ? follow : ''}</objectSet></specSet><options/>`
    const collector = { type: 'PropertyCollector', id: 'propertyCollector' }
    const found: Found[] = []
    let answer = await this.soap('RetrievePropertiesEx', collector, spec)
    for (;;) {
      found.push(...all(answer, 'returnval.objects').map(toFound))
      const token = text(answer, 'returnval.token')
      if (token === '') return found
      answer = await this.soap('ContinueRetrievePropertiesEx', collector, `<token>${token}</token>`)
    }
  }

  async #login(): Promise<void> {
    const { user, password } = this.#vcenter
    await this.soap(
      'Login',
      { type: 'SessionManager', id: 'SessionManager' },
      `<userName>${escaped(user)}</userName><password>${escaped(password.reveal())}</password>`,
    )
  }

  async #restLogin(): Promise<void> {
    const { address, user, password } = this.#vcenter
    const basic = Buffer.from(`${user}:${password.reveal()}`).toString('base64')
    const answer = await request(`https://${address}/rest/com/vmware/cis/session`, {
      method: 'POST',
      dispatcher: this.#dispatcher,
      headers: { authorization: `Basic ${basic}`, 'vmware-use-header-authn': 'true' },
    })
    this.#token = String(((await answer.body.json()) as { value: unknown }).value)
  }
}

const toFound = (raw: Raw): Found => ({
  id: text(raw, 'obj'),
  values: new Map(all(raw, 'propSet').map((one) => [text(one, 'name'), all(one, 'val')[0]])),
})

const describeMachine = (
  { id, values }: Found,
  pathOf: (id: string) => string,
  nameOf: (id: string) => string,
): Omit<ByHandMachine, 'tags'> => {
  const config = values.get('config')
  const devices = all(config, 'hardware.device')
  const settings = all(config, 'extraConfig').map((one) => [text(one, 'key'), text(one, 'value')] as const)
  return {
    path: pathOf(id),
    id,
    uuid: text(config, 'uuid'),
    pool: pathOf(textOf(values.get('resourcePool'))),
    host: pathOf(textOf(values.get('runtime.host'))),
    power: textOf(values.get('runtime.powerState')),
    cpus: Number(text(config, 'hardware.numCPU')),
    memoryMib: Number(text(config, 'hardware.memoryMB')),
    disksKib: devices
      .filter((device) => kindOf(device) === 'VirtualDisk')
      .map((device) => Number(text(device, 'capacityInKB'))),
    networks: devices
      .map((device) => text(device, 'backing.network') || text(device, 'backing.port.portgroupKey'))
      .filter((network) => network !== '')
      .map(nameOf),
    annotation: text(config, 'annotation'),
    guestInfo: Object.fromEntries(
      settings.filter(([key]) => key.startsWith('guestinfo.')).sort(by(([key]) => key)),
    ),
  }
}
