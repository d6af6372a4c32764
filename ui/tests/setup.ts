// What jsdom lacks of a browser, and a clean window for every test.
import { cleanup, configure } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';
// Parts that the window fetches when they are first shown, so that no test waits for their compilation.
import '../src/features/activity/ActivityPage.svelte';
import '../src/features/connection/ConnectDialog.svelte';
import '../src/features/projects/ProjectsPage.svelte';
import '../src/views/Closing.svelte';
import '../src/views/Failure.svelte';
import '../src/views/FirstStart.svelte';
import '../src/views/Palette.svelte';
import '../src/views/SettingsView.svelte';
import '../src/views/Shell.svelte';
import '../src/views/ShortcutList.svelte';
import { unfinished } from '../src/features/keys/draft.svelte';
import { toasts } from '../src/components/toasts.svelte';
import { app } from '../src/state/app.svelte';
import { route } from '../src/state/route.svelte';

// The whole page in every failure hides what failed.
configure({ getElementError: (message) => new Error(message ?? ''), asyncUtilTimeout: 5000 });

const HEIGHT = 600;

class Observer {
  observe = () => undefined;
  unobserve = () => undefined;
  disconnect = () => undefined;
}
vi.stubGlobal('ResizeObserver', Observer);
vi.stubGlobal('IntersectionObserver', Observer);
// axe asks for one, and jsdom complains at length each time.
HTMLCanvasElement.prototype.getContext = () => null;
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.hasPointerCapture = () => false;
Element.prototype.scrollTo = function (this: Element, options?: ScrollToOptions | number) {
  if (typeof options === 'object') this.scrollTop = options.top ?? 0;
  this.dispatchEvent(new Event('scroll'));
};
// Nothing is laid out here, but the list of keys must believe that it has room.
for (const [name, size] of Object.entries({ clientHeight: HEIGHT, clientWidth: 960, scrollHeight: 10_000_000 })) {
  Object.defineProperty(Element.prototype, name, { get: () => size });
}

beforeEach(() => {
  // As index.html has them.
  document.documentElement.lang = 'en';
  document.title = 'Gardien';
  app.status = null;
  app.preferences = null;
  app.limits = null;
  app.lost = null;
  app.closing = null;
  app.phareKeys = null;
  app.phareError = null;
  unfinished.drop();
  route.go('keys');
});
afterEach(() => {
  cleanup();
  toasts.clear();
  vi.useRealTimers();
});
