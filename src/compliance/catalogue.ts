import { compareText } from '../core/issue.ts'
import { ComplianceRule } from '../exception/compliance-rule.ts'
import type { Rule } from './rule.ts'
import { exposureRules } from './rules/exposure.ts'
import { hostRules } from './rules/host.ts'
import { imageRules } from './rules/images.ts'
import { limitRules } from './rules/limits.ts'
import { malwareRules } from './rules/malware.ts'
import { operationRules } from './rules/operation.ts'
import { quotaRules } from './rules/quota.ts'
import { rootPathRules } from './rules/root-paths.ts'
import { scanRules } from './rules/scans.ts'
import { secretRules } from './rules/secrets.ts'
import { userRules } from './rules/user.ts'

const listed: readonly Rule[] = [
  ...limitRules,
  ...quotaRules,
  ...userRules,
  ...rootPathRules,
  ...hostRules,
  ...imageRules,
  ...scanRules,
  ...malwareRules,
  ...secretRules,
  ...exposureRules,
  ...operationRules,
]

/** Every rule once, by id. */
export const catalogue: readonly Rule[] = [...listed].sort((a, b) => compareText(a.id, b.id))

/** Ids that exceptions may name, by which the catalogue is held complete. */
export const ruleIds: readonly ComplianceRule[] = ComplianceRule.options
