// Whether a text may hold a secret, by its form alone. What it is, the backend says.

/** More letters after the prefix than a display form has, or anybody types to find one. */
const SECRET = /(?<![A-Za-z0-9])(?:pha|gdn)_(?:[a-z]+_)*[A-Za-z0-9]{10,}/;
/** A secret of Gardien's to its last letter, or a session token. */
const WHOLE = /(?<![A-Za-z0-9])(?:pha_(?:org|prj)_gdn_[A-Za-z0-9]{38}|gdn_session_[A-Za-z0-9]{43})(?![A-Za-z0-9])/;

/** What programs put between letters to break a long word. */
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;

/** Whether it must not be shown, searched for or kept. */
export const holdsSecret = (text: string): boolean => SECRET.test(text.replace(IGNORED, ''));
/** Whether nothing more is to come of what is being typed. */
export const holdsWholeSecret = (text: string): boolean => WHOLE.test(text.replace(IGNORED, ''));
/** Whether a text that is put in is one to be looked through, rather than searched for. */
export const isToLookThrough = (text: string): boolean => holdsSecret(text) || text.trim().includes('\n');
