import { servePlugin } from './provider/server.ts'
import { ucpPlugin } from './provider/ucp/plugin.ts'

await servePlugin(ucpPlugin())
