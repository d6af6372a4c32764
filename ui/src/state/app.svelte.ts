// What the whole window knows: the status, the session, whether the server answers. The backend pushes what changes.
import type {
  AppStatus,
  Closing,
  CommandError,
  Commands,
  Event as Change,
  HomeView,
  LimitsView,
  PhareKeyView,
  Preferences,
  Theme,
  WindowEvent,
} from '../bindings';
import { asCommandError, call, listen, open } from '../bridge';
import { inform, toasts } from '../components/toasts.svelte';
import { explain } from '../errors';

type Call<K extends keyof Commands> = Promise<Commands[K]['result']>;
/** The commands that answer with the new status. */
type StatusCommand = {
  [K in keyof Commands]: Commands[K]['result'] extends AppStatus ? K : never;
}[keyof Commands];

const LOST = new Set(['unreachable', 'connection_unreachable']);

class App {
  status = $state.raw<AppStatus | null>(null);
  preferences = $state.raw<Preferences | null>(null);
  limits = $state.raw<LimitsView | null>(null);
  /** Set while a team server does not answer. What was loaded stays readable. */
  lost = $state.raw<CommandError | null>(null);
  /** Set while somebody has to say what becomes of the gateway. */
  closing = $state.raw<Closing | null>(null);

  /** Phare's own keys, attached and kept; null until they are known, and for whoever may not see them. */
  phareKeys = $state.raw<PhareKeyView[] | null>(null);
  /** Why they could not be asked for. */
  phareError = $state.raw<CommandError | null>(null);
  #phareTurn = 0;
  #pushed = 0;
  #handlers = new Set<(event: Change) => void>();

  session = $derived(this.status?.session ?? null);
  rights = $derived(this.session?.rights ?? null);
  homes = $derived(this.status?.homes ?? []);
  /** This computer's home, wherever the person is. */
  local = $derived(this.homes.find(({ connection }) => connection.kind === 'embedded') ?? null);
  attached = $derived(this.phareKeys?.filter(({ purpose }) => purpose === 'attached') ?? []);
  kept = $derived(this.phareKeys?.filter(({ purpose }) => purpose === 'kept') ?? []);
  /** Whether calls go out with Phare's keys. Of a team's server nothing else tells it. */
  callsPhare = $derived(
    this.status?.upstream === 'phare' || (this.status?.connection?.kind === 'team' && this.attached.length > 0),
  );

  /** Sends a command and keeps `lost` true to what happened. */
  async ask<K extends keyof Commands>(name: K, args: Commands[K]['args']): Call<K> {
    try {
      const result = await call(name, args);
      if (name === 'limits') this.#lose(null);
      return result;
    } catch (thrown) {
      const error = asCommandError(thrown);
      if (LOST.has(error.code) && this.status?.connection?.kind === 'team' && this.status.stage === 'ready') {
        this.#lose(error);
      }
      throw error;
    }
  }

  /** Sends a command; if it fails, a toast says so and the answer is undefined. */
  async attempt<K extends keyof Commands>(
    name: K,
    args: Commands[K]['args'],
  ): Promise<Commands[K]['result'] | undefined> {
    try {
      return await this.ask(name, args);
    } catch (thrown) {
      const words = explain(asCommandError(thrown));
      inform({ title: words.title, detail: [words.what, words.next].filter(Boolean).join(' '), tone: 'problem' });
      return undefined;
    }
  }

  /** Sends a command that answers with the new status, and whether it was done; a toast says if not. */
  async change<K extends StatusCommand>(name: K, args: Commands[K]['args']): Promise<boolean> {
    const status: AppStatus | undefined = await this.attempt(name, args);
    if (status) this.become(status);
    return status !== undefined;
  }

  /** Hears every change at the authority or the gateway, until the returned function is called. */
  subscribe(handler: (event: Change) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Listens first and asks then, so that nothing falls in between; from here on the backend says what changes. */
  async start(): Promise<void> {
    await open();
    await listen((event) => {
      this.#hear(event);
    });
    const pushed = this.#pushed;
    const [status] = await Promise.all([
      call('app_status', null).catch((thrown: unknown) => failed(asCommandError(thrown))),
      this.loadPreferences(),
    ]);
    // What was pushed meanwhile is newer.
    if (pushed === this.#pushed) this.#take(status);
  }

  #hear(event: WindowEvent): void {
    if (event.type === 'status') {
      this.#pushed += 1;
      this.#take(event.status);
    } else if (event.type === 'lost') this.#lose(event.error);
    else if (event.type === 'closing') this.closing = event.closing;
    else {
      if (event.change.type === 'limits') this.limits = event.change.limits;
      if (event.change.type === 'phare_keys') void this.loadPhareKeys();
      for (const handler of [...this.#handlers]) handler(event.change);
    }
  }

  #take(status: AppStatus): void {
    const moved = placeOf(status) !== placeOf(this.status);
    this.status = status;
    if (!this.preferences && status.stage !== 'starting') void this.loadPreferences();
    if (!moved) return;
    // Nothing of the organization before may stay, least of all an offer to undo something there.
    this.limits = null;
    this.phareKeys = null;
    this.phareError = null;
    this.lost = null;
    toasts.clear();
    if (status.stage !== 'ready') return;
    void this.loadLimits();
    void this.loadPhareKeys();
  }

  /** Once the server answers again, the lists on show are loaded anew. */
  #lose(error: CommandError | null): void {
    const back = this.lost !== null && error === null;
    this.lost = error;
    if (!back) return;
    window.dispatchEvent(new Event('gardien:reload'));
    void this.loadPhareKeys();
  }

  async loadPreferences(): Promise<void> {
    this.preferences = await call('preferences', null).catch(() => null);
    if (this.preferences) applyTheme(this.preferences.theme);
  }

  /** What was pushed while it was asked for is newer. */
  async loadLimits(): Promise<void> {
    const before = this.limits;
    const limits = await this.ask('limits', null).catch(() => before);
    if (this.limits === before) this.limits = limits;
  }

  /** An answer that was asked for before something changed never replaces what changed. */
  async loadPhareKeys(): Promise<void> {
    const turn = ++this.#phareTurn;
    if (!this.rights?.manage_keys) {
      this.phareKeys = this.phareError = null;
      return;
    }
    try {
      const keys = await this.ask('list_phare_keys', null);
      if (turn !== this.#phareTurn) return;
      this.phareKeys = keys;
      this.phareError = null;
    } catch (thrown) {
      if (turn === this.#phareTurn) this.phareError = asCommandError(thrown);
    }
  }

  /** Puts a changed Phare key in its place, or a new one at the end. */
  putPhareKey(key: PhareKeyView): void {
    const keys = this.phareKeys;
    // One of them says nothing of the others.
    if (!keys) return void this.loadPhareKeys();
    this.#phareTurn += 1;
    const known = keys.some(({ id }) => id === key.id);
    this.phareKeys = known ? keys.map((each) => (each.id === key.id ? key : each)) : [...keys, key];
  }

  /** Takes a new status from a command that answers with one. */
  become(status: AppStatus): void {
    this.#take(status);
    this.lost = null;
    void this.loadPhareKeys();
  }

  /** Opens again, binds the port again, asks the keychain again. */
  retry(): Promise<boolean> {
    return this.change('retry', null);
  }

  /** Goes to another home; this computer's gateway goes on serving. */
  async go(home: HomeView): Promise<void> {
    if (!home.current) await this.change('switch_home', { connection: home.connection, keep_serving: true });
  }

  async savePreferences(change: Partial<Preferences>): Promise<CommandError | null> {
    if (!this.preferences) return null;
    const wanted = { ...this.preferences, ...change };
    try {
      this.become(await this.ask('set_preferences', wanted));
      this.preferences = wanted;
      applyTheme(wanted.theme);
      return null;
    } catch (thrown) {
      return asCommandError(thrown);
    }
  }
}

/** Who is where: another organization or person is another window. */
export function placeOf(status: AppStatus | null): string {
  if (status?.stage !== 'ready') return '';
  const { connection, session } = status;
  return `${session?.member.id ?? ''}@${connection?.kind === 'team' ? connection.url : ''}`;
}

function failed(failure: CommandError): AppStatus {
  return {
    stage: 'failed',
    failure,
    connection: null,
    session: null,
    gateway: { state: 'stopped' },
    base_url: '',
    upstream: 'none',
    keychain: 'available',
    homes: [],
    notices: [],
  };
}

function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

if (window.gardien) applyTheme(window.gardien.theme);
export const app = new App();
