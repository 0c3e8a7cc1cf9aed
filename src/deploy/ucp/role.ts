import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'
import type { Operations } from '../../core/ucp-operations.ts'

interface Arguments {
  readonly name: Input<string>
  /** Sub-permissions by operation by resource. */
  readonly operations: Input<Operations>
}

/** An immutable role, shared between stacks. Import id: its name. Served by the `ucp` plugin. */
export class UcpRole extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:Role', name, { ...inputs }, options)
  }
}
