// One table: what a code means to a person. Nothing else in the interface looks at codes to choose words.
import type { CommandError, ErrorCode } from './bindings';
import { dateTime } from './format';

/** `blocking` takes the whole window, `connection` a banner, `field` stands beside a control, `error` where it happened. */
export type Severity = 'blocking' | 'connection' | 'field' | 'error';
/** What the one button beside the error does. */
export type NextAction = 'retry' | 'connect' | 'none';

interface Words {
  severity: Severity;
  title: string;
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
    action: 'retry',
    reassurance: `${NOTHING_CHANGED} The gateway stays closed, so no key works until the file can be read.`,
  },
  data_older: {
    severity: 'blocking',
    title: 'This data is older than it should be',
    action: 'retry',
    reassurance: 'Nothing was changed or deleted. The gateway stays closed until you have chosen.',
  },
  data_moved: {
    severity: 'error',
    title: 'The data file was moved or replaced',
    action: 'none',
  },
  data_newer: {
    severity: 'blocking',
    title: 'A newer Gardien wrote this data',
    action: 'retry',
    reassurance: NOTHING_CHANGED,
  },
  folder_unusable: {
    severity: 'blocking',
    title: 'Gardien cannot use its folder',
    action: 'retry',
    reassurance: 'Nothing was changed or deleted. The gateway stays closed until the folder can be used.',
  },
  data_in_use: {
    severity: 'blocking',
    title: 'Another Gardien is using this data',
    action: 'retry',
    reassurance: 'Nothing was lost. The other one keeps working and keeps its gateway open.',
  },
  connection_unreachable: {
    severity: 'blocking',
    title: 'The team server does not answer',
    action: 'retry',
    reassurance: 'Nothing was lost. Keys keep working at the server’s gateway as long as it runs.',
  },
  session_refused: {
    severity: 'blocking',
    title: 'The server does not accept this session',
    action: 'connect',
    reassurance: 'Nothing was lost. Everything is on the server, and its keys keep working.',
  },
  internal: {
    severity: 'blocking',
    title: 'Something went wrong inside Gardien',
    action: 'retry',
    reassurance: 'Nothing you saved was lost: every change is either complete or not made at all.',
  },
  unreachable: { severity: 'connection', title: 'The team server does not answer', action: 'retry' },
  invalid: { severity: 'field', title: 'Some fields need another look', action: 'none' },
  forbidden: { severity: 'error', title: 'Your role does not allow this', action: 'none' },
  not_found: {
    severity: 'error',
    title: 'It no longer exists',
    action: 'retry',
  },
  conflict: {
    severity: 'error',
    title: 'This cannot be done now',
    action: 'retry',
  },
  too_many_secrets: {
    severity: 'error',
    title: 'Two old secrets still work',
    action: 'none',
  },
  restore_too_late: {
    severity: 'error',
    title: 'Too late to undo',
    action: 'none',
  },
  secret_not_kept: {
    severity: 'error',
    title: 'This computer does not hold the secret',
    action: 'none',
  },
  keychain_locked: {
    severity: 'error',
    title: 'The keychain is locked',
    action: 'retry',
    reassurance: KEPT,
  },
  keychain_unavailable: {
    severity: 'error',
    title: 'No keychain answers on this computer',
    action: 'retry',
    reassurance: KEPT,
  },
  clipboard_unavailable: {
    severity: 'error',
    title: 'The clipboard could not be used',
    action: 'none',
  },
  port_busy: {
    severity: 'error',
    title: 'Another program uses this port',
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
    action: 'retry',
  },
  revoked_in_memory: {
    severity: 'error',
    title: 'Refused from now on, but not written down yet',
    action: 'none',
  },
  upstream_missing: {
    severity: 'error',
    title: 'Nothing stands behind the gateway',
    action: 'retry',
  },
  upstream_unreachable: {
    severity: 'error',
    title: 'Phare does not answer',
    action: 'retry',
  },
  upstream_refused: { severity: 'error', title: 'Phare refused this', action: 'none' },
  other_upstream: {
    severity: 'error',
    title: 'Something else stands behind the gateway',
    action: 'none',
  },
  no_next_key: {
    severity: 'error',
    title: 'There is no next key',
    action: 'none',
  },
  next_key_refused: {
    severity: 'error',
    title: 'Phare refuses the next key',
    action: 'none',
  },
  next_key_missing: {
    severity: 'error',
    title: 'This computer no longer holds the next key',
    action: 'none',
  },
  browser_unavailable: {
    severity: 'error',
    title: 'No browser could be opened',
    action: 'none',
  },
} as const satisfies Record<ErrorCode, Words>;

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

/** A time as programs write it. */
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+Z/g;

/** Words for any error, known or not. An unknown code speaks with the backend's own words. */
export function explain(error: CommandError): Explained {
  const words: Words = known(error.code)
    ? ERRORS[error.code]
    : { severity: 'error', title: error.message, action: 'retry' };
  return {
    code: error.code,
    severity: words.severity,
    title: words.title,
    what: bare(error.message) === bare(words.title) ? '' : error.message.replace(TIME, dateTime),
    next: error.remedy,
    action: words.action,
    reassurance: words.reassurance ?? null,
  };
}
