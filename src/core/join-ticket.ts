/**
 * The `guestinfo.` key that a VM finds its join ticket under: a token of Vault that opens the swarm's join token once. Whoever
 * makes VMs writes it, whatever joins them reads it.
 */
export const joinTicketKey = 'guestinfo.tenantry.ticket'
