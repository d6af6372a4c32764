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
  Share,
} from '../../bindings';
import { date, inDays } from '../../format';
import { nameProblem, noteProblem } from '../../names';
import { callsOf, isUsual, NO_SHARE, sharePatch } from '../../share';
import { endOf, localDay, understandDay } from './days';

export type Expiry = '30' | '90' | '365' | 'date' | 'never';
export type FieldName = 'name' | 'note' | 'project' | 'products' | 'at_most' | 'reserved' | 'expires_at';
type Content = Record<FieldName | 'keep', string>;

export const NO_ACCESS = 'Choose access to one of the two: without any, a key does nothing.';
/** The longest name and note, in characters. */
const NAME = 100;
const NOTE = 1000;

export class Draft {
  name = $state('');
  note = $state('');
  scope = $state<ScopeKind>('project');
  project = $state<ProjectId | null>(null);
  platform = $state<ProductScope>('none');
  uptime = $state<ProductScope>('none');
  /** Calls a minute, as written; empty for no figure. */
  atMost = $state('');
  reserved = $state('');
  expiry = $state<Expiry>('90');
  date = $state('');
  keep = $state(true);
  /** Set by the first attempt to send: from then on problems show. */
  tried = $state(false);
  #weight = NO_SHARE.weight;
  /** What the backend found wrong with what was sent: with anything else it is not wrong. */
  #refusal = $state.raw<{ fields: Record<string, string[]>; sent: Content } | null>(null);
  /** What it was before anybody touched it. */
  #untouched = this.content;

  /** The settings of a key, to be changed. */
  static of(key: KeyView): Draft {
    const draft = new Draft();
    draft.name = key.name;
    draft.note = key.note;
    draft.scope = key.scope.type;
    draft.project = key.scope.type === 'project' ? key.scope.project_id : null;
    draft.platform = key.products.platform;
    draft.uptime = key.products.uptime;
    draft.atMost = String(key.share.at_most ?? '');
    draft.reserved = String(key.share.reserved ?? '');
    draft.#weight = key.share.weight;
    draft.expiry = key.expires_at ? 'date' : 'never';
    draft.date = key.expires_at ? date(key.expires_at) : '';
    draft.settle();
    return draft;
  }

  /** A new key with the settings of another. A day that is over makes room for the usual one. */
  static like(key: KeyView): Draft {
    const draft = Draft.of(key);
    if (key.expires_at && Date.parse(key.expires_at) <= Date.now()) {
      draft.expiry = '90';
      draft.date = '';
    }
    draft.settle();
    return draft;
  }

  /** What it holds now was not somebody's doing. */
  settle(): void {
    this.#untouched = this.content;
  }

  /** Puts a project there that nobody chose, whatever somebody has put into the rest meanwhile. */
  preset(project: ProjectId | null): void {
    const [scope] = JSON.parse(this.#untouched.project) as [ScopeKind];
    this.project = project;
    this.#untouched = { ...this.#untouched, project: JSON.stringify([scope, project]) };
  }

  /** Whether somebody has put something into it. */
  get touched(): boolean {
    return JSON.stringify(this.content) !== JSON.stringify(this.#untouched);
  }

  /** What stands in each field, to be compared. The figures of a share are judged together. */
  get content(): Content {
    const share = JSON.stringify([this.atMost, this.reserved]);
    return {
      name: this.name,
      note: this.note,
      project: JSON.stringify([this.scope, this.project]),
      products: JSON.stringify([this.platform, this.uptime]),
      at_most: share,
      reserved: share,
      expires_at: JSON.stringify([this.expiry, this.date]),
      keep: String(this.keep),
    };
  }

  where = $derived.by((): Scope =>
    this.scope === 'project' && this.project !== null
      ? { type: 'project', project_id: this.project }
      : { type: 'organization' },
  );
  products = $derived({ platform: this.platform, uptime: this.uptime });
  share = $derived.by((): Share => {
    const [most, reserved] = [callsOf(this.atMost), callsOf(this.reserved)];
    // 0 is nothing to keep free; of what a key may have at most, the backend says that it is none.
    return { at_most: most ?? null, reserved: reserved || null, weight: this.#weight };
  });
  /** The last day, as it was understood; null if it was not. */
  day = $derived(this.expiry === 'date' ? understandDay(this.date) : null);

  /** What is wrong, by field, as far as can be known before sending. */
  #own = $derived.by((): Partial<Record<FieldName, string>> => ({
    ...problem('name', this.name.trim() === '' ? 'Give the key a name.' : nameProblem(this.name, NAME)),
    ...problem('note', noteProblem(this.note, NOTE)),
    ...problem('project', this.scope === 'project' && this.project === null ? 'Choose the project it works in.' : null),
    ...problem('products', this.platform === 'none' && this.uptime === 'none' ? NO_ACCESS : null),
    ...problem('at_most', shareProblem(this.atMost)),
    ...problem('reserved', shareProblem(this.reserved)),
    ...problem('expires_at', this.expiry === 'date' ? this.#dayProblem() : null),
  }));

  complete = $derived(Object.keys(this.#own).length === 0);

  #dayProblem(): string | null {
    if (!this.day) return 'Write a day, such as 24 Feb 2027.';
    return Date.parse(endOf(this.day)) > Date.now() ? null : 'That day is over.';
  }

  /** What to show beside a field: our own findings, else what the backend said. */
  problems(field: FieldName): string[] {
    // What a text has wrong about it shows while it is written; that something is missing, only once it was to be sent.
    const written =
      { name: this.name.trim() !== '', note: true, at_most: true, reserved: true }[field as string] ?? false;
    const own = this.tried || written ? this.#own[field] : undefined;
    if (own) return [own];
    if (this.#refusal?.sent[field] !== this.content[field]) return [];
    return Object.entries(this.#refusal.fields)
      .filter(([name]) => belongs(name, field))
      .flatMap(([, messages]) => messages);
  }

  /** Takes what the backend found wrong with what was sent, which may not be what stands here now. */
  refuse({ fields = {} }: CommandError, sent: Content): void {
    this.#refusal = { fields, sent };
  }

  clearRefusal(): void {
    this.#refusal = null;
  }

  toNewKey(): NewKey {
    return {
      name: this.name.trim(),
      note: this.note.trim(),
      scope: this.where,
      products: this.products,
      ...(isUsual(this.share) ? {} : { share: this.share }),
      expires_at: this.expiresAt(),
    };
  }

  /** Only what differs from the key as it is. A day that was not touched keeps its hour. */
  toPatch(key: KeyView): KeyPatch {
    const { name, note, products } = this.toNewKey();
    const share = sharePatch(key.share, this.share);
    const untouched = key.expires_at
      ? this.expiry === 'date' && this.day?.compare(localDay(key.expires_at)) === 0
      : this.expiry === 'never';
    return {
      ...(name === key.name ? {} : { name }),
      ...(note === key.note ? {} : { note }),
      ...(products.platform === key.products.platform && products.uptime === key.products.uptime ? {} : { products }),
      ...(share ? { share } : {}),
      ...(untouched ? {} : { expires_at: this.expiresAt() }),
    };
  }

  /** Until when it is to work; null for ever, or while no day was understood. */
  expiresAt(): string | null {
    if (this.expiry === 'never') return null;
    if (this.expiry === 'date') return this.day && endOf(this.day);
    return inDays(Number(this.expiry));
  }
}

/** What somebody has begun and not finished outlives its sheet. There is no secret in it. */
class Unfinished {
  #begun: Draft | null = null;
  #like: Draft | null = null;

  /** What the next sheet opens with. */
  open(): Draft {
    const draft = this.#like ?? this.#begun ?? new Draft();
    this.#like = null;
    draft.tried = false;
    draft.clearRefusal();
    return draft;
  }

  /** The next sheet opens with the settings of this key. */
  like(key: KeyView): void {
    this.#like = Draft.like(key);
  }

  keep(draft: Draft): void {
    this.#begun = draft;
  }

  drop(draft: Draft | null = this.#begun): void {
    if (this.#begun === draft) this.#begun = null;
  }
}

export const unfinished = new Unfinished();

const problem = (field: FieldName, words: string | null): Partial<Record<FieldName, string>> =>
  words === null ? {} : { [field]: words };

const shareProblem = (text: string): string | null =>
  callsOf(text) === undefined ? 'A number of calls a minute, or nothing.' : null;

/** The backend names fields by their path in the request; a nested one belongs to the control that holds it. */
function belongs(path: string, field: FieldName): boolean {
  const name = path.replace(/^key\./, '');
  if (field === 'project') return name === 'project_id' || name.startsWith('scope');
  if (field === 'products') return name.startsWith('products') || name === 'platform' || name === 'uptime';
  return name.replace(/^share\./, '') === field;
}
