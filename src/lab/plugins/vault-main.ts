import { servePlugin } from '../../provider/server.ts'
import { vaultPlugin } from './vault-plugin.ts'

await servePlugin(vaultPlugin)
