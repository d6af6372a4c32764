// Every pair of a text and what it stands on can be read, in both themes (WCAG 2.2 AA).
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync('src/styles/tokens.css', 'utf8');
const tokens = new Map(
  [...css.matchAll(/--([\w-]+):\s*light-dark\((#[\da-f]{6}),\s*(#[\da-f]{6})\)/g)].map(([, name, light, dark]) => [
    name ?? '',
    { light: light ?? '', dark: dark ?? '' },
  ]),
);
type Theme = 'light' | 'dark';

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const part = parseInt(hex.slice(start, start + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(one: string, other: string, theme: Theme): number {
  const [dark = 0, light = 0] = [one, other]
    .map((name) => {
      const token = tokens.get(name);
      if (!token) throw new Error(`no token --${name}`);
      return luminance(token[theme]);
    })
    .toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ['page', 'surface', 'sunken', 'raised', 'hover', 'selected'];
const on = (texts: string[], grounds: string[]) => texts.flatMap((text) => grounds.map((ground) => [text, ground]));
const TEXTS = [
  ...on(['text', 'muted', 'accent-text', 'danger-text', 'error-text'], GROUNDS),
  ...on(['disabled'], ['surface', 'page']),
  ...on(['text', 'accent-text'], ['accent-soft']),
  ...on(['text', 'muted', 'error-text'], ['error-soft']),
  ...on(['danger-text'], ['danger-soft']),
  ...on(['on-accent'], ['accent', 'accent-hover']),
  ...on(['on-danger'], ['danger', 'danger-hover']),
  ...on(['text', 'muted'], ['line']),
];
/** Rules for what the arrows are on; the day that was picked in the calendar is none. */
const MARKS = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(css|svelte)$/.test(file))
  .flatMap((file) => [...readFileSync(`src/${file}`, 'utf8').matchAll(/^([^\n{}]*\[data-[^{}]*\{)([^{}]*)\}/gm)])
  .filter(([, selector = '']) => /data-(highlighted|selected)\]/.test(selector) && !selector.includes('calendar'))
  .map(([, selector = '', body = '']) => [
    selector.trim(),
    /box-shadow: inset \dpx 0 0 var\(--([\w-]+)\)/.exec(body)?.[1],
  ]);
const SHAPES = [
  ...on(['control-line', 'ring', 'error-line'], ['page', 'surface', 'raised']),
  ...on(['running'], ['surface']),
];

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  it.each(TEXTS)('%s can be read on %s', (text = '', ground = '') => {
    expect(contrast(text, ground, theme)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SHAPES)('%s can be seen on %s', (shape = '', ground = '') => {
    expect(contrast(shape, ground, theme)).toBeGreaterThanOrEqual(3);
  });

  it('what the arrows are on can be seen', () => {
    expect(MARKS.length).toBeGreaterThan(0);
    for (const [selector, mark] of MARKS) {
      for (const ground of ['raised', 'surface']) {
        expect(contrast(mark ?? ground, ground, theme), selector).toBeGreaterThanOrEqual(3);
      }
    }
  });

  it('an error has no colour of selection, focus or destroying', () => {
    const others = ['accent', 'accent-text', 'accent-soft', 'selected', 'ring', 'danger', 'danger-text', 'danger-soft'];
    const theirs = others.map((name) => tokens.get(name)?.[theme]);
    for (const name of ['error-text', 'error-line', 'error-soft']) {
      expect(theirs).not.toContain(tokens.get(name)?.[theme]);
    }
  });
});
