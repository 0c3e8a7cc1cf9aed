import type { FaultedCall, InjectedFault } from '../../src/lab/faults.ts'

/** SOAP methods that change something. */
const changing = new Set([
  'CloneVM_Task',
  'CreateFolder',
  'MoveIntoFolder_Task',
  'Rename_Task',
  'Destroy_Task',
  'CreateResourcePool',
  'UpdateConfig',
  'AddDVPortgroup_Task',
  'ReconfigureDVPortgroup_Task',
  'ReconfigureComputeResource_Task',
  'ReconfigVM_Task',
  'RelocateVM_Task',
  'PowerOnVM_Task',
  'PowerOffVM_Task',
])

/** Whether a call changes something at a vCenter, sessions aside. */
export const isChange = ({ operation, method, url = '' }: FaultedCall): boolean => {
  if (operation !== undefined) return changing.has(operation)
  if (!url.includes('/tagging/')) return false
  return method === 'PATCH' || method === 'DELETE' || (method === 'POST' && !url.includes('~action=list-'))
}

const isTask = ({ operation }: FaultedCall): boolean => operation?.endsWith('_Task') === true
const isSoap = ({ operation }: FaultedCall): boolean => operation !== undefined
const isPoll = ({ operation }: FaultedCall): boolean => operation === 'RetrievePropertiesEx'

const envelope = (body: string): string =>
  `<?xml version="1.0"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Body>${body}</Body></Envelope>`

const soapFault = (fault: string, fields = ''): string =>
  envelope(
    `<Fault><faultcode>ServerFaultCode</faultcode><faultstring>injected</faultstring><detail><${fault}Fault xsi:type="${fault}">${fields}</${fault}Fault></detail></Fault>`,
  )

const taskId = 'task-injected'

const acceptedTask = (method: string): string =>
  envelope(
    `<${method}Response xmlns="urn:vim25"><returnval type="Task">${taskId}</returnval></${method}Response>`,
  )

const failedTask = envelope(
  `<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="Task">${taskId}</obj><propSet><name>info</name><val xsi:type="TaskInfo"><key>${taskId}</key><state>error</state><error><fault xsi:type="HostCommunication"/><localizedMessage>The host did not answer.</localizedMessage></error></val></propSet></objects></returnval></RetrievePropertiesExResponse>`,
)

/** What a call meets; asked of every call from the chosen one on. */
type Script = (call: FaultedCall, isChosen: boolean) => InjectedFault | undefined

export interface FaultKind {
  /** In a reader's words. */
  readonly name: string
  /** Of the file of its row. */
  readonly row: string
  /** Whether the call can meet it. */
  readonly meets: (call: FaultedCall) => boolean
  readonly script: () => Script
  /** Whether the client gets over it by itself, so that the caller never learns of it. */
  readonly isOvercome: boolean
}

const once =
  (fault: (call: FaultedCall) => InjectedFault): (() => Script) =>
  () =>
  (call, isChosen) =>
    isChosen ? fault(call) : undefined

const always = (): boolean => true

const kind = (
  row: string,
  name: string,
  fault: (call: FaultedCall) => InjectedFault,
  more: Partial<Pick<FaultKind, 'meets' | 'isOvercome'>> = {},
): FaultKind => ({ row, name, meets: always, isOvercome: false, script: once(fault), ...more })

/** An answer that says what is wrong in the words of the API that was called. */
const refusal =
  (soap: string, rest: InjectedFault) =>
  (call: FaultedCall): InjectedFault =>
    isSoap(call) ? { kind: 'status', status: 500, body: soap } : rest

const restError = (status: number, type: string): InjectedFault => ({
  kind: 'status',
  status,
  body: { type: `com.vmware.vapi.std.errors.${type}`, value: { messages: [] } },
})

/** Everything that can go wrong with one call. */
export const faultKinds: readonly FaultKind[] = [
  kind(
    '401',
    'session expired (401)',
    refusal(soapFault('NotAuthenticated'), restError(401, 'unauthenticated')),
    {
      isOvercome: true,
    },
  ),
  kind(
    '403',
    'no permission (403)',
    refusal(
      soapFault('NoPermission', '<privilegeId>VirtualMachine.Config.CPUCount</privilegeId>'),
      restError(403, 'unauthorized'),
    ),
  ),
  kind(
    '409',
    'in use by somebody else (409)',
    refusal(soapFault('ResourceInUse'), restError(409, 'conflict')),
  ),
  kind(
    '409-name',
    'a name that is taken for a moment',
    refusal(soapFault('DuplicateName'), restError(400, 'already_exists')),
  ),
  kind(
    '409-busy',
    'another task under way',
    refusal(soapFault('TaskInProgress'), restError(409, 'resource_busy')),
    {
      meets: isTask,
      isOvercome: true,
    },
  ),
  kind(
    '429',
    '429 with Retry-After',
    () => ({ kind: 'status', status: 429, headers: { 'retry-after': '1' } }),
    { isOvercome: true },
  ),
  kind(
    '500',
    'system error (500)',
    refusal(soapFault('SystemError'), restError(500, 'internal_server_error')),
  ),
  kind('503', '503', () => ({ kind: 'status', status: 503 }), { isOvercome: true }),
  kind('504-after', '504 after the effect', () => ({ kind: 'status-after', status: 504 })),
  kind('refused', 'connection refused', () => ({ kind: 'refused', milliseconds: 30 })),
  kind('reset-before', 'connection reset before the call', () => ({ kind: 'reset-before' })),
  kind('reset-in-request', 'connection reset in the middle of the call', () => ({
    kind: 'reset-in-request',
  })),
  kind('reset-in-body', 'connection reset in the middle of the answer', () => ({ kind: 'reset-in-body' })),
  kind('reset-after', 'connection reset after the effect', () => ({ kind: 'reset-after' })),
  kind('timeout-before', 'timeout before the effect', () => ({ kind: 'timeout-before' })),
  kind('timeout-after', 'timeout after the effect', () => ({ kind: 'timeout-after' })),
  kind('slow', 'slow answer', () => ({ kind: 'slow', milliseconds: 20 }), { isOvercome: true }),
  {
    row: 'task-fails',
    name: 'a task that fails after the call was accepted',
    meets: isTask,
    isOvercome: false,
    script: () => {
      let isTold = false
      return (call, isChosen) => {
        if (isChosen) return { kind: 'status', status: 200, body: acceptedTask(call.operation ?? '') }
        if (isTold || !isPoll(call)) return undefined
        isTold = true
        return { kind: 'status', status: 200, body: failedTask }
      }
    },
  },
  {
    row: 'task-unseen',
    name: 'a task whose progress cannot be seen',
    meets: isTask,
    isOvercome: false,
    script: () => (call, isChosen) => (!isChosen && isPoll(call) ? { kind: 'reset-before' } : undefined),
  },
]
