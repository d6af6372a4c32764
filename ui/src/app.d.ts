declare const __APP_VERSION__: string;

interface Window {
  /** What the backend knows before the page begins; nothing in a browser. */
  gardien?: { theme: import('./bindings').Theme; founded: boolean };
}

declare module '*.svg' {
  const address: string;
  export default address;
}

/** An icon of Lucide's, which takes nothing and says nothing: `vite.config.ts` compiles it to what it draws. */
declare module '~icons/lucide/*' {
  import type { Component } from 'svelte';
  const icon: Component;
  export default icon;
}
