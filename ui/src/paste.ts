// Credentials and addresses as people paste them, with quotes, spaces and marks that nobody sees around them.

const AROUND = '[\\s\\p{Cc}\\p{Default_Ignorable_Code_Point}\\p{Quotation_Mark}`]+';
const ENDS = new RegExp(`^${AROUND}|${AROUND}$`, 'gu');

/** What was meant, without what stands around it. What stands inside, the backend names. */
export const bare = (text: string): string => text.replace(ENDS, '');
