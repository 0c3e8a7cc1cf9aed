/** What the reference leaves open about the registry, each a choice that a test can turn. */
export interface RegistrySwitches {
  /** §8.1: in `/api/v0/admin/version`. */
  readonly version: string
  /** §8.8, §13.16: webhook create answers an array (swagger) or one object (guide). */
  readonly webhookCreatedAsArray: boolean
  /** §8.8: 200 in 2.5, 204 in 2.7. */
  readonly webhookDeleteStatus: 200 | 204
  /** §8.4: lists of tags carry `vuln_summary` (2.5) or not (2.7). */
  readonly summaryInTagList: boolean
  /** §13.15: the header of a list's total count. */
  readonly totalCountHeader: string
  /** §8.1: refuse bodies that are not declared as JSON with 415, and other wishes than JSON with 406. */
  readonly checksContentType: boolean
  /** How long a scan stays in each of its four states. */
  readonly scanStepMilliseconds: number
}

export const defaultRegistrySwitches: RegistrySwitches = {
  version: '2.7.5',
  webhookCreatedAsArray: false,
  webhookDeleteStatus: 204,
  summaryInTagList: false,
  totalCountHeader: 'x-resource-count',
  checksContentType: true,
  scanStepMilliseconds: 50,
}
