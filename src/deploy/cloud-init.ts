import type { VirtualMachine } from '../model/virtual-machine.ts'
import { joinScript } from './join-script.ts'

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

/** Indented as a block of YAML that keeps every line. */
const block = (text: string, indent: number): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line}`))
    .join('\n')

/** The script lies in memory only, and is gone with the next boot. */
const userDataOf = (script: string): string => `#cloud-config
write_files:
  - path: /run/tenantry/join-swarm.py
    permissions: '0700'
    content: |
${block(script, 6)}
runcmd:
  - [python3, /run/tenantry/join-swarm.py]
`

/** What the datasource names the VM by; another name is another instance, for which all of it runs anew. */
const metadataOf = (hostname: string): string =>
  JSON.stringify({ 'instance-id': hostname, 'local-hostname': hostname })

/** What cloud-init reads at a VM's first boot and never after. */
export const firstBootKeys = [
  'guestinfo.metadata',
  'guestinfo.metadata.encoding',
  'guestinfo.userdata',
  'guestinfo.userdata.encoding',
] as const

/**
 * What cloud-init's VMware datasource finds in a VM: its host name, and a first boot that joins the swarm, paused, with the
 * ticket that stands beside it. No secret is in here. Nothing for a VM that joins by what its template does.
 *
 * Source of the keys: cloud-init's documentation, datasource VMware.
 */
export const cloudInit = ({
  name,
  join,
}: Pick<VirtualMachine, 'name' | 'join'>): Readonly<
  Partial<Record<(typeof firstBootKeys)[number], string>>
> =>
  join === null
    ? {}
    : {
        'guestinfo.metadata': base64(metadataOf(name)),
        'guestinfo.metadata.encoding': 'base64',
        'guestinfo.userdata': base64(userDataOf(joinScript(join))),
        'guestinfo.userdata.encoding': 'base64',
      }
