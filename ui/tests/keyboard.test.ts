// Everybody's keyboard: a press means the letter it types or, where that is not Latin, the one in its place.
import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { bind, meaning, press as give } from '../src/state/shortcuts';
import { asked, at, gone, open, row, user } from './support';

type Press = [key: string, code: string, shift?: boolean];

const LAYOUTS: Record<string, [Press, means: string][]> = {
  'English (US)': [
    [['n', 'KeyN'], 'n'],
    [['N', 'KeyN', true], 'n'],
    [['/', 'Slash'], '/'],
    [['?', 'Slash', true], '?'],
    [['.', 'Period'], '.'],
  ],
  Russian: [
    [['т', 'KeyN'], 'n'],
    [['Т', 'KeyN', true], 'n'],
    [['о', 'KeyJ'], 'j'],
    [['л', 'KeyK'], 'k'],
    [['к', 'KeyR'], 'r'],
    [['с', 'KeyC'], 'c'],
    [['у', 'KeyE'], 'e'],
    [['ч', 'KeyX'], 'x'],
    [['я', 'KeyZ'], 'z'],
    [['.', 'Slash'], '/'],
    [[',', 'Slash', true], '?'],
    [['/', 'Backslash', true], '/'],
    [['?', 'Digit7', true], '?'],
  ],
  Greek: [
    [['ν', 'KeyN'], 'n'],
    [['ξ', 'KeyJ'], 'j'],
    [['κ', 'KeyK'], 'k'],
    [['ρ', 'KeyR'], 'r'],
    [['/', 'Slash'], '/'],
    [['?', 'Slash', true], '?'],
  ],
  Hebrew: [
    [['מ', 'KeyN'], 'n'],
    [['ח', 'KeyJ'], 'j'],
    [['ל', 'KeyK'], 'k'],
    [['ר', 'KeyR'], 'r'],
    [['/', 'KeyQ'], '/'],
    [['.', 'Slash'], '/'],
    [['?', 'Slash', true], '?'],
  ],
  Arabic: [
    [['ى', 'KeyN'], 'n'],
    [['ت', 'KeyJ'], 'j'],
    [['ن', 'KeyK'], 'k'],
    [['ق', 'KeyR'], 'r'],
    // Two letters on one key.
    [['لا', 'KeyB'], 'b'],
    [['ظ', 'Slash'], '/'],
    [['؟', 'Slash', true], '?'],
  ],
  Thai: [
    [['ื', 'KeyN'], 'n'],
    [['พ', 'KeyR'], 'r'],
  ],
  Korean: [[['ㅜ', 'KeyN'], 'n']],
  AZERTY: [
    [['a', 'KeyQ'], 'a'],
    [['z', 'KeyW'], 'z'],
    [[',', 'KeyM'], ','],
    [['/', 'Period', true], '/'],
    [['?', 'KeyM', true], '?'],
    [['!', 'Slash'], '!'],
  ],
  QWERTZ: [
    [['z', 'KeyY'], 'z'],
    [['ö', 'Semicolon'], 'ö'],
    [['-', 'Slash'], '-'],
    [['/', 'Digit7', true], '/'],
  ],
  Dvorak: [
    [['n', 'KeyL'], 'n'],
    [['r', 'KeyO'], 'r'],
    [['k', 'KeyV'], 'k'],
    [['z', 'Slash'], 'z'],
  ],
  'no layout at all': [
    [['Enter', 'Enter'], 'Enter'],
    [['ArrowDown', 'ArrowDown'], 'ArrowDown'],
    [['n', ''], 'n'],
    [['\u000b', 'KeyK'], 'k'],
  ],
};

describe('a key means the letter that it types, or that stands in its place', () => {
  it.each(Object.entries(LAYOUTS).flatMap(([layout, presses]) => presses.map((each) => [layout, ...each] as const)))(
    '%s: %j is %s',
    (_, [key, code, shiftKey = false], means) => {
      expect(meaning({ key, code, shiftKey })).toBe(means);
    },
  );

  it('in the window too: N, J, R, / and Ctrl K of a Cyrillic layout', async () => {
    await open();
    await fireEvent.keyDown(document.body, { key: 'о', code: 'KeyJ' });
    await waitFor(() => {
      expect(document.activeElement).toBe(row('Grafana dashboards'));
    });
    await fireEvent.keyDown(document.activeElement ?? document.body, { key: 'к', code: 'KeyR' });
    expect(await screen.findByTestId('rotate-dialog')).toBeTruthy();
    await user.keyboard('{Escape}');
    await waitFor(() => {
      gone('rotate-dialog');
    });
    await fireEvent.keyDown(document.body, { key: 'л', code: 'KeyK', ctrlKey: true });
    expect(await screen.findByTestId('palette')).toBeTruthy();
    await fireEvent.keyDown(at('palette-input'), { key: 'л', code: 'KeyK', ctrlKey: true });
    await waitFor(() => {
      gone('palette');
    });
    await fireEvent.keyDown(document.body, { key: '.', code: 'Slash' });
    expect(document.activeElement).toBe(at('search'));
    at('search').blur();
    await fireEvent.keyDown(document.body, { key: 'т', code: 'KeyN' });
    expect(await screen.findByTestId('key-name')).toBeTruthy();
  });
});

describe('what ends a composition', () => {
  const composing = { isComposing: true };
  const justEnded = { keyCode: 229 };

  it.each([composing, justEnded])('is no shortcut: %j', async (how) => {
    await open();
    await fireEvent.keyDown(document.body, { key: 'n', ...how });
    gone('new-key-sheet');
    await fireEvent.keyDown(document.body, { key: 'n' });
    expect(await screen.findByTestId('new-key-sheet')).toBeTruthy();
  });

  it.each([composing, justEnded])('closes no dialog and sends no form: %j', async (how) => {
    const bridge = await open();
    await user.keyboard('n');
    const name = await screen.findByTestId('key-name');
    await fireEvent.keyDown(name, { key: 'Escape', ...how });
    await fireEvent.keyDown(name, { key: 'Enter', ctrlKey: true, ...how });
    expect(at('key-name')).toBe(name);
    expect(asked(bridge, 'create_key')).toEqual([]);
  });

  it.each([composing, justEnded])('neither chooses in the palette nor leaves it: %j', async (how) => {
    await open();
    await user.keyboard('{Control>}k{/Control}');
    const input = await screen.findByTestId('palette-input');
    await user.type(input, 'settings');
    await fireEvent.keyDown(input, { key: 'Enter', ...how });
    await fireEvent.keyDown(input, { key: 'Escape', ...how });
    expect(at('palette')).toBeTruthy();
    expect(at('page-keys')).toBeTruthy();
    await user.keyboard('{Enter}');
    expect(await screen.findByTestId('page-settings')).toBeTruthy();
  });

  it.each([composing, justEnded])('neither clears nor leaves the search: %j', async (how) => {
    await open();
    const box = at('search');
    await user.type(box, 'graf');
    await fireEvent.keyDown(box, { key: 'Escape', ...how });
    await fireEvent.keyDown(box, { key: 'Enter', ...how });
    expect(document.activeElement).toBe(box);
    expect((box as HTMLInputElement).value).toBe('graf');
  });
});
