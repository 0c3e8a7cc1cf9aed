import { beforeEach, describe, expect, it } from 'vitest'
import {
  childAt,
  envelope,
  leaf,
  node,
  parseXml,
  textAt,
  type Xml,
} from '../../../src/clients/vsphere-xml.ts'
import { Secret } from '../../../src/core/secret.ts'
import { templateDevices } from '../../../src/lab/vcenter/devices.ts'
import { sampleInventory } from '../../../src/lab/vcenter/inventory.ts'
import { Sessions } from '../../../src/lab/vcenter/sessions.ts'
import { type SoapAnswer, SoapEndpoint } from '../../../src/lab/vcenter/soap-endpoint.ts'
import { TaggingEndpoint } from '../../../src/lab/vcenter/tagging-endpoint.ts'

const on = (type: string, id: string): Xml => node('_this', [{ text: id }], { type })

const call = (method: string, parts: readonly (Xml | undefined)[]): string =>
  envelope(node(method, parts, { xmlns: 'urn:vim25' }))

const faultOf = ({ body }: SoapAnswer): string | undefined =>
  childAt(parseXml(body), 'Body.Fault.detail')?.children[0]?.kind

describe('the in-memory vCenter', () => {
  let sessions: Sessions
  let soap: SoapEndpoint

  beforeEach(() => {
    sessions = new Sessions('ada', new Secret('right'))
    soap = new SoapEndpoint(sampleInventory(templateDevices), sessions)
  })

  const login = (password: string): SoapAnswer =>
    soap.answer(
      call('Login', [
        on('SessionManager', 'SessionManager'),
        leaf('userName', 'ada'),
        leaf('password', password),
      ]),
      undefined,
    )

  it('says what it is to anybody, and nothing else', () => {
    const about = soap.answer(
      call('RetrieveServiceContent', [on('ServiceInstance', 'ServiceInstance')]),
      undefined,
    )
    expect(about.status).toBe(200)
    expect(textAt(parseXml(about.body), 'Body.RetrieveServiceContentResponse.returnval.rootFolder')).toBe(
      'group-d1',
    )
    const find = call('FindByInventoryPath', [
      on('SearchIndex', 'SearchIndex'),
      leaf('inventoryPath', '/DC0'),
    ])
    for (const session of [undefined, 'made-up'])
      expect(faultOf(soap.answer(find, session))).toBe('NotAuthenticated')
  })

  it('lets in who has the password, until the logout', () => {
    expect(faultOf(login('wrong'))).toBe('InvalidLogin')
    const { session } = login('right')
    const find = call('FindByInventoryPath', [
      on('SearchIndex', 'SearchIndex'),
      leaf('inventoryPath', '/DC0'),
    ])
    expect(soap.answer(find, session).status).toBe(200)
    soap.answer(call('Logout', [on('SessionManager', 'SessionManager')]), session)
    expect(faultOf(soap.answer(find, session))).toBe('NotAuthenticated')
  })

  it.each([
    ['a method that it does not serve', call('Explode_Task', [on('Folder', 'group-d1')]), 'MethodNotFound'],
    [
      'an object that is not there',
      call('CreateFolder', [on('Folder', 'group-v99'), leaf('name', 'x')]),
      'ManagedObjectNotFound',
    ],
    [
      'an object of another type',
      call('CreateFolder', [on('VirtualMachine', 'group-d1'), leaf('name', 'x')]),
      'ManagedObjectNotFound',
    ],
    ['a method of another type', call('UpdateConfig', [on('Folder', 'group-d1')]), 'ManagedObjectNotFound'],
    ['an empty name', call('CreateFolder', [on('Folder', 'group-d1'), leaf('name', '')]), 'InvalidName'],
    ['a missing parameter', call('CreateFolder', [on('Folder', 'group-d1')]), 'InvalidArgument'],
    ['an empty envelope', '<Envelope/>', 'InvalidRequest'],
    ['what is no XML', 'hello', 'RuntimeFault'],
    [
      'a method by the name of an object’s own',
      call('valueOf', [on('Folder', 'group-d1')]),
      'MethodNotFound',
    ],
  ])('refuses %s', (_what, text, fault) => {
    const { session } = login('right')
    const answer = soap.answer(text, session)
    expect(answer.status).toBe(500)
    expect(faultOf(answer)).toBe(fault)
  })
})

describe('the tags of the in-memory vCenter', () => {
  it('lets an object have one tag of a category that allows one', () => {
    const sessions = new Sessions('ada', new Secret('right'))
    const tagging = new TaggingEndpoint(sessions)
    const session = sessions.login('ada', 'right')
    const root = '/rest/com/vmware/cis/tagging'
    const post = (path: string, body: unknown, action?: string) =>
      tagging.answer({
        method: 'POST',
        path: `${root}${path}`,
        action,
        session,
        authorization: undefined,
        body,
      })
    const made = (answer: { body?: unknown }): string => (answer.body as { value: string }).value
    const category = made(post('/category', { create_spec: { name: 'c', cardinality: 'SINGLE' } }))
    const tags = ['a', 'b'].map((name) =>
      made(post('/tag', { create_spec: { name, category_id: category } })),
    )
    const attach = (tag = '') =>
      post(`/tag-association/id:${tag}`, { object_id: { type: 'VirtualMachine', id: 'vm-1' } }, 'attach')
        .status
    expect([attach(tags[0]), attach(tags[0]), attach(tags[1]), attach('gone')]).toEqual([200, 200, 400, 404])
  })

  it('answers nobody without a session', () => {
    const tagging = new TaggingEndpoint(new Sessions('ada', new Secret('right')))
    const path = '/rest/com/vmware/cis/tagging/category'
    const request = { method: 'GET', path, action: undefined, authorization: undefined, body: undefined }
    expect(tagging.answer({ ...request, session: undefined }).status).toBe(401)
    expect(tagging.answer({ ...request, session: 'made-up' }).status).toBe(401)
  })
})
