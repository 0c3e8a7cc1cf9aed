import type { ResourceBase } from './resource-base.ts'

export interface PromotionRule {
  readonly field: string
  readonly operator: string
  readonly values: readonly string[]
}

/** Copies tags that pass every rule into another repository. Identified by source and target. */
export interface PromotionPolicy extends ResourceBase {
  readonly kind: 'PromotionPolicy'
  /** `namespace/name`. */
  readonly sourceRepository: string
  /** `namespace/name`. */
  readonly targetRepository: string
  readonly tagTemplate: string
  readonly rules: readonly PromotionRule[]
}
