import { expect, test } from 'vitest'
import { driveFor, startEmulator } from './provider-harness.ts'

test.each([400, 403, 409] as const)(
  'a member of a team that follows an LDAP group by now leaves the state, though UCP answers %i',
  async (syncedMemberStatus) => {
    const emulator = await startEmulator({ syncedMemberStatus, ldapImport: 'start' })
    const drive = driveFor(emulator)
    try {
      await drive.create('ucp:index:Organization', { name: 'acme', fullName: 'Acme' })
      const team = await drive.create('ucp:index:Team', { organization: 'acme', name: 'ops' })
      const member = await drive.create('ucp:index:TeamMember', {
        organization: 'acme',
        team: 'ops',
        user: 'ada',
      })
      const ldapSync = {
        groupDn: 'CN=RB-Release,OU=Groups,DC=bank,DC=example',
        groupMemberAttribute: 'member',
      }
      await drive.update(team, { organization: 'acme', name: 'ops', ldapSync })
      await drive.delete(member)
      expect(await drive.read(member)).toBeUndefined()
    } finally {
      await drive.close()
      await emulator.stop()
    }
  },
)
