import * as z from 'zod'

/*
 * What the forges promise of the answers that we read, written down from their public descriptions: the required fields of
 * GitHub's `issue-comment`, `simple-user`, `pull-request` (OpenAPI description of REST 2022-11-28), and of GitLab's `Note`,
 * `UserBasic`, `MergeRequest` (entities of REST v4). The stand-ins are held to it, and so is what the clients may rely on.
 */

const gitHubUser = z.looseObject({
  login: z.string(),
  id: z.int(),
  node_id: z.string(),
  type: z.string(),
  site_admin: z.boolean(),
})

export const GitHubComment = z.looseObject({
  id: z.int(),
  node_id: z.string(),
  url: z.url(),
  html_url: z.url(),
  issue_url: z.url(),
  user: gitHubUser.nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  body: z.string().optional(),
})

export const GitHubPullRequest = z.looseObject({
  number: z.int(),
  head: z.looseObject({ sha: z.string().regex(/^[0-9a-f]{40}$/), ref: z.string() }),
})

export const GitHubError = z.looseObject({ message: z.string(), documentation_url: z.string() })

export const GitLabNote = z.looseObject({
  id: z.int(),
  type: z.string().nullable(),
  body: z.string(),
  author: z.looseObject({ id: z.int(), username: z.string(), name: z.string(), state: z.string() }),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  system: z.boolean(),
  noteable_id: z.int(),
  noteable_type: z.literal('MergeRequest'),
  noteable_iid: z.int(),
  resolvable: z.boolean(),
})

export const GitLabMergeRequest = z.looseObject({
  id: z.int(),
  iid: z.int(),
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  state: z.enum(['opened', 'closed', 'locked', 'merged']),
})

export const GitLabError = z.looseObject({ message: z.unknown() })
