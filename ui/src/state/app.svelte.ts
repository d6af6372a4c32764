// What the whole window knows: the status, the session, whether the server answers.
import type {
  AppStatus,
  CommandError,
  Commands,
  Event,
  LimitsView,
  PhareKeyView,
  Preferences,
  Theme,
} from '../bindings';
import { asCommandError, call, listen, open } from '../bridge';
import { explain } from '../errors';
import { inform } from '../components/toasts.svelte';

type Call<K extends keyof Commands> = Promise<Commands[K]['result']>;

const LOST = new Set(['unreachable', 'connection_unreachable']);

class App {
  status = $state.raw<AppStatus | null>(null);
  preferences = $state.raw<Preferences | null>(null);
  limits = $state.raw<LimitsView | null>(null);
  /** Set while a team server does not answer. What was loaded stays readable. */
  lost = $state.raw<CommandError | null>(null);

  /** Phare's own keys, attached and kept; null until they are known, and for whoever may not see them. */
  phareKeys = $state.raw<PhareKeyView[] | null>(null);
  #phareTurn = 0;
  readonly #handlers = new Set<(event: Event) => void>();

  session = $derived(this.status?.session ?? null);
  rights = $derived(this.session?.rights ?? null);
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
      if (this.lost && name === 'limits') this.lost = null;
      return result;
    } catch (thrown) {
      const error = asCommandError(thrown);
      if (LOST.has(error.code) && this.status?.connection?.kind === 'team' && this.status.stage === 'ready') {
        this.lost = error;
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

  /** Reads the status, waiting for the backend to come out of its start. */
  async start(): Promise<void> {
    await open();
    listen((event) => {
      if (event.type === 'changed') for (const hear of this.#handlers) hear(event.change);
    });
    let status: AppStatus | null = null;
    do {
      if (status) await new Promise((resolve) => setTimeout(resolve, 120));
      status = await call('app_status', null).catch((thrown: unknown) => failed(asCommandError(thrown)));
      this.status = status;
    } while (status.stage === 'starting');
    void this.loadPhareKeys();
    await this.loadPreferences();
  }

  async loadPreferences(): Promise<void> {
    this.preferences = await call('preferences', null).catch(() => null);
    if (this.preferences) applyTheme(this.preferences.theme);
  }

  /** Looks whether anything has changed behind the window's back. */
  async refresh(): Promise<void> {
    const status = await call('app_status', null).catch(() => this.status);
    if (JSON.stringify(status) !== JSON.stringify(this.status)) this.status = status;
    await this.loadPhareKeys();
  }

  /** An answer that was asked for before something changed never replaces what changed. */
  async loadPhareKeys(): Promise<void> {
    const turn = ++this.#phareTurn;
    if (!this.rights?.manage_keys) {
      this.phareKeys = null;
      return;
    }
    const keys = await this.ask('list_phare_keys', null).catch(() => this.phareKeys);
    if (turn === this.#phareTurn) this.phareKeys = keys;
  }

  /** Puts a changed Phare key in its place, or a new one at the end. */
  putPhareKey(key: PhareKeyView): void {
    this.#phareTurn += 1;
    const keys = this.phareKeys ?? [];
    const known = keys.some(({ id }) => id === key.id);
    this.phareKeys = known ? keys.map((each) => (each.id === key.id ? key : each)) : [...keys, key];
  }

  /** Takes a new status from a command that answers with one. */
  become(status: AppStatus): void {
    this.status = status;
    this.lost = null;
    void this.loadPhareKeys();
  }

  /** Opens again, binds the port again, asks the keychain again. */
  async retry(): Promise<void> {
    const status = await this.attempt('retry', null);
    if (!status) return;
    this.become(status);
    if (status.stage === 'starting') await this.start();
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

  /** Tells `handler` of every change that the backend pushes, until the returned function is called. */
  subscribe(handler: (event: Event) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** One look at the shared limit; called every two seconds while the window is seen. */
  async measure(): Promise<void> {
    if (this.status?.stage !== 'ready') return;
    this.limits = await this.ask('limits', null).catch(() => this.limits);
  }
}

function failed(failure: CommandError): AppStatus {
  return {
    stage: 'failed',
    failure,
    connection: null,
    session: null,
    gateway: { state: 'stopped' },
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

export const app = new App();
