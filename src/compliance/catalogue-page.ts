import { catalogue } from './catalogue.ts'
import { severities } from './finding.ts'
import type { Rule, RuleNeed } from './rule.ts'

/** What a rule needs, in words. */
export const needWords: Readonly<Record<RuleNeed, string>> = {
  files: 'the compose file, the tenant and the cluster file',
  images: 'the images, read layer by layer',
  scans: "the images' scan results",
  running: 'what runs on the cluster',
}

const anchor = ({ id }: Rule): string => id.replace('/', '')

const row = (rule: Rule): string =>
  `| [\`${rule.id}\`](#${anchor(rule)}) | ${rule.severity} | ${rule.title} |`

const section = ({ id, title, severity, why, fix, needs }: Rule): string =>
  [
    `## \`${id}\``,
    `${title}. Severity: **${severity}**. Looks at: ${needWords[needs]}.`,
    `**Why.** ${why}`,
    `**How to fix it.** ${fix}`,
  ].join('\n\n')

const introduction = `What \`tenantry compliance check\` looks at, ${catalogue.length} rules. Made from the code by \`npm run docs\`; edit the
sentences in \`src/compliance/rules/\`. A finding that is known and borne has a waiver (\`waivers/\`, see
[the waiver file](waiver-file.md)) or stands in a baseline, each with owner, reason and end; \`malware/found\` is borne by nobody. What the platform makes of a rule, another severity or
nothing, stands in [the compliance file](compliance-file.md).

Severities, gravest first: ${severities.join(', ')}. Every severity fails the check unless \`--fail-on\` says otherwise.`

/** The catalogue of the rules as a page of Markdown, by id. Pure. */
export const cataloguePage = (): string =>
  [
    '# Rules of the checks of compose files',
    introduction,
    ['| rule | severity | what it asks for |', '|---|---|---|', ...catalogue.map(row)].join('\n'),
    ...catalogue.map(section),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
