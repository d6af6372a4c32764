// What the Keys page is doing: the row under the cursor, the open drawer, the sheet, and the actions on a key.
import type { FreshKey, KeyId, KeyView } from '../../bindings';
import { inform, sayCopied } from '../../components/toasts.svelte';
import { explain } from '../../errors';
import { ago, isWithinDays, plural } from '../../format';
import { app } from '../../state/app.svelte';
import { whyNot } from '../../state/rights';
import { each } from './bulk';
import { unfinished } from './draft.svelte';
import { KeyList } from './list.svelte';
import { Selection } from './selection.svelte';

/** How a key came to have the secret that is on show. */
export type Origin = 'created' | 'rotated' | 'replaced';

/** Whether a key still opens anything. */
export const isLive = (key: KeyView): boolean => key.status === 'active' || key.status === 'rotating';

export class KeysModel {
  list = new KeyList();
  selection = new Selection();
  /** Row under the cursor; -1 before anything was chosen. */
  at = $state(-1);
  /** Moves by keyboard so far: each takes the focus along. */
  steps = $state(0);
  openId = $state<KeyId | null>(null);
  creating = $state(false);
  /** Keys that somebody is asked about before they are revoked together. */
  revoking = $state.raw<KeyView[] | null>(null);
  rotating = $state.raw<KeyView | null>(null);
  editing = $state.raw<KeyView | null>(null);
  fresh = $state.raw<{ key: FreshKey; origin: Origin } | null>(null);
  current = $derived(this.list.rows[this.at] ?? null);

  /** Moves the cursor; an open drawer follows. */
  move(step: number): void {
    const last = this.list.rows.length - 1;
    if (last < 0) return;
    this.at = Math.min(Math.max(this.at + step, 0), last);
    this.steps += 1;
    this.selection.clear(this.at);
    if (this.openId) this.openId = this.current?.id ?? null;
  }

  /** Moves the cursor and chooses all rows that it passed. */
  stretch(step: number): void {
    if (this.at < 0) return this.move(step);
    if (this.selection.size === 0) this.selection.clear(this.at);
    this.at = Math.min(Math.max(this.at + step, 0), this.list.rows.length - 1);
    this.steps += 1;
    this.choose(() => this.selection.extend(this.list.rows, this.at));
  }

  /** Changes the selection, which only somebody has who may do something with it. */
  choose(change: () => void): void {
    if (whyNot('manage_keys')) return;
    this.openId = null;
    change();
  }

  /** Loads again; the cursor stays on its key, wherever that stands now. */
  async reload(): Promise<void> {
    const id = this.current?.id;
    await this.list.reload();
    this.at = id ? this.list.rows.findIndex((row) => row.id === id) : -1;
    this.selection.keep(this.list.rows);
  }

  open(id: KeyId): void {
    this.openId = id;
    const index = this.list.rows.findIndex((row) => row.id === id);
    if (index >= 0) this.at = index;
    this.selection.clear(Math.max(index, 0));
  }

  /** Opens any key, one that the filter hides too. */
  show(key: KeyView): void {
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

  async copy(key: KeyView): Promise<void> {
    const copied = await app.attempt('copy_secret', { id: key.id });
    if (copied) sayCopied(`Copied the secret of “${key.name}”`, copied.clears_in_seconds);
  }

  async revoke(key: KeyView): Promise<void> {
    if (!isLive(key) || this.refuse('revoke API keys')) return;
    const revoked = await app.attempt('revoke_key', { id: key.id });
    if (!revoked) return;
    this.list.put(revoked);
    // What the answer says, not the row: it may have been used since the list was loaded.
    const { last_used_at: at, last_operation: operation } = revoked;
    const used =
      at !== null && isWithinDays(at, 1) ? `Last used ${ago(at)}${operation ? ` by ${operation}` : ''}. ` : '';
    inform({
      title: `Revoked “${key.name}”`,
      detail: `${used}Calls with it are refused now.`,
      topic: `revoked-${key.id}`,
      seconds: 10,
      action: { label: 'Undo', run: () => void this.restore(key) },
    });
  }

  async restore(key: KeyView): Promise<void> {
    const restored = await app.attempt('restore_key', { id: key.id });
    if (!restored) return;
    this.list.put(restored);
    inform({ title: `“${key.name}” works again`, topic: `revoked-${key.id}` });
  }

  /** Asks before it revokes all that is chosen; without a choice, revokes the key under the cursor. */
  askRevoke(): void {
    const chosen = this.list.rows.filter(({ id }) => this.selection.ids.has(id));
    if (chosen.length > 0) this.revoking = chosen;
    else if (this.current) void this.revoke(this.current);
  }

  async revokeAll(keys: KeyView[]): Promise<void> {
    const start = Date.now();
    const { done, failed } = await each('revoke_key', keys);
    this.revoking = null;
    this.selection.clear();
    for (const key of done) this.list.put(key);
    // The first of them can be restored for 10 seconds from the start.
    const left = 10 - Math.ceil((Date.now() - start) / 1000);
    const fault = failed[0] && `${plural(failed.length, 'key')} could not be revoked: ${explain(failed[0]).title}.`;
    inform({
      title: `Revoked ${plural(done.length, 'key')}`,
      detail: fault ?? 'Calls with them are refused now.',
      tone: fault ? 'problem' : 'plain',
      topic: 'revoked',
      ...(done.length > 0 && left > 0
        ? { seconds: left, action: { label: 'Undo', run: () => void this.restoreAll(done) } }
        : {}),
    });
  }

  async restoreAll(keys: KeyView[]): Promise<void> {
    const { done, failed } = await each('restore_key', keys);
    for (const key of done) this.list.put(key);
    const fault = failed[0] && `${plural(failed.length, 'key')} stay revoked: ${explain(failed[0]).title}.`;
    inform({
      title: `${plural(done.length, 'key')} ${done.length === 1 ? 'works' : 'work'} again`,
      topic: 'revoked',
      ...(fault ? { detail: fault, tone: 'problem' } : {}),
    });
  }

  edit(key: KeyView): void {
    if (isLive(key) && !this.refuse('change API keys')) this.editing = key;
  }

  edited(key: KeyView): void {
    this.editing = null;
    this.list.put(key);
    inform({ title: `Saved “${key.name}”`, topic: `saved-${key.id}` });
  }

  askRotate(key: KeyView): void {
    if (isLive(key) && !this.refuse('rotate API keys')) this.rotating = key;
  }

  async rotate(key: KeyView, graceSeconds: number): Promise<void> {
    const fresh = await app.attempt('rotate_key', { id: key.id, grace_seconds: graceSeconds });
    if (!fresh) return;
    this.rotating = null;
    this.list.put(fresh.key, fresh.kept);
    this.fresh = { key: fresh, origin: 'rotated' };
  }

  async replace(key: KeyView): Promise<void> {
    if (!isLive(key) || this.refuse('replace API keys')) return;
    const fresh = await app.attempt('replace_key', { id: key.id });
    // It may have been revoked without being replaced.
    if (!fresh) return this.reload();
    this.openId = null;
    this.fresh = { key: fresh, origin: 'replaced' };
    if (fresh.copied) sayCopied(`Copied the new secret of “${fresh.key.name}”`, 30);
    await this.reload();
  }

  async created(fresh: FreshKey): Promise<void> {
    this.creating = false;
    this.fresh = { key: fresh, origin: 'created' };
    await this.reload();
  }

  /** Leaves the fresh secret: the backend wipes it unless it was kept. */
  async forget(): Promise<void> {
    this.fresh = null;
    await app.attempt('forget_fresh', null);
  }
}
