// What the address of a gateway tells about who can reach it.

/** Whether only programs on this computer can reach an address. */
export function isThisComputer(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** What a message about an address says of who can reach it. */
export const reach = (address: string): string => (isThisComputer(address) ? 'It works on this computer only.' : '');
