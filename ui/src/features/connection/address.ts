// Which server addresses a session token may be sent to.
import { isThisComputer } from '../../address';
import { bare } from '../../paste';

/** An address as it will be used: without a scheme it is https, and http only on this computer. */
export function serverAddress(text: string): string {
  const meant = bare(text);
  if (meant === '' || /^[a-z][a-z\d+.-]*:\/\//i.test(meant)) return meant;
  return isThisComputer(`http://${meant}`) ? `http://${meant}` : `https://${meant}`;
}

/** What is wrong with an address; null when it may be used. */
export function addressProblem(text: string): string | null {
  const address = serverAddress(text);
  if (address === '') return 'Write the address of the server.';
  if (!URL.canParse(address) || /\s/.test(address)) return 'This is no address, such as gardien.example.com.';
  if (address.startsWith('https:') || (address.startsWith('http:') && isThisComputer(address))) return null;
  return 'Use https: over http anybody on the way could read the token.';
}

/** What is wrong with a session token before it is sent; null when it may be one. */
export function tokenProblem(text: string): string | null {
  const token = bare(text);
  if (token === '') return 'Paste the session token.';
  return token.startsWith('pha_') ? 'This is an API key. A session token starts with gdn_session_.' : null;
}
