import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { fault } from '../src/bridge/fake/world';
import { Draft, type FieldName } from '../src/features/keys/draft.svelte';
import { asked, at, fill, fillIn, gone, hold, open, press, row, user } from './support';

describe('what somebody has begun', () => {
  it('is asked about once when they leave, and is there when they come back', async () => {
    const bridge = await open();
    await press('new-key');
    await user.keyboard('{Escape}');
    gone('new-key-sheet');

    await press('new-key');
    gone('resumed');
    await fill('key-name', 'half of it');
    await press('uptime-read');
    await user.keyboard('{Escape}');
    expect(at('leave-draft')).toBeTruthy();
    await press('draft-stay');
    gone('leave-draft');
    await press('cancel');
    expect(document.activeElement).toBe(at('draft-keep'));
    await user.keyboard('{Escape}');
    gone('new-key-sheet');

    await press('new-key');
    expect((at('key-name') as HTMLInputElement).value).toBe('half of it');
    expect(at('uptime-read').dataset['state']).toBe('checked');
    await press('start-over');
    expect((at('key-name') as HTMLInputElement).value).toBe('');
    await fill('key-name', 'another');
    await press('cancel');
    await press('draft-discard');
    await press('new-key');
    expect((at('key-name') as HTMLInputElement).value).toBe('');
    expect(asked(bridge, 'create_key')).toEqual([]);
  });

  it('is not the only project, which is filled in while they write', async () => {
    const bridge = await open();
    bridge.world.projects = bridge.world.projects.slice(0, 1);
    const answer = hold(bridge, 'list_projects');
    await press('new-key');
    await user.type(at('key-name'), 'n');
    answer();
    await waitFor(() => {
      expect(at('sentence').textContent).not.toContain('a project');
    });
    await user.type(at('key-name'), '{Backspace}');
    await user.keyboard('{Escape}');
    gone('new-key-sheet');
  });

  it('comes back without what was refused', async () => {
    const bridge = await open();
    await fillIn();
    const fields = { name: ['Another key has this name.'] };
    bridge.world.failing.set('create_key', fault('invalid', 'Some fields need a look.', fields));
    await press('create-key');
    await screen.findByTestId('key-name-problem');
    await press('cancel');
    await press('draft-keep');
    gone('new-key-sheet');
    await press('new-key');
    expect((at('key-name') as HTMLInputElement).value).toBe('grafana');
    gone('key-name-problem');
  });

  it('is begun by the choice to keep no secret, too', () => {
    const draft = new Draft();
    expect(draft.touched).toBe(false);
    draft.keep = false;
    expect(draft.touched).toBe(true);
  });

  it('ends with the key', async () => {
    await open();
    await fillIn();
    await press('create-key');
    await press('fresh-done');
    await press('new-key');
    gone('resumed');
    expect((at('key-name') as HTMLInputElement).value).toBe('');
  });

  it('may be the settings of a key that is over', async () => {
    const bridge = await open({ keys: 12 });
    const dead = bridge.world.keys.find(({ status }) => status === 'revoked');
    if (!dead) throw new Error('no revoked key');
    dead.share = { at_most: 30, reserved: 10, weight: 3 };
    await press('filter-dead');
    await waitFor(() => row(dead.name));
    await user.click(row(dead.name));
    expect(at('can-do-nothing').textContent).toContain('Nothing: it was revoked 1 day ago.');
    gone('operation');
    gone('headers');
    await press('create-like');
    expect((at('key-name') as HTMLInputElement).value).toBe(dead.name);
    expect(at(`uptime-${dead.products.uptime}`).dataset['state']).toBe('checked');
    await press('create-key');
    await screen.findByTestId('fresh-sheet');
    expect(asked(bridge, 'create_key')[0]?.key).toMatchObject({
      name: dead.name,
      scope: dead.scope,
      share: dead.share,
    });
  });
});

describe('a refusal', () => {
  const REFUSED: Record<FieldName, string> = {
    name: 'key.name',
    note: 'note',
    project: 'scope.project_id',
    products: 'products.uptime',
    at_most: 'share.at_most',
    reserved: 'share.reserved',
    expires_at: 'expires_at',
  };
  it.each<[string, FieldName[], Partial<Draft>]>([
    ['name', ['name'], { name: 'another' }],
    ['note', ['note'], { note: 'another' }],
    ['scope', ['project'], { scope: 'organization' }],
    ['project', ['project'], { project: 2 }],
    ['products', ['products'], { uptime: 'read' }],
    ['bound', ['at_most', 'reserved'], { atMost: '30' }],
    ['part kept free', ['at_most', 'reserved'], { reserved: '10' }],
    ['choice of an end', ['expires_at'], { expiry: '30' }],
    ['last day', ['expires_at'], { date: '25 Feb 2099' }],
  ])('is of what was sent, not of another %s', (_, corrected, change) => {
    const sent: Partial<Draft> = {
      name: 'grafana',
      note: '',
      scope: 'project',
      project: 1,
      platform: 'read',
      uptime: 'none',
      atMost: '100',
      reserved: '20',
      expiry: 'date',
      date: '24 Feb 2099',
    };
    const draft = Object.assign(new Draft(), sent);
    const fields = Object.keys(REFUSED) as FieldName[];
    const wrong = () => fields.filter((field) => draft.problems(field).length > 0);
    const refusal = Object.fromEntries(Object.values(REFUSED).map((path) => [path, ['No.']]));
    draft.refuse(fault('invalid', 'Some fields need a look.', refusal), draft.content);
    expect(wrong()).toEqual(fields);
    Object.assign(draft, change);
    expect(wrong()).toEqual(fields.filter((field) => !corrected.includes(field)));
    Object.assign(draft, sent);
    expect(wrong()).toEqual(fields);
  });
});

it('from the first start to the first key it takes eight clicks at most', async () => {
  const bridge = await open({ stage: 'first_start', keys: 0, projects: 0 });
  let clicks = 0;
  const click = async (testid: string) => {
    clicks += 1;
    await press(testid);
  };
  await fill('organization', 'Acme');
  await fill('email', 'ada@example.com');
  await click('start');
  await screen.findByTestId('empty');
  await click('new-key');
  await fill('key-name', 'grafana');
  await fill('project-in-place', 'Harbour');
  await click('project-in-place-create');
  await waitFor(() => {
    expect(at('project-option').dataset['chosen']).toBe('true');
  });
  await click('preset-monitoring');
  await click('create-key');
  await screen.findByTestId('fresh-sheet');
  expect(asked(bridge, 'create_key')).toHaveLength(1);
  expect(clicks).toBeLessThanOrEqual(8);
});
