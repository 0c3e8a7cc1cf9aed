import { randomUUID } from 'node:crypto'
import { invalid, notFound, type Refusal } from '../ucp/refusal.ts'
import { expandTemplate, type Rule, ruleProblem } from './promotion-rules.ts'
import { zeroTime } from './scanning.ts'
import { tagForm } from './tags.ts'

/** Tags of one repository that meet all rules are copied to another (reference §8.6). */
export interface PromotionPolicy {
  readonly id: string
  readonly enabled: boolean
  readonly rules: readonly Rule[]
  /** `namespace/name`. */
  readonly sourceRepository: string
  readonly targetRepository: string
  readonly tagTemplate: string
  readonly lastPromotedAt: string
}

export type PolicySettings = Pick<PromotionPolicy, 'enabled' | 'rules' | 'targetRepository' | 'tagTemplate'>

const wrong = (message: string): Refusal => invalid(message, 'INVALID_PROMOTION_POLICY')

/** @throws {Refusal} 400 INVALID_PROMOTION_POLICY. */
const check = (sourceRepository: string, settings: PolicySettings): void => {
  if (settings.targetRepository === sourceRepository) throw wrong('A repository cannot promote to itself.')
  if (!tagForm.test(expandTemplate(settings.tagTemplate, 'tag', new Date(0))))
    throw wrong(`The tag template ${JSON.stringify(settings.tagTemplate)} makes no tag.`)
  for (const rule of settings.rules) {
    const problem = ruleProblem(rule)
    if (problem !== undefined) throw wrong(problem)
  }
}

/** Policies have no key but their id: equal ones may be there twice. */
export class PromotionPolicies {
  readonly #byId = new Map<string, PromotionPolicy>()

  from(sourceRepository: string): PromotionPolicy[] {
    return [...this.#byId.values()].filter((policy) => policy.sourceRepository === sourceRepository)
  }

  into(targetRepository: string): PromotionPolicy[] {
    return [...this.#byId.values()].filter((policy) => policy.targetRepository === targetRepository)
  }

  /** @throws {Refusal} 404 where the repository has no such policy. */
  get(sourceRepository: string, id: string): PromotionPolicy {
    const policy = this.#byId.get(id)
    if (policy?.sourceRepository !== sourceRepository)
      throw notFound('NO_SUCH_PROMOTION_POLICY', 'A promotion policy with the given id does not exist.')
    return policy
  }

  /** @throws {Refusal} 400 INVALID_PROMOTION_POLICY. */
  create(sourceRepository: string, settings: PolicySettings): PromotionPolicy {
    check(sourceRepository, settings)
    const policy = { id: randomUUID(), sourceRepository, lastPromotedAt: zeroTime, ...settings }
    this.#byId.set(policy.id, policy)
    return policy
  }

  /** @throws {Refusal} 400 INVALID_PROMOTION_POLICY; then nothing has changed. */
  update(policy: PromotionPolicy, changes: Partial<PolicySettings>): PromotionPolicy {
    const updated = { ...policy, ...changes }
    check(policy.sourceRepository, updated)
    this.#byId.set(policy.id, updated)
    return updated
  }

  promoted(policy: PromotionPolicy, at: string): void {
    const current = this.#byId.get(policy.id)
    if (current !== undefined) this.#byId.set(policy.id, { ...current, lastPromotedAt: at })
  }

  remove(sourceRepository: string, id: string): void {
    if (this.#byId.get(id)?.sourceRepository === sourceRepository) this.#byId.delete(id)
  }

  removeRepository(repository: string): void {
    for (const policy of [...this.from(repository), ...this.into(repository)]) this.#byId.delete(policy.id)
  }
}
