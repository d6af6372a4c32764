// Short messages at the foot of the window. Each leaves by itself when its time is over.

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

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setInterval>>();

  add(toast: NewToast): number {
    const id = this.#next++;
    const seconds = toast.seconds ?? (toast.tone === 'problem' ? 12 : 6);
    const topic = toast.topic ?? `toast-${String(id)}`;
    for (const older of this.list.filter((each) => each.topic === topic)) this.remove(older.id);
    const full = { detail: '', tone: 'plain' as const, action: null, ...toast, id, topic, seconds };
    this.list.push({ ...full, secondsLeft: seconds });
    while (this.list.length > 4 && this.list[0]) this.remove(this.list[0].id);
    const until = Date.now() + seconds * 1000;
    this.#timers.set(
      id,
      setInterval(() => {
        const left = Math.ceil((until - Date.now()) / 1000);
        const shown = this.list.find((each) => each.id === id);
        if (left <= 0 || !shown) this.remove(id);
        else shown.secondsLeft = left;
      }, 250),
    );
    return id;
  }

  remove(id: number): void {
    clearInterval(this.#timers.get(id));
    this.#timers.delete(id);
    this.list = this.list.filter((each) => each.id !== id);
  }

  clear(): void {
    for (const { id } of this.list) this.remove(id);
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
