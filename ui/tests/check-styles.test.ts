// The check of styles finds what belongs into the tokens, and lets through what uses them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

function check(declaration: string, file = 'Some.svelte') {
  const folder = mkdtempSync(join(tmpdir(), 'styles-'));
  mkdirSync(join(folder, 'src/styles'), { recursive: true });
  const rule = `.some {\n  ${declaration}\n}\n`;
  writeFileSync(join(folder, 'src', file), file.endsWith('.css') ? rule : `<p>#fff</p>\n<style>\n${rule}</style>\n`);
  const { status, stderr } = spawnSync('node', [resolve('scripts/check-styles.js')], { cwd: folder, encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return { status, stderr };
}

it.each([
  ['color: #fff;', 'a colour'],
  ['border: 1px solid red;', 'a colour'],
  ['border-radius: 4px;', 'a radius'],
  ['border-top-left-radius: 10px;', 'a radius'],
  ['transition: width 200ms;', 'nothing moves'],
  ['transition: width var(--quick), color .2s ease;', 'nothing moves'],
  ['animation: appear 0.3s 0.1s backwards;', 'nothing moves'],
  ['animation-duration: 151ms;', 'nothing moves'],
])('%s is found', (declaration, what) => {
  const { status, stderr } = check(declaration);
  expect(status).toBe(1);
  expect(stderr).toContain(`src/Some.svelte:4: ${what}`);
});

it.each([
  'border-radius: var(--radius);',
  'border-radius: 50%;',
  'transition: rotate var(--quick), width 150ms cubic-bezier(0.2, 0, 0, 1);',
  'animation: appear var(--quick) 0.4s backwards;',
])('%s is let through', (declaration) => {
  expect(check(declaration)).toEqual({ status: 0, stderr: '' });
});

it('the tokens may name anything', () => {
  expect(check('color: #fff; border-radius: 4px;', 'styles/tokens.css').status).toBe(0);
  expect(check('color: #fff;', 'styles/base.css').status).toBe(1);
});
