// The actions on keys, and what is asked before and shown after them. An action meets the key that it was begun with:
// whatever is under the cursor by the time the answer comes.
import type { FreshKey, KeyId, KeyView } from '../../bindings';
import { asCommandError } from '../../bridge';
import { Briefly } from '../../components/briefly.svelte';
import { inform, sayCopied } from '../../components/toasts.svelte';
import { explain } from '../../errors';
import { dateTime, named, plural } from '../../format';
import { app } from '../../state/app.svelte';
import { whyNot } from '../../state/rights';
import { each, isInForce, told } from './bulk';
import { Cursor } from './cursor.svelte';
import { unfinished } from './draft.svelte';
import { inWords, sayFailed } from './failed';
import { sayGone, undoable } from './gone';
import { isLive, oldSecretWords } from './standing';

/** How a key came to have the secret that is on show. */
export type Origin = 'created' | 'rotated' | 'replaced';

const CLIPBOARD_SECONDS = 30;

export class KeysModel extends Cursor {
  creating = $state(false);
  /** Keys that somebody is asked about before they are revoked together. */
  revoking = $state.raw<KeyView[] | null>(null);
  rotating = $state.raw<KeyView | null>(null);
  editing = $state.raw<KeyView | null>(null);
  fresh = $state.raw<{ key: FreshKey; origin: Origin } | null>(null);
  /** Whose secret was copied just now. */
  readonly copied = new Briefly<KeyId>();
  /** Whether something is asked or shown over the list. */
  asking = $derived(this.creating || [this.revoking, this.rotating, this.editing, this.fresh].some(Boolean));
  /** Whether a row that moved would move under somebody's hand. */
  held = $derived(this.pointed || this.focused || this.menu || this.asking);

  /** Puts a key on show, whatever the filter hides. */
  show(key: KeyView, kept?: boolean): void {
    this.list.bring(key, kept);
    this.open(key.id);
  }

  /** Says why the person may not manage keys, if so. */
  refuse(what?: string): boolean {
    const reason = whyNot('manage_keys', what);
    if (reason) inform({ title: reason, topic: 'why-not' });
    return reason !== null;
  }

  create(): void {
    if (!this.refuse()) this.creating = true;
  }

  /** Opens the sheet with the settings of this key. */
  createLike(key: KeyView): void {
    if (this.refuse()) return;
    unfinished.like(key);
    this.creating = true;
  }

  /** Leaves whatever is asked. */
  leave(): void {
    this.creating = false;
    this.revoking = this.rotating = this.editing = null;
    this.focus();
  }

  /** Answers whether it was copied. */
  async copy(key: KeyView): Promise<boolean> {
    const copied = await this.#try('copy the secret of', key, app.ask('copy_secret', { id: key.id }));
    this.copied.say(copied ? key.id : null);
    if (copied) sayCopied(`Copied the secret of ${named(key)}`, copied.clears_in_seconds);
    return copied !== undefined;
  }

  async revoke(key: KeyView): Promise<void> {
    if (!isLive(key) || this.refuse('revoke API keys')) return;
    const start = Date.now();
    try {
      const revoked = await app.ask('revoke_key', { id: key.id });
      this.list.put(revoked);
      // What the answer says, not the row: it may have been used since the list was loaded.
      sayGone('Revoked', revoked, start, () => void this.restore(key));
    } catch (thrown) {
      const error = asCommandError(thrown);
      if (!isInForce(error)) return sayFailed('revoke', key, error);
      this.#refuseNow(key);
      const title = `Refused ${named(key)}, but not written down yet`;
      inform({ title, detail: inWords(error), tone: 'problem', topic: `revoked-${key.id}` });
    }
  }

  async restore(key: KeyView): Promise<void> {
    this.#return(key.id);
    const restored = await this.#try('restore', key, app.ask('restore_key', { id: key.id }));
    if (!restored) return;
    this.list.put(restored);
    inform({ title: `Restored ${named(key)}`, detail: 'It works again.', topic: `revoked-${key.id}` });
  }

  /** Asks before it revokes all that is chosen; without a choice, revokes the key under the cursor. */
  askRevoke(): void {
    if (this.selection.size > 0) {
      const chosen = this.list.rows.filter(({ id }) => this.selection.ids.has(id));
      if (chosen.length > 0) this.revoking = chosen;
    } else if (this.current) void this.revoke(this.current);
  }

  async revokeAll(keys: KeyView[]): Promise<void> {
    const start = Date.now();
    const { done, unwritten, failed } = await each('revoke_key', keys);
    this.selection.clear();
    for (const key of done) this.list.put(key);
    for (const key of unwritten) this.#refuseNow(key);
    this.leave();
    // The first of them can be restored for 10 seconds from the start.
    const seconds = undoable(start);
    inform({
      ...told({ done, unwritten, failed }),
      topic: 'revoked',
      ...(done.length > 0 && seconds > 0
        ? { seconds, action: { label: 'Undo', run: () => void this.restoreAll(done) } }
        : {}),
    });
  }

  async restoreAll(keys: KeyView[]): Promise<void> {
    this.focus();
    const { done, failed } = await each('restore_key', keys);
    for (const key of done) this.list.put(key);
    const [first] = failed;
    const fault = first ? `Could not restore ${plural(failed.length, 'key')}: ${explain(first).title}` : null;
    inform({
      title: done.length > 0 ? `Restored ${plural(done.length, 'key')}` : (fault ?? ''),
      topic: 'revoked',
      ...(fault ? { detail: done.length > 0 ? `${fault}.` : '', tone: 'problem' } : {}),
    });
  }

  edit(key: KeyView): void {
    if (isLive(key) && !this.refuse('change API keys')) this.editing = key;
  }

  edited(key: KeyView): void {
    this.leave();
    this.list.put(key);
    inform({ title: `Saved ${named(key)}`, topic: `saved-${key.id}` });
  }

  askRotate(key: KeyView): void {
    if (isLive(key) && !this.refuse('rotate API keys')) this.rotating = key;
  }

  /** Throws what kept it from happening: the dialog that asked says so. */
  async rotate(key: KeyView, graceSeconds: number): Promise<void> {
    const fresh = await app.ask('rotate_key', { id: key.id, grace_seconds: graceSeconds });
    this.rotating = null;
    this.#present(fresh, 'rotated');
    const until = fresh.key.previous_valid_until;
    const detail = until ? `The old secret works until ${dateTime(until)}.` : 'The old secret is refused now.';
    inform({ title: `Rotated ${named(fresh.key)}`, detail, topic: `rotated-${key.id}` });
  }

  /** Ends the secrets before rotations, ahead of their time. */
  async endPrevious(key: KeyView): Promise<void> {
    const old = oldSecretWords(key);
    const answer = app.ask('end_previous', { id: key.id });
    const ended = await this.#try(`end ${old} of`, key, answer);
    if (!ended) return;
    this.list.put(ended);
    const detail = `Calls with ${old} are refused now. The new one works on.`;
    inform({ title: `Ended ${old} of ${named(key)}`, detail, topic: `ended-${key.id}` });
  }

  async replace(key: KeyView): Promise<void> {
    if (!isLive(key) || this.refuse('replace API keys')) return;
    const start = Date.now();
    const fresh = await this.#try('replace', key, app.ask('replace_key', { id: key.id }));
    if (fresh) {
      this.#present(fresh, 'replaced');
      if (fresh.copied) sayCopied(`Copied the new secret of ${named(fresh.key)}`, CLIPBOARD_SECONDS);
      const before = this.list.find(key.id) ?? key;
      sayGone('Replaced', before, start, () => void this.undoReplacement(key, fresh.key));
    }
    // It may have been revoked without being replaced.
    await this.list.look([key.id]);
  }

  async undoReplacement(key: KeyView, { id: replacement }: KeyView): Promise<void> {
    this.#return(key.id);
    const answer = app.ask('undo_replacement', { id: key.id, replacement });
    const undone = await this.#try('undo the replacement of', key, answer);
    const shown = this.fresh?.key.key.id === replacement;
    if (!undone) return shown ? this.point(replacement) : undefined;
    this.list.put(undone.key);
    this.list.put(undone.replacement);
    if (shown) void this.forget();
    const detail = 'It works again. Calls with the new one are refused now.';
    inform({ title: `Restored ${named(key)}`, detail, topic: `revoked-${key.id}` });
  }

  created(fresh: FreshKey): void {
    this.creating = false;
    this.#present(fresh, 'created');
  }

  /** Leaves the fresh secret: the backend wipes it unless it was kept. */
  async forget(): Promise<void> {
    this.fresh = null;
    this.focus();
    await app.attempt('forget_fresh', null);
  }

  /** A key that somebody just got a secret for has the cursor, and nothing else looks meant. */
  #present(fresh: FreshKey, origin: Origin): void {
    this.list.bring(fresh.key, fresh.kept);
    this.openId = null;
    this.point(fresh.key.id);
    this.selection.clear(fresh.key.id);
    this.fresh = { key: fresh, origin };
  }

  /** At once, not when the answer comes: by then the cursor may be wanted elsewhere. */
  #return(id: KeyId): void {
    if (this.list.place(id) >= 0) this.point(id);
    this.focus();
  }

  #refuseNow(key: KeyView): void {
    this.list.put({ ...(this.list.find(key.id) ?? key), status: 'revoked' });
  }

  async #try<T>(what: string, key: KeyView, answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (thrown) {
      sayFailed(what, key, asCommandError(thrown));
      return undefined;
    }
  }
}
