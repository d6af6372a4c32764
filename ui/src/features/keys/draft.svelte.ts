// A key that somebody is about to make or change, and what is still wrong with it.
import type {
  CommandError,
  KeyPatch,
  KeyView,
  NewKey,
  ProductScope,
  ProjectId,
  Scope,
  ScopeKind,
} from '../../bindings';
import { dayOf, endOfDay, inDays } from '../../format';

export type Expiry = '30' | '90' | '365' | 'date' | 'never';
type FieldName = 'name' | 'note' | 'project' | 'products' | 'expires_at';

export const NO_ACCESS = 'Choose access to Platform or Uptime: a key with no access at all could do nothing.';

export class Draft {
  name = $state('');
  note = $state('');
  scope = $state<ScopeKind>('project');
  project = $state<ProjectId | null>(null);
  platform = $state<ProductScope>('none');
  uptime = $state<ProductScope>('none');
  expiry = $state<Expiry>('90');
  date = $state('');
  keep = $state(true);
  /** Set by the first attempt to send: from then on problems show. */
  tried = $state(false);
  #refused = $state.raw<Record<string, string[]>>({});

  /** The settings of a key, to be changed. */
  static of(key: KeyView): Draft {
    const draft = new Draft();
    draft.name = key.name;
    draft.note = key.note;
    draft.scope = key.scope.type;
    draft.project = key.scope.type === 'project' ? key.scope.project_id : null;
    draft.platform = key.products.platform;
    draft.uptime = key.products.uptime;
    draft.expiry = key.expires_at ? 'date' : 'never';
    draft.date = key.expires_at ? dayOf(key.expires_at) : '';
    return draft;
  }

  where = $derived.by((): Scope =>
    this.scope === 'project' && this.project !== null
      ? { type: 'project', project_id: this.project }
      : { type: 'organization' },
  );
  products = $derived({ platform: this.platform, uptime: this.uptime });

  /** What is wrong, by field, as far as can be known before sending. */
  #own = $derived.by((): Partial<Record<FieldName, string>> => ({
    ...(this.name.trim() === '' ? { name: 'Give the key a name.' } : {}),
    ...(this.scope === 'project' && this.project === null ? { project: 'Choose the project it works in.' } : {}),
    ...(this.platform === 'none' && this.uptime === 'none' ? { products: NO_ACCESS } : {}),
    ...(this.expiry === 'date' && !endOfDay(this.date) ? { expires_at: 'Write a day to come as YYYY-MM-DD.' } : {}),
  }));

  complete = $derived(Object.keys(this.#own).length === 0);

  /** What to show beside a field: our own findings, else what the backend said. */
  problems(field: FieldName): string[] {
    const own = this.tried ? this.#own[field] : undefined;
    if (own) return [own];
    return Object.entries(this.#refused)
      .filter(([name]) => belongs(name, field))
      .flatMap(([, messages]) => messages);
  }

  /** Takes what the backend found wrong. */
  refuse(error: CommandError): void {
    this.#refused = error.fields ?? {};
  }

  clearRefusal(): void {
    this.#refused = {};
  }

  toNewKey(): NewKey {
    return {
      name: this.name.trim(),
      note: this.note.trim(),
      scope: this.where,
      products: this.products,
      expires_at: this.#expiresAt(),
    };
  }

  /** Only what differs from the key as it is. A day that was not touched keeps its hour. */
  toPatch(key: KeyView): KeyPatch {
    const { name, note, products } = this.toNewKey();
    const untouched = key.expires_at
      ? this.expiry === 'date' && this.date.trim() === dayOf(key.expires_at)
      : this.expiry === 'never';
    return {
      ...(name === key.name ? {} : { name }),
      ...(note === key.note ? {} : { note }),
      ...(products.platform === key.products.platform && products.uptime === key.products.uptime ? {} : { products }),
      ...(untouched ? {} : { expires_at: this.#expiresAt() }),
    };
  }

  #expiresAt(): string | null {
    if (this.expiry === 'never') return null;
    return this.expiry === 'date' ? endOfDay(this.date) : inDays(Number(this.expiry));
  }
}

/** The backend names fields by their path in the request; a nested one belongs to the control that holds it. */
function belongs(path: string, field: FieldName): boolean {
  const name = path.replace(/^key\./, '');
  if (field === 'project') return name === 'project_id' || name.startsWith('scope');
  if (field === 'products') return name.startsWith('products') || name === 'platform' || name === 'uptime';
  return name === field;
}
