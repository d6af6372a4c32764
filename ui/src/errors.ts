// One table: what a code means to a person. Nothing else in the interface looks at codes to choose words.
import type { CommandError } from './bindings';

/** `blocking` takes the whole window, `connection` a banner, `field` stands beside a control, `error` where it happened. */
export type Severity = 'blocking' | 'connection' | 'field' | 'error';
/** What the one button beside the error does. */
export type NextAction = 'retry' | 'connect' | 'none';

interface Words {
  severity: Severity;
  title: string;
  /** What to do. Absent: the backend's own remedy is better. */
  next?: string;
  action: NextAction;
  /** For screens that take the whole window: that nothing was lost, and why. */
  reassurance?: string;
}

const NOTHING_CHANGED = 'Nothing was changed or deleted. Your data file is exactly as it was.';

const KEPT = 'Nothing was lost. What the keychain holds is there again once it answers.';

export const ERRORS = {
  data_damaged: {
    severity: 'blocking',
    title: 'The data file is damaged',
    next: 'Put a backup of the file in its place, then try again. Keep the damaged file: much of it can usually be recovered.',
    action: 'retry',
    reassurance: `${NOTHING_CHANGED} The gateway stays closed, so no key works until the file can be read.`,
  },
  data_older: {
    severity: 'blocking',
    title: 'This data is older than it should be',
    next: 'If you put a backup in place, look for a newer one first, put it there, and try again. If there is none, go on with this one: keys that were revoked since are revoked again as far as this computer remembers them; whatever else was changed since is gone.',
    action: 'retry',
    reassurance: 'Nothing was changed or deleted. The gateway stays closed until you have chosen.',
  },
  data_moved: {
    severity: 'error',
    title: 'The data file was moved or replaced',
    next: 'Put the file back where it was, then restart Gardien. Revoking still works.',
    action: 'none',
  },
  data_newer: {
    severity: 'blocking',
    title: 'A newer Gardien wrote this data',
    next: 'Install the newer version of Gardien on this computer, then open it again.',
    action: 'retry',
    reassurance: NOTHING_CHANGED,
  },
  folder_unusable: {
    severity: 'blocking',
    title: 'Gardien cannot use its folder',
    next: 'Give yourself the right to write there, or make room on the disk, then try again.',
    action: 'retry',
    reassurance: 'Nothing was changed or deleted. The gateway stays closed until the folder can be used.',
  },
  data_in_use: {
    severity: 'blocking',
    title: 'Another Gardien is using this data',
    next: 'Close the other Gardien, or the gardien-server that uses the same folder, then try again.',
    action: 'retry',
    reassurance: 'Nothing was lost. The other one keeps working and keeps its gateway open.',
  },
  connection_unreachable: {
    severity: 'blocking',
    title: 'The team server does not answer',
    next: 'Check your network and that the server is running, then try again.',
    action: 'retry',
    reassurance: 'Nothing was lost. Keys keep working at the server’s gateway as long as it runs.',
  },
  session_refused: {
    severity: 'blocking',
    title: 'The server does not accept this session',
    next: 'Ask an Owner or Admin for a new session token, then connect again.',
    action: 'connect',
    reassurance: 'Nothing was lost. Everything is on the server, and its keys keep working.',
  },
  internal: {
    severity: 'blocking',
    title: 'Something went wrong inside Gardien',
    next: 'Try again. If it happens again, restart Gardien.',
    action: 'retry',
    reassurance: 'Nothing you saved was lost: every change is either complete or not made at all.',
  },
  unreachable: { severity: 'connection', title: 'The team server does not answer', action: 'retry' },
  invalid: { severity: 'field', title: 'Some fields need another look', action: 'none' },
  forbidden: { severity: 'error', title: 'Your role does not allow this', action: 'none' },
  not_found: {
    severity: 'error',
    title: 'It no longer exists',
    next: 'Somebody else may have removed it. Reload the list.',
    action: 'retry',
  },
  conflict: {
    severity: 'error',
    title: 'This cannot be done now',
    next: 'Look at how things stand, then decide again.',
    action: 'retry',
  },
  restore_too_late: {
    severity: 'error',
    title: 'Too late to undo',
    next: 'A revocation can be undone for 10 seconds. Create a new key with the same settings instead.',
    action: 'none',
  },
  secret_not_kept: {
    severity: 'error',
    title: 'This computer does not hold the secret',
    next: 'Rotate the key to get a new secret.',
    action: 'none',
  },
  keychain_locked: {
    severity: 'error',
    title: 'The keychain is locked',
    next: 'Unlock it, then try again.',
    action: 'retry',
    reassurance: KEPT,
  },
  keychain_unavailable: {
    severity: 'error',
    title: 'No keychain answers on this computer',
    next: 'Secrets are kept for this run only. Start a keychain service, then try again.',
    action: 'retry',
    reassurance: KEPT,
  },
  clipboard_unavailable: {
    severity: 'error',
    title: 'The clipboard could not be used',
    next: 'Reveal the secret and copy it by hand.',
    action: 'none',
  },
  port_busy: {
    severity: 'error',
    title: 'Another program uses this port',
    next: 'Choose another port, or close the other program.',
    action: 'retry',
  },
  file_put_aside: {
    severity: 'error',
    title: 'A settings file was put aside',
    action: 'none',
  },
  disk_full: {
    severity: 'error',
    title: 'The disk is full',
    next: 'Free some space, then try again. Revoking still works.',
    action: 'retry',
  },
  revoked_in_memory: {
    severity: 'error',
    title: 'Refused from now on, but not written down yet',
    next: 'It stays so over a restart. Free some space on the disk, so that it can be written into the database too.',
    action: 'none',
  },
  upstream_missing: {
    severity: 'error',
    title: 'Nothing stands behind the gateway',
    next: 'Attach a Phare key in the settings. If one is attached, unlock the keychain that holds it.',
    action: 'retry',
  },
  upstream_unreachable: {
    severity: 'error',
    title: 'Phare does not answer',
    next: 'Check your network, then try again. Nothing was changed.',
    action: 'retry',
  },
  upstream_refused: { severity: 'error', title: 'Phare refused this', action: 'none' },
  other_upstream: {
    severity: 'error',
    title: 'Something else stands behind the gateway',
    next: 'Look at Phare in the settings: what is there must be left first.',
    action: 'none',
  },
  no_next_key: {
    severity: 'error',
    title: 'There is no next key',
    next: 'Add the next key first.',
    action: 'none',
  },
  next_key_refused: {
    severity: 'error',
    title: 'Phare refuses the next key',
    next: 'Check it again, or remove it and add another one.',
    action: 'none',
  },
  next_key_missing: {
    severity: 'error',
    title: 'This computer no longer holds the next key',
    next: 'Remove it and add it again. The key in use goes on working.',
    action: 'none',
  },
  browser_unavailable: {
    severity: 'error',
    title: 'No browser could be opened',
    next: 'Open the address in a browser by hand.',
    action: 'none',
  },
} as const satisfies Record<string, Words>;

/** Every code that has words of its own. */
export type ErrorCode = keyof typeof ERRORS;

/** What to show for an error. */
export interface Explained {
  code: string;
  severity: Severity;
  title: string;
  /** What happened, as the backend put it. */
  what: string;
  /** What to do about it. */
  next: string;
  action: NextAction;
  reassurance: string | null;
}

function known(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** Whether an error names the fields that are wrong: then it stands beside them, not in a box of its own. */
export const isBesideFields = (error: CommandError): boolean => Object.keys(error.fields ?? {}).length > 0;

const bare = (sentence: string) => sentence.replace(/\.$/, '');

/** Words for any error, known or not. An unknown code speaks with the backend's own words. */
export function explain(error: CommandError): Explained {
  const words: Words = known(error.code)
    ? ERRORS[error.code]
    : { severity: 'error', title: error.message, action: 'retry' };
  return {
    code: error.code,
    severity: words.severity,
    title: words.title,
    what: bare(error.message) === bare(words.title) ? '' : error.message,
    next: words.next ?? error.remedy,
    action: words.action,
    reassurance: words.reassurance ?? null,
  };
}
