import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readFileSync } from 'node:fs';
import icons from 'unplugin-icons/vite';
import { defineConfig } from 'vitest/config';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

export default defineConfig(({ mode }) => ({
  plugins: [
    svelte(),
    // Drawn when the app is built: putting each icon together in the window is most of what a long list would cost.
    icons({
      compiler: { extension: 'svelte', compiler: (svg) => svg },
      iconCustomizer: (_collection, _icon, attributes) => {
        Object.assign(attributes, { width: '24', height: '24', 'aria-hidden': 'true' });
      },
    }),
  ],
  define: { __APP_VERSION__: JSON.stringify(version) },
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  server: { port: 1420, strictPort: true },
  build: {
    target: 'safari17',
    // The content security policy allows no data: fonts, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    // The window is compiled and loaded once, not once for every file; setup.ts makes it new for every test.
    isolate: false,
    // One of two processors would stay idle.
    maxWorkers: '100%',
    // A busy machine is no failure.
    testTimeout: 20_000,
    restoreMocks: true,
  },
}));
