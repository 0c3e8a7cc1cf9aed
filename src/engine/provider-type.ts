/** Whether a resource of that type is a provider: a process of the engine, which makes nothing in the world by itself. Pure. */
export const isProviderType = (type: string): boolean => type.startsWith('pulumi:providers:')
