import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly sourceRepository: Input<string>
  readonly targetRepository: Input<string>
  readonly tagTemplate: Input<string>
  readonly rules: Input<{ field: string; operator: string; values: string[] }[]>
  readonly enabled?: Input<boolean>
}

/** Copies tags that pass every rule. Import id: `source->target`. Served by the `ucp` plugin. */
export class UcpPromotionPolicy extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:registry:PromotionPolicy', name, { ...inputs }, options)
  }
}
