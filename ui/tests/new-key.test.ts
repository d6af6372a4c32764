import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { NO_ACCESS } from '../src/features/keys/draft.svelte';
import { asked, at, chooseProject, fill, fillIn, gone, open, press, user } from './support';

describe('a new key', () => {
  it('is refused before it is sent, with each reason beside its control', async () => {
    const bridge = await open();
    await press('new-key');
    await press('create-key');
    expect(at('key-name-problem').textContent).toContain('Give the key a name.');
    expect(at('project-problem').textContent).toContain('Choose the project');
    expect(at('products-problem').textContent).toContain(NO_ACCESS);
    expect(at('key-name').getAttribute('aria-invalid')).toBe('true');

    await fill('key-name', 'grafana');
    await press('scope-organization');
    await press('expiry-date');
    await fill('expiry-day', 'soon');
    await press('create-key');
    gone('key-name-problem');
    gone('project-problem');
    expect(at('products-problem').textContent).toContain(NO_ACCESS);
    expect(at('expiry-day-problem').textContent).toContain('Write a day');
    await user.clear(at('expiry-day'));
    await fill('expiry-day', '1.1.2020');
    expect(at('expiry-day-problem').textContent).toContain('over');
    expect(asked(bridge, 'create_key')).toEqual([]);
  });

  it('sends exactly what was chosen', async () => {
    const bridge = await open();
    await press('new-key');
    await fill('key-name', ' deploy ');
    await chooseProject(2);
    await press('uptime-read_write');
    await press('expiry-never');
    await press('create-key');
    await screen.findByTestId('fresh-sheet');
    expect(asked(bridge, 'create_key')).toEqual([
      {
        key: {
          name: 'deploy',
          note: '',
          scope: { type: 'project', project_id: 2 },
          products: { platform: 'none', uptime: 'read_write' },
          expires_at: null,
        },
        keep: true,
      },
    ]);
  });

  it('shows what it will be able to do while it is described', async () => {
    await open();
    await press('new-key');
    expect((await screen.findByTestId('operations-empty')).textContent).toContain('Nothing yet.');
    gone('operation');
    const allowed = () =>
      screen
        .getAllByTestId('operation')
        .filter((operation) => operation.dataset['allowed'] === 'true')
        .map((operation) => operation.dataset['operationId']);
    await press('preset-terraform');
    expect(allowed()).not.toContain('createProject');
    await press('scope-organization');
    expect(allowed()).toContain('createProject');
    expect(allowed()).toHaveLength(48);
    await press('uptime-read');
    expect(allowed()).not.toContain('createUptimeMonitor');
    expect(at('headers').textContent).toContain('X-Phare-Project-Id');

    await fill('operations-search', '/status-pages/{statusPageId}');
    expect(screen.getAllByTestId('operation').map(({ title }) => title)).toContain(
      'DELETE /uptime/status-pages/{statusPageId}',
    );
    await user.clear(at('operations-search'));
    await fill('operations-search', 'delete a monitor');
    expect(screen.getAllByTestId('operation')).toHaveLength(1);
    expect(at('operation').textContent).toContain('needs read-write');
  });

  it('says in one sentence what will be made, as soon as that is settled', async () => {
    await open();
    await press('new-key');
    const sentence = () => at('sentence').textContent.replaceAll(/\s+/g, ' ').trim();
    expect(sentence()).toBe('Still to choose: a name, a project, access.');
    await fill('key-name', 'terraform-prod');
    await chooseProject(2);
    await press('uptime-read_write');
    await press('expiry-date');
    await fill('expiry-day', '24.2.2099');
    expect(at('new-key-sheet').textContent).toContain('Tuesday, 24 February 2099');
    expect(sentence()).toBe(
      '“terraform-prod” can read and change monitors, incidents and status pages in Harbour, until 24 February 2099.',
    );
    await press('scope-organization');
    await press('expiry-never');
    expect(sentence()).toMatch(/in every project, for ever\.$/);
  });

  it('takes four clicks and a name, for one of twelve projects', async () => {
    const bridge = await open({ projects: 12 });
    await press('new-key');
    await user.keyboard('grafana');
    await user.click(await screen.findByText('Project 9'));
    await press('preset-monitoring');
    await press('create-key');
    await screen.findByTestId('fresh-sheet');
    expect(asked(bridge, 'create_key')[0]?.key).toMatchObject({
      name: 'grafana',
      scope: { type: 'project', project_id: 9 },
      products: { platform: 'read', uptime: 'read' },
    });
  });

  it('is made by the keyboard alone, from anywhere in the sheet', async () => {
    const bridge = await open({ projects: 2000 });
    await user.keyboard('n');
    await screen.findByTestId('new-key-sheet');
    await user.keyboard('grafana');
    at('project-picker').focus();
    expect(screen.getAllByTestId('project-option').length).toBeLessThan(60);
    await user.keyboard('project 1234{Enter}');
    expect(asked(bridge, 'create_key')).toEqual([]);
    at('uptime-none').focus();
    await user.keyboard('{ArrowRight}');
    at('key-note').focus();
    await user.keyboard('{Control>}{Enter}{/Control}');
    await screen.findByTestId('fresh-sheet');
    expect(asked(bridge, 'create_key')[0]?.key).toMatchObject({
      scope: { type: 'project', project_id: 1234 },
      products: { platform: 'none', uptime: 'read' },
    });
  });

  it('finds its project made on the way', async () => {
    const bridge = await open({ projects: 12 });
    await press('new-key');
    await fill('project-picker', 'Shipyard');
    expect(screen.queryAllByTestId('project-option')).toEqual([]);
    await press('make-project');
    expect((at('project-in-place') as HTMLInputElement).value).toBe('Shipyard');
    await fill('project-in-place', ' of the whole northern coast');
    expect(at('project-in-place-problem').textContent).toContain('at most 25');
    await user.clear(at('project-in-place'));
    await user.type(at('project-in-place'), 'Shipyard{Enter}');
    await waitFor(() => {
      expect(
        screen.getAllByTestId('project-option').find((each) => each.dataset['chosen'] === 'true')?.dataset,
      ).toMatchObject({ projectName: 'Shipyard' });
    });
    expect(asked(bridge, 'create_project')).toEqual([{ name: 'Shipyard' }]);
    expect(asked(bridge, 'create_key')).toEqual([]);
  });

  it('makes the first project where there is none', async () => {
    await open({ projects: 0 });
    await press('new-key');
    await screen.findByTestId('no-project');
    await fill('project-in-place', 'Harbour');
    await press('project-in-place-create');
    await waitFor(() => {
      expect(at('project-option').dataset['chosen']).toBe('true');
    });
  });

  it('takes the focus to the first problem, which moves nothing', async () => {
    await open();
    await press('new-key');
    await waitFor(() => {
      expect(document.activeElement).toBe(at('key-name'));
    });
    await press('create-key');
    expect(document.activeElement).toBe(at('key-name'));
    await fill('key-name', 'grafana');
    await press('create-key');
    await waitFor(() => {
      expect(document.activeElement).toBe(at('project-picker'));
    });
    // On the line of the label, which is there anyway.
    expect(at('project-problem').parentElement?.textContent).toContain('Project');
    await chooseProject(1);
    await press('create-key');
    await waitFor(() => {
      expect(document.activeElement).toBe(at('platform-none'));
    });
  });

  it('says of a name what is wrong with it while it is written, and cuts nothing', async () => {
    await open();
    await press('new-key');
    await user.click(at('key-name'));
    await user.paste('x'.repeat(112));
    expect((at('key-name') as HTMLInputElement).value).toHaveLength(112);
    expect(at('key-name-problem').textContent).toContain('112 characters: at most 100');
    await user.clear(at('key-name'));
    gone('key-name-problem');
    await user.paste('\u202Egpj.key');
    expect(at('key-name-problem').textContent).toContain('direction');
  });

  it('picks its last day in a calendar', async () => {
    await open();
    await press('new-key');
    await press('expiry-date');
    await fill('expiry-day', '24.2.2099');
    await press('pick-day');
    await screen.findByTestId('calendar');
    await user.click(within(at('calendar')).getByText('20'));
    await waitFor(() => {
      gone('calendar');
    });
    expect((at('expiry-day') as HTMLInputElement).value).toBe('20 Feb 2099');
    expect(at('new-key-sheet')).toBeTruthy();
  });

  it('puts what the backend refuses beside its control', async () => {
    const bridge = await open();
    const fields = { name: ['Another key has this name.'] };
    bridge.world.failing.set('create_key', { code: 'invalid', message: '', remedy: '', fields });
    await fillIn();
    await press('create-key');
    expect((await screen.findByTestId('key-name-problem')).textContent).toContain('Another key has this name.');
    gone('problem');
    // What is written then is another name.
    await fill('key-name', '-2');
    gone('key-name-problem');
  });
});
