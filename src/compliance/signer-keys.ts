/** SHA-256 in hex of the keys of each team's members, by team, as the cluster's UCP knows them: whose signature a role's is. */
export type SignerKeys = ReadonlyMap<string, ReadonlySet<string>>
