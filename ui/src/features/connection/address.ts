// Which server addresses a session token may be sent to.

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What is wrong with an address; null when it may be used. */
export function addressProblem(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '') return 'Write the address of the server.';
  let url: URL;
  try {
    url = new URL(trimmed);
  } catch {
    return 'This is not an address. It looks like https://gardien.example.com.';
  }
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:' && LOOPBACK.test(url.hostname)) return null;
  return 'Use https: over http anybody on the way could read the session token.';
}
