import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly hostname: Input<string>
  readonly collection: Input<string>
  readonly orchestrator: Input<string>
  readonly availability: Input<string>
  /** Beside those of its place; labels of others stay. */
  readonly labels: Input<Readonly<Record<string, string>>>
  /** How long to wait for the node to join. */
  readonly joinSeconds: Input<number>
}

/** Where a node stands, once it has joined. Import id: its host name. Served by the `ucp` plugin. */
export class UcpNodePlacement extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:NodePlacement', name, { ...inputs }, options)
  }
}
