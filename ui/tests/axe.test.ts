// Every screen of the fake world. Contrast needs pixels, so it is looked at in the real window instead.
import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { sampleClosing } from '../src/bridge/fake';
import { makeWorld, type WorldOptions } from '../src/bridge/fake/world';
import { app } from '../src/state/app.svelte';
import { at, fill, fillIn, open, press, row, user } from './support';

type Screen = [name: string, options: WorldOptions, go?: () => Promise<unknown>];

/** A key that is out of the way until somebody asks for it. */
async function openDead(name: string) {
  await press('filter-dead');
  await waitFor(() => row(name));
  await user.click(row(name));
}
const steps =
  (...testids: string[]) =>
  async () => {
    for (const testid of testids) await press(testid);
  };
const first = () => user.click(row('Grafana dashboards'));
/** A log with a key of the fake world in it, and others. */
async function pasteInto(testid: string) {
  const field = await screen.findByTestId(testid);
  const text = `pha_prj_gdn_kdewAAAAAAAAAAAAAAAAAAAAAAAA7h5nx7Kq2b\npha_abcdefghijklmnopqrst gdn_session_${'a'.repeat(43)}`;
  await fireEvent.paste(field, { clipboardData: { files: [], getData: () => text } });
  await screen.findAllByTestId('pasted-strange');
}
const SCREENS: Screen[] = [
  ['first start', { stage: 'first_start' }],
  ['first start, refused', { stage: 'first_start' }, () => press('start')],
  ['first start, connect', { stage: 'first_start' }, () => press('tab-connect')],
  ['failure', { stage: 'failed', code: 'data_damaged' }],
  ['older data', { stage: 'failed', code: 'data_older' }],
  ['failure, connect again', { stage: 'failed', code: 'session_refused' }, () => press('connect-again')],
  ['keys', { keys: 3 }],
  ['no keys', { keys: 0 }],
  ['many keys', { keys: 5000 }],
  ['keys of a Member', { role: 'member', keys: 9 }],
  ['keys with banners', { gateway: 'port_busy', keychain: 'locked' }],
  ['keys that cannot be loaded', { failing: 'list_keys', code: 'disk_full' }],
  ['filter', {}, () => press('filter-status')],
  ['menu of a row', {}, async () => user.click((await screen.findAllByTestId('row-menu'))[0] ?? document.body)],
  ['drawer', {}, first],
  [
    'selection',
    {},
    async () => {
      await user.keyboard('jxj');
      await user.keyboard('x');
    },
  ],
  [
    'bulk revoke',
    {},
    async () => {
      await user.keyboard('jx');
      await user.keyboard('{Delete}');
      await screen.findByTestId('revoke-dialog');
    },
  ],
  ['revoked', {}, async () => user.click((await screen.findAllByTestId('row-revoke'))[0] ?? document.body)],
  [
    'rotate',
    {},
    async () => {
      await first();
      await press('drawer-rotate');
    },
  ],
  ['new key', {}, () => press('new-key')],
  ['new key, refused', {}, steps('new-key', 'create-key')],
  ['new key without a project', { projects: 0 }, () => press('new-key')],
  [
    'new key, with its operations, a project to be made and a day to be picked',
    { projects: 12 },
    async () => {
      await press('new-key');
      await press('preset-terraform');
      await press('make-project');
      await press('expiry-date');
      await press('pick-day');
      await screen.findByTestId('calendar');
    },
  ],
  [
    'new key, left half done',
    {},
    async () => {
      await press('new-key');
      await fill('key-name', 'grafana');
      await press('cancel');
    },
  ],
  [
    'fresh key, tried, and where to use it from elsewhere',
    {},
    async () => {
      await fillIn();
      await press('create-key');
      await press('choose-project');
      await user.click((await screen.findAllByTestId('project-option'))[0] ?? document.body);
      await press('try-key');
      await screen.findByTestId('trial');
      await user.click(within(at('fresh-sheet')).getByTestId('other-computers'));
      await screen.findByTestId('other-computers-help');
    },
  ],
  ['drawer of a revoked key', { keys: 12 }, () => openDead('nightly-report')],
  ['drawer of a key with two secrets', { keys: 12 }, () => user.click(row('Backup of monitors'))],
  [
    'fresh key',
    {},
    async () => {
      await fillIn();
      await press('create-key');
      await press('fresh-reveal');
    },
  ],
  ['projects', {}, () => press('nav-projects')],
  ['no projects', { projects: 0 }, () => press('nav-projects')],
  ['new project', {}, steps('nav-projects', 'new-project')],
  [
    'delete a project',
    {},
    async () => {
      await press('nav-projects');
      await user.click((await screen.findAllByTestId('delete-project'))[0] ?? document.body);
      await screen.findByTestId('confirm-delete');
    },
  ],
  [
    'activity',
    {},
    async () => {
      await press('nav-activity');
      await press('verify');
      await screen.findByTestId('verification');
    },
  ],
  [
    'fresh key, keychain locked',
    { keychain: 'locked' },
    async () => {
      await fillIn();
      await press('create-key');
      await screen.findByTestId('keep-problem');
    },
  ],
  ['settings', {}, () => press('nav-settings')],
  ['settings of a team', { connection: 'team' }, steps('nav-settings', 'disconnect')],
  [
    'settings of a team with several gateways',
    { connection: 'team', gateways: 3 },
    async () => {
      await press('nav-settings');
      await screen.findAllByTestId('gateway');
    },
  ],
  ['settings over Phare', { upstream: 'phare', phare: 'switched' }, () => press('nav-settings')],
  ['settings, Phare’s key refused', { upstream: 'phare', phare: 'refused' }, () => press('nav-settings')],
  ['attach Phare, refused', {}, steps('nav-settings', 'attach-phare', 'attach-submit')],
  ['back to the sandbox', { upstream: 'phare', phare: 'due' }, steps('nav-settings', 'use-sandbox')],
  ['kept Phare keys', { kept: 3 }, () => press('keys-tab-kept')],
  ['no kept Phare keys', {}, () => press('keys-tab-kept')],
  ['kept Phare keys that cannot be loaded', { failing: 'list_phare_keys' }, () => press('keys-tab-kept')],
  ['revoke in Phare', { kept: 1 }, steps('keys-tab-kept', 'kept-revoke', 'open-phare-panel')],
  [
    'a key that Phare’s key stops',
    { upstream: 'phare', phare: 'read' },
    async () => {
      await user.click(row('terraform-production'));
      await screen.findByTestId('key-stops');
    },
  ],
  ['notices, and a paused gateway', { gateway: 'paused', notices: 2 }],
  ['switch of homes', { connection: 'team' }, () => press('connection')],
  ['connect to a team, refused', {}, steps('nav-settings', 'connect-to-team', 'connect')],
  ['who used the limit', { used: 100 }, () => press('gauge-open')],
  ['pause the gateway', {}, steps('nav-settings', 'pause-gateway')],
  [
    'closing',
    { keys: 9 },
    async () => {
      app.closing = sampleClosing(makeWorld({ keys: 9 }), false);
      await screen.findByTestId('closing-dialog');
    },
  ],
  ['palette', {}, () => user.keyboard('j{Control>}k{/Control}')],
  ['palette, typed', {}, () => user.keyboard('j{Control>}k{/Control}graf')],
  ['palette, nothing found', {}, () => user.keyboard('{Control>}k{/Control}zzqq')],
  [
    'palette, keys not searched',
    { failing: 'list_keys' },
    async () => {
      await user.keyboard('{Control>}k{/Control}zzqq');
      await screen.findByTestId('palette-failed');
    },
  ],
  ['palette, pasted', {}, async () => user.keyboard('{Control>}k{/Control}').then(() => pasteInto('palette-input'))],
  ['pasted', {}, () => pasteInto('search')],
  ['pasted, of a Member', { role: 'member', keys: 9 }, () => pasteInto('search')],
  [
    'activity, opened and narrowed',
    {},
    async () => {
      await press('nav-activity');
      await user.click((await screen.findAllByTestId('audit-toggle'))[0] ?? document.body);
      await press('filter-time');
    },
  ],
  [
    'activity, about what',
    {},
    async () => {
      await press('nav-activity');
      await press('filter-subject');
      await screen.findAllByTestId('filter-subject-key');
    },
  ],
  ['shortcuts', {}, () => user.keyboard('?')],
];

describe('axe finds nothing on', () => {
  it.each(SCREENS)('%s', async (_, options, go) => {
    await open(options);
    await go?.();
    const { violations } = await axe.run(document.documentElement, {
      resultTypes: ['violations'],
      rules: { 'color-contrast': { enabled: false } },
    });
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`)).toEqual([]);
  });
});
