import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly repository: Input<string>
  readonly event: Input<string>
  readonly endpoint: Input<string>
}

/** A call the registry makes on an event. Import id: `repository:event:endpoint`. Served by the `ucp` plugin. */
export class UcpWebhook extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:registry:Webhook', name, { ...inputs }, options)
  }
}
