import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  /** Absolute, e.g. `/Run/Std/acme`. */
  readonly path: Input<string>
}

/** A collection. Import id: its path. Served by the `ucp` plugin. */
export class UcpCollection extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:Collection', name, { ...inputs }, options)
  }
}
