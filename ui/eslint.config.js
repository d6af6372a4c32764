import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const features = ['activity', 'connection', 'keys', 'phare', 'projects', 'settings'];
const tauri = { group: ['@tauri-apps/*'], message: 'Only src/bridge talks to Tauri.' };
const anyFeature = { group: ['**/features/**'], message: 'Components know no features.' };
const views = { group: ['**/views/**'], message: 'Views are the top: nothing imports them.' };

/** Restricts imports of some files; the Tauri rule holds everywhere but in the bridge. */
const restrict = (files, ...patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [tauri, ...patterns] }] },
});

export default ts.config(
  { ignores: ['dist/', 'dist-fake/', 'src/bindings/'] },
  ...ts.configs.strict,
  ...ts.configs.stylistic,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, __APP_VERSION__: 'readonly' } } },
  { files: ['scripts/**', '*.js', '*.ts'], languageOptions: { globals: globals.node } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      'svelte/require-each-key': 'error',
      'svelte/no-at-html-tags': 'error',
      // Sets and maps are replaced as a whole here ($state.raw), never changed in place.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  { files: ['src/**', 'tests/**'], rules: { 'max-lines': ['error', 250], 'no-console': 'error' } },
  restrict(['src/**']),
  restrict(['src/components/**', 'src/state/**'], anyFeature, views),
  ...features.map((own) =>
    restrict([`src/features/${own}/**`], views, {
      group: features
        .filter((other) => other !== own)
        .flatMap((other) => [`**/features/${other}/**`, `../${other}/**`, `../${other}`]),
      message: 'A feature never imports another; views bring them together.',
    }),
  ),
  { files: ['src/bridge/**'], rules: { 'no-restricted-imports': ['error', { patterns: [anyFeature, views] }] } },
);
