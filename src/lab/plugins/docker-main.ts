import { servePlugin } from '../../provider/server.ts'
import { dockerPlugin } from './docker-plugin.ts'

await servePlugin(dockerPlugin)
