// Short messages in the lane at the foot of the window. Each leaves by itself when its time is over.

export interface Toast {
  id: number;
  title: string;
  /** A line below; a function is asked again every second with the seconds left. */
  detail: string | ((secondsLeft: number) => string);
  tone: 'plain' | 'problem';
  /** Replaces an older toast with the same topic. */
  topic: string;
  seconds: number;
  secondsLeft: number;
  action: { label: string; run: () => void } | null;
}

type NewToast = Pick<Toast, 'title'> & Partial<Omit<Toast, 'id' | 'secondsLeft'>>;

const STEP = 250;
const MOST = 6;

/** Whether its time is that of something outside: an undoing or a clipboard waits for nobody. */
const isBound = ({ action, detail }: Toast) => action !== null || typeof detail === 'function';

class Toasts {
  /** Oldest first. */
  list = $state<Toast[]>([]);
  /** The one under the pointer or with the focus: it stays, and nothing takes its place there. */
  held = $state<number | null>(null);
  /** What can be taken back, and beside it what only informs. Older ones come back when these are gone. */
  shown = $derived(
    [this.#newest((toast) => toast.action !== null), this.#newest((toast) => toast.action === null)].filter(
      (toast) => toast !== undefined,
    ),
  );
  #next = 1;
  #until = new Map<number, number>();
  #clock: ReturnType<typeof setInterval> | undefined;

  add(toast: NewToast): number {
    const id = this.#next++;
    const seconds = toast.seconds ?? (toast.tone === 'problem' ? 12 : 6);
    const topic = toast.topic ?? `toast-${String(id)}`;
    for (const older of this.list.filter((each) => each.topic === topic)) this.remove(older.id);
    const full = { detail: '', tone: 'plain' as const, action: null, ...toast, id, topic, seconds };
    this.list.push({ ...full, secondsLeft: seconds });
    this.#until.set(id, Date.now() + seconds * 1000);
    while (this.list.length > MOST && this.list[0]) this.remove(this.list[0].id);
    this.#clock ??= setInterval(() => {
      this.#tick();
    }, STEP);
    return id;
  }

  remove(id: number): void {
    this.#until.delete(id);
    if (this.held === id) this.held = null;
    this.list = this.list.filter((each) => each.id !== id);
    if (this.list.length > 0) return;
    clearInterval(this.#clock);
    this.#clock = undefined;
  }

  /** Does what a toast offers. */
  act(toast: Toast): void {
    toast.action?.run();
    this.remove(toast.id);
  }

  /** Takes back what was done last, if that still can be. */
  undo(): void {
    const toast = this.#newest(({ action }) => action !== null);
    if (toast) this.act(toast);
  }

  clear(): void {
    for (const { id } of this.list) this.remove(id);
  }

  #newest(which: (toast: Toast) => boolean): Toast | undefined {
    const some = this.list.filter(which);
    return some.find(({ id }) => id === this.held) ?? some.at(-1);
  }

  #tick(): void {
    for (const toast of this.list) {
      const waits = toast.id === this.held && !isBound(toast);
      const until = (this.#until.get(toast.id) ?? 0) + (waits ? STEP : 0);
      this.#until.set(toast.id, until);
      toast.secondsLeft = Math.ceil((until - Date.now()) / 1000);
      if (toast.secondsLeft <= 0) this.remove(toast.id);
    }
  }
}

export const toasts = new Toasts();
/** Shows a toast and answers its id. */
export const inform = (toast: NewToast): number => toasts.add(toast);

/** The toast that counts until the clipboard is cleared. There is one clipboard, so one such toast. */
export function sayCopied(title: string, seconds: number): void {
  inform({
    title,
    topic: 'clipboard',
    seconds,
    detail: (left) => `Cleared from the clipboard in ${String(left)} s`,
  });
}
