import { describe, expect, test } from 'vitest'
import { findPlace } from '../../src/forge/find-place.ts'

const commit = (letter: string) => letter.repeat(40)
const github = {
  GITHUB_ACTIONS: 'true',
  GITHUB_API_URL: 'https://api.github.com',
  GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'bank/tenants',
  GITHUB_RUN_ID: '99',
  GITHUB_STEP_SUMMARY: '/runner/summary.md',
  GITHUB_OUTPUT: '/runner/output',
}
const request = (head: unknown = { sha: commit('a'), repo: { id: 1 } }, login = 'ada') => ({
  pull_request: { number: 7, head, base: { sha: commit('b'), repo: { id: 1 } }, user: { login } },
})
const onRequest = { ...github, GITHUB_EVENT_NAME: 'pull_request', GITHUB_BASE_REF: 'main' }
const gitlab = {
  GITLAB_CI: 'true',
  CI_API_V4_URL: 'https://gitlab.bank.example/api/v4',
  CI_PROJECT_ID: '42',
  CI_COMMIT_SHA: commit('a'),
  CI_JOB_URL: 'https://gitlab.bank.example/bank/tenants/-/jobs/5',
}
const mergeRequest = {
  ...gitlab,
  CI_PIPELINE_SOURCE: 'merge_request_event',
  CI_MERGE_REQUEST_IID: '7',
  CI_MERGE_REQUEST_PROJECT_ID: '42',
  CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '42',
  CI_MERGE_REQUEST_PROJECT_URL: 'https://gitlab.bank.example/bank/tenants',
  CI_MERGE_REQUEST_DIFF_BASE_SHA: commit('b'),
  CI_COMMIT_BEFORE_SHA: '0'.repeat(40),
}

test('plain git names no base', () => {
  expect(findPlace({}, undefined)).toEqual({ ok: true, value: { forge: 'git', event: 'manual' } })
})

describe('GitHub', () => {
  test('a pull request is compared with the branch it goes into', () => {
    expect(findPlace(onRequest, request())).toEqual({
      ok: true,
      value: {
        forge: 'github',
        event: 'pull-request',
        base: 'origin/main',
        pullRequest: {
          address: {
            forge: 'github',
            endpoint: 'https://api.github.com',
            graphqlEndpoint: 'https://api.github.com/graphql',
            repository: 'bank/tenants',
            number: 7,
          },
          head: commit('a'),
        },
        runUrl: 'https://github.com/bank/tenants/actions/runs/99',
        summaryFile: '/runner/summary.md',
        outputFile: '/runner/output',
      },
    })
  })

  test.each([
    ['another repository', { sha: commit('a'), repo: { id: 2 } }],
    ['a repository that is deleted', { sha: commit('a'), repo: null }],
    ['no repository', { sha: commit('a') }],
  ])('a pull request from %s is not trusted', (_, head) => {
    expect(findPlace(onRequest, request(head))).toMatchObject({
      value: { pullRequest: { untrusted: 'it comes from a fork' } },
    })
  })

  test('nor is one of Dependabot, whose jobs get no secrets', () => {
    expect(findPlace(onRequest, request(undefined, 'dependabot[bot]'))).toMatchObject({
      value: { pullRequest: { untrusted: 'Dependabot made it' } },
    })
  })

  test('pull_request_target is refused', () => {
    const target = { ...onRequest, GITHUB_EVENT_NAME: 'pull_request_target' }
    expect(findPlace(target, request())).toMatchObject({
      ok: false,
      issues: [{ code: 'ci/pull-request-target' }],
    })
  })

  test('a push is compared with what was there before, a new branch with nothing', () => {
    const push = { ...github, GITHUB_EVENT_NAME: 'push' }
    expect(findPlace(push, { before: commit('b') })).toMatchObject({
      value: { event: 'push', base: commit('b') },
    })
    for (const before of ['0'.repeat(40), '--upload-pack=x', undefined])
      expect(findPlace(push, { before })).not.toHaveProperty('value.base')
  })

  test('a merge queue is compared with what it merges into', () => {
    const queue = { ...github, GITHUB_EVENT_NAME: 'merge_group' }
    expect(findPlace(queue, { merge_group: { base_sha: commit('b') } })).toMatchObject({
      value: { event: 'merge-queue', base: commit('b') },
    })
  })

  test.each([
    ['no event', onRequest, undefined],
    ['an event that is no object', onRequest, 'x'],
    ['no number', onRequest, { pull_request: {} }],
    ['no address of the API', { ...onRequest, GITHUB_API_URL: undefined }, request()],
  ])('a job with %s is told so', (_, environment, event) => {
    expect(findPlace(environment, event)).toMatchObject({
      ok: false,
      issues: [{ code: 'ci/incomplete-environment' }],
    })
  })
})

describe('GitLab', () => {
  test('a merge request is compared with what both sides have in common', () => {
    expect(findPlace(mergeRequest, undefined)).toEqual({
      ok: true,
      value: {
        forge: 'gitlab',
        event: 'pull-request',
        base: commit('b'),
        pullRequest: {
          address: {
            forge: 'gitlab',
            endpoint: 'https://gitlab.bank.example/api/v4',
            project: '42',
            number: 7,
            webUrl: 'https://gitlab.bank.example/bank/tenants/-/merge_requests/7',
          },
          head: commit('a'),
        },
        runUrl: 'https://gitlab.bank.example/bank/tenants/-/jobs/5',
      },
    })
  })

  test('a merged result is compared with the branch it goes into', () => {
    const merged = {
      ...mergeRequest,
      CI_MERGE_REQUEST_TARGET_BRANCH_SHA: commit('c'),
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: commit('d'),
    }
    expect(findPlace(merged, undefined)).toMatchObject({
      value: { base: commit('c'), pullRequest: { head: commit('d') } },
    })
  })

  test.each([
    ['in the project it goes into', { CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '77' }],
    ['in the fork itself', { CI_PROJECT_ID: '77', CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '77' }],
    ['with no word of its source', { CI_MERGE_REQUEST_SOURCE_PROJECT_ID: undefined }],
  ])('a fork’s pipeline is not trusted %s', (_, more) => {
    expect(findPlace({ ...mergeRequest, ...more }, undefined)).toMatchObject({
      value: { pullRequest: { untrusted: 'it comes from a fork' } },
    })
  })

  test('a push is compared with what was there before, a schedule with nothing', () => {
    const push = { ...gitlab, CI_PIPELINE_SOURCE: 'push', CI_COMMIT_BEFORE_SHA: commit('b') }
    expect(findPlace(push, undefined)).toMatchObject({ value: { event: 'push', base: commit('b') } })
    const schedule = { ...gitlab, CI_PIPELINE_SOURCE: 'schedule', CI_COMMIT_BEFORE_SHA: '0'.repeat(40) }
    expect(findPlace(schedule, undefined)).toEqual({
      ok: true,
      value: { forge: 'gitlab', event: 'schedule', runUrl: gitlab.CI_JOB_URL },
    })
  })

  test('a merge request without its number is told so', () => {
    for (const iid of [undefined, '', '0', 'x; rm -rf /'])
      expect(findPlace({ ...mergeRequest, CI_MERGE_REQUEST_IID: iid }, undefined)).toMatchObject({
        ok: false,
        issues: [{ code: 'ci/incomplete-environment' }],
      })
  })
})
