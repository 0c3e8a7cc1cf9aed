import { servePlugin } from '../../provider/server.ts'
import { vspherePlugin } from './vsphere-plugin.ts'

await servePlugin(vspherePlugin)
