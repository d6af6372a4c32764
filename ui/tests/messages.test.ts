// Messages: what they begin with and offer, how long they stay, and where the focus goes when they are gone.
import { readdirSync, readFileSync } from 'node:fs';
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { inform, toasts } from '../src/components/toasts.svelte';
import { at, gone, open, press, user } from './support';

describe('messages', () => {
  it('begin with what was done', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.(ts|svelte)$/.test(file),
    );
    const text = files.map((file) => readFileSync(`src/${file}`, 'utf8')).join('\n');
    const titles = [...text.matchAll(/(?:inform\(\{\s*title:|sayCopied\(|const title =)\s*['`]([^'`]+)['`]/g)];
    expect(titles.length).toBeGreaterThan(20);
    for (const [, title] of titles) expect(title).toMatch(/^([A-Z][a-z]+ed|Could not|Kept|Set|Read|\$\{done\}) /);
  });

  const offer = (title: string, run = vi.fn()) => {
    inform({ title, seconds: 10, action: { label: 'Undo', run } });
    return run;
  };

  it('are taken back by the keyboard, the newest first, over a dialog too', async () => {
    await open();
    const first = offer('Revoked one');
    const second = offer('Revoked two');
    await press('nav-projects');
    await press('new-project');
    at('cancel').focus();
    await user.keyboard('{Control>}z{/Control}');
    expect(second).toHaveBeenCalledOnce();
    expect(first).not.toHaveBeenCalled();
    expect((await screen.findByTestId('toast-title')).textContent).toBe('Revoked one');
  });

  it('show what can be undone beside what only informs, and stay under the pointer', async () => {
    await open();
    offer('Revoked one');
    inform({ title: 'Copied' });
    await waitFor(() => {
      expect(screen.getAllByTestId('toast-title').map((each) => each.textContent)).toEqual(['Revoked one', 'Copied']);
    });
    await user.hover(at('undo'));
    offer('Revoked two');
    await user.click(at('undo'));
    expect(screen.queryAllByTestId('toast-title').map((each) => each.textContent)).toContain('Revoked two');
  });

  it('wait while they are read, but no undoing waits', () => {
    vi.useFakeTimers();
    const read = inform({ title: 'Saved' });
    toasts.held = read;
    vi.advanceTimersByTime(30_000);
    expect(toasts.list.map(({ title }) => title)).toEqual(['Saved']);
    toasts.held = null;
    vi.advanceTimersByTime(7000);
    expect(toasts.list).toEqual([]);
    offer('Revoked');
    toasts.held = toasts.list[0]?.id ?? null;
    vi.advanceTimersByTime(10_500);
    expect(toasts.list).toEqual([]);
  });

  it('give the focus back to what had it', async () => {
    await open();
    at('nav-settings').focus();
    offer('Revoked one');
    (await screen.findByTestId('undo')).focus();
    await user.keyboard('{Enter}');
    await waitFor(() => {
      gone('toast');
      expect(document.activeElement).toBe(at('nav-settings'));
    });
  });
});
