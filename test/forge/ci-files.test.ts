import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../bin/bundle.mjs'
import { githubFindings } from './github-rules.ts'
import { gitlabFindings } from './gitlab-rules.ts'

const github = readFileSync(join(root, '.github/workflows/tenantry.yml'), 'utf8')
const gitlab = readFileSync(join(root, '.gitlab-ci.yml'), 'utf8')

/** The file with one thing spoiled; throws where that is not in it, so that no case below tests nothing. */
const spoiled = (text: string, before: string | RegExp, after: string): string => {
  const edited = text.replace(before, after)
  if (edited === text) throw new Error(`the file holds no ${before}`)
  return edited
}

const expression = (text: string): string => `\u0024{{ ${text} }}`

describe('the workflow of GitHub Actions', () => {
  test('keeps every rule', () => {
    expect(githubFindings(github)).toEqual([])
  })

  test.each([
    ['on pull_request_target', /^ {2}pull_request:/m, '  pull_request_target:'],
    [
      'a secret for forks',
      'run: npm ci\n      - run: node',
      `run: npm ci\n      - env: { K: '${expression('secrets.K')}' }\n        run: node`,
    ],
    ['a runner of ours for forks', 'runs-on: ubuntu-24.04', 'runs-on: [self-hosted, tenantry-preview]'],
    ['pull-requests: write for forks', 'contents: read\n', 'contents: read\n      pull-requests: write\n'],
    ['an expression in run', 'ci preview\n', `ci preview --base ${expression('github.base_ref')}\n`],
    ['an expression in run', 'run: npm ci', `run: echo "${expression('github.event.pull_request.title')}"`],
    ['the token stays in the checkout', 'persist-credentials: false', 'persist-credentials: true'],
    ['a part of the history only', 'fetch-depth: 0', 'fetch-depth: 1'],
    ['no action of GitHub', 'actions/setup-node@v4', 'somebody/setup-node@main'],
    ['.tenantry is hidden', 'include-hidden-files: true', 'include-hidden-files: false'],
    ['an apply that the next one cuts off', 'cancel-in-progress: false', 'cancel-in-progress: true'],
    ['an apply without the plan', ' --plan .tenantry/approved/plan-prod.json', ''],
    ['prod without its environment', 'environment: production', 'environment: nonprod'],
    ['a pull request can sign plans', 'GITHUB_TOKEN:', 'TENANTRY_PLAN_KEY: x\n          GITHUB_TOKEN:'],
    ['more rights than it needs', /(drift:[\s\S]*)contents: read/, '$1contents: write'],
    ['credentials for more than tenantry', /run: node bin\/tenantry.mjs ci drift/, 'run: make drift'],
    ['not on schedule', /^ {2}schedule:/m, '  release:'],
    ['the report of a failed run is lost', 'if: always()', 'if: success()'],
  ])('would be found with: %s', (finding, before, after) => {
    expect(githubFindings(spoiled(github, before, after)).join('\n')).toContain(finding)
  })
})

describe('the pipeline of GitLab CI', () => {
  test('keeps every rule', () => {
    expect(gitlabFindings(gitlab)).toEqual([])
  })

  test.each([
    ['a part of the history only', 'GIT_DEPTH: "0"', "GIT_DEPTH: '20'"],
    ['a runner of ours for forks', 'timeout: 15 minutes', 'timeout: 15 minutes\n  tags: [tenantry-preview]'],
    [
      'an environment for forks',
      'timeout: 15 minutes',
      'timeout: 15 minutes\n  environment: { name: preview }',
    ],
    ['variables for forks', 'timeout: 15 minutes', "timeout: 15 minutes\n  variables: { KEY: 'x' }"],
    ['an environment for forks', /\$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == \$\w+/, '$CI_COMMIT_BRANCH'],
    ['a shell reads what others wrote', 'ci preview\n', 'ci preview --base $CI_MERGE_REQUEST_TITLE\n'],
    ['an apply that is cut off', 'resource_group: tenantry-apply-prod', 'interruptible: true'],
    ['an apply without the plan', ' --plan .tenantry/approved/plan-prod.json', ''],
    ['prod without an approval', 'when: manual', 'when: on_success'],
    ['prod without an approval', 'name: production', 'name: nonprod'],
    ['runs whenever', /(\ndrift:[\s\S]*) {2}rules:\n.*\n/, '$1'],
    ['no schedule', '- if: $CI_PIPELINE_SOURCE == "schedule"\n  script', '- if: $CI_COMMIT_TAG\n  script'],
  ])('would be found with: %s', (finding, before, after) => {
    expect(gitlabFindings(spoiled(gitlab, before, after)).join('\n')).toContain(finding)
  })
})

test('both call the same commands', () => {
  const commands = (text: string) => [...new Set(text.match(/bin\/tenantry\.mjs ci [^\n]+/g))].sort()
  expect(commands(github)).toEqual(commands(gitlab))
})
