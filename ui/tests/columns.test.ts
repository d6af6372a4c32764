// The table of keys in every width: what it says of a key, and that it fits. Nothing is laid out here, so sums are done.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inRow, open, row } from './support';

/** The smallest window without its sidebar. */
const SMALLEST = 900 - 216;
const SCROLLBAR = 12;
const css = readFileSync('src/features/keys/columns.css', 'utf8');
const [wide = '', ...blocks] = css.split(/(?=@container)/);
const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? NaN);
const stages = [wide, ...blocks].map((block, index) => ({
  tracks:
    (/grid-template-columns:([^;]+);/.exec(block)?.[1] ?? '').replaceAll(/, [\d.]+fr\)/g, ')').match(/\d+px/g) ?? [],
  gap: [wide, ...blocks].slice(0, index + 1).reduce((gap, each) => number(each, /gap: (\d+)px/) || gap, 0),
  /** The least room that it is meant for: a pixel more than the next stage begins at. */
  room: index < blocks.length ? number(blocks[index] ?? '', /max-width: (\d+)px/) + 1 : SMALLEST,
}));
const [, right = NaN, , left = NaN] = (/padding: ([\d px]+);/.exec(wide)?.[1] ?? '').split(' ').map(parseFloat);

describe('the columns of the table', () => {
  it.each(stages)('fit where there is room for them: $tracks', ({ tracks, gap, room }) => {
    const widths = tracks.reduce((sum, track) => sum + parseInt(track), 0);
    expect(widths + gap * (tracks.length - 1) + left + right + SCROLLBAR).toBeLessThanOrEqual(room);
  });

  it('lose what matters least first, and never what a key may do', () => {
    expect(stages.map(({ tracks }) => tracks.length)).toEqual([9, 8, 7, 7, 6]);
    const hidden = [...css.matchAll(/([^{};]*)\{\s*display: none/g)].flatMap(([, names]) => names?.match(/\.[\w-]+/g));
    expect(hidden).toEqual(['.access', '.product-name', '.news', '.created', '.revoke', '.word', '.expires']);
  });
});

describe('a row', () => {
  it('names each product beside what the key may do with it', async () => {
    await open();
    const said = (name: string) =>
      [...row(name).querySelectorAll('.product')].map(({ textContent }) => textContent.replaceAll(/\s+/g, ' ').trim());
    expect(said('Grafana dashboards')).toEqual(['Platform No access', 'Uptime Read']);
    expect(said('terraform-production')).toEqual(['Platform Read-write', 'Uptime Read-write']);
  });

  it('says under the name what columns that have no room would say, if it is out of the ordinary', async () => {
    const bridge = await open({ keys: 12 });
    const rotating = bridge.world.keys.find(({ status }) => status === 'rotating');
    expect(inRow(rotating?.name ?? '', 'row-news').textContent).toMatch(/^Rotating · [45] h left/);
    expect(inRow('Grafana dashboards', 'row-news').textContent).toBe('Expires in 11 h');
    expect(row('Status page bot').querySelector('[data-testid="row-news"]')).toBeNull();
  });
});
