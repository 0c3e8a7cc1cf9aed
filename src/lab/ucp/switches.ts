/**
 * What the reference marks as inferred or leaves open (§13), each a choice of the emulator that a test can turn.
 * The defaults are the reference's own suggestion where it has one, else what a careful client must survive anyway.
 */
export interface EmulatorSwitches {
  /** §1.1: HTTP Basic on UCP besides bearer tokens and certificates. */
  readonly basicAuthentication: boolean
  /** §2.2: `GET /accounts` for everybody (3.0) instead of admins only (3.1.6). */
  readonly accountsVisibleToUsers: boolean
  /** §2.3, §2.4: `limit=0` means no limit; else the default page. */
  readonly limitZeroMeansAll: boolean
  /** §13.3: the status of a name that is taken: account, team, collection, role. */
  readonly duplicateStatus: 400 | 409
  /** §2.5: the status of adding or removing an imported user by hand where members are synced. */
  readonly syncedMemberStatus: 400 | 403 | 409
  /** §2.5: when LDAP users get their accounts. */
  readonly ldapImport: 'start' | 'first-login'
  /** §3.2: the status of deleting a built-in collection or role. */
  readonly builtInStatus: 400 | 403
  /** §3.5: the status of deleting a collection that holds nodes, resources or children. */
  readonly nonEmptyCollectionStatus: 400 | 403 | 409
  /** §3.5: whether resources, besides nodes, block the delete of their collection. */
  readonly resourcesBlockCollectionDelete: boolean
  /** §3.5: grants on a deleted collection go with it; else they block the delete. */
  readonly grantsCascade: boolean
  /** §13.5: what `start` of `GET /collections` and its children means. */
  readonly collectionStart: 'id' | 'offset'
  /** §13.5: the status of a collection that the caller cannot see. */
  readonly hiddenCollectionStatus: 403 | 404
  /** §4.2: whether rights on nodes alone show the collections below; the scheduler role gives no view of workloads. */
  readonly nodeRightsShowCollectionsBelow: boolean
  /** §3.4: `/defaultCollection/{user}` takes names besides ids. */
  readonly defaultCollectionAcceptsNames: boolean
  /** §3.4: `/totalRole` answers an array of one role, as the swagger types it. */
  readonly totalRoleAsArray: boolean
  /** §4.1: `POST /roles` answers an array of one, as the swagger types it. */
  readonly roleCreatedAsArray: boolean
  /** §4.1: the status of deleting a role that a grant uses. */
  readonly roleInUseStatus: 400 | 403 | 409
  /** §13.7: operations that are in no catalogue. */
  readonly unknownOperations: 'refuse' | 'keep' | 'drop'
  /** §5.1: an empty list of grants is `null`. */
  readonly emptyGrantsAreNull: boolean
  /** §5.2: a grant of ids that do not exist. */
  readonly grantOfUnknownIds: 'refuse' | 'accept'
  /** §5.2: deleting a grant that is not there. */
  readonly missingGrantDeleteStatus: 204 | 404
  /** §5.3: where the everyone-org has `scheduler` on a fresh cluster. */
  readonly defaultSchedulerGrant: '/Shared' | '/' | 'none'
  /** §6.3: nodes may be outside `/Shared` and `/System`. */
  readonly advancedLicense: boolean
  /** §9.1: settings in the configuration file that UCP does not know. */
  readonly unknownSettings: 'drop' | 'keep' | 'refuse'
  /** The version in `/version`. */
  readonly ucpVersion: string
}

export const defaultSwitches: EmulatorSwitches = {
  basicAuthentication: true,
  accountsVisibleToUsers: false,
  limitZeroMeansAll: true,
  duplicateStatus: 409,
  syncedMemberStatus: 403,
  ldapImport: 'start',
  builtInStatus: 403,
  nonEmptyCollectionStatus: 409,
  resourcesBlockCollectionDelete: true,
  grantsCascade: true,
  collectionStart: 'id',
  hiddenCollectionStatus: 404,
  nodeRightsShowCollectionsBelow: false,
  defaultCollectionAcceptsNames: false,
  totalRoleAsArray: false,
  roleCreatedAsArray: false,
  roleInUseStatus: 409,
  unknownOperations: 'refuse',
  emptyGrantsAreNull: true,
  grantOfUnknownIds: 'refuse',
  missingGrantDeleteStatus: 404,
  defaultSchedulerGrant: '/Shared',
  advancedLicense: true,
  unknownSettings: 'drop',
  ucpVersion: '3.2.8',
}
