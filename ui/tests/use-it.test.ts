import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { WorldOptions } from '../src/bridge/fake/world';
import { dateTime } from '../src/format';
import { asked, at, chooseProject, gone, inRow, open, press, row, user } from './support';

const GRAFANA = 'Grafana dashboards';
/** Opens the drawer of the first key, an organization's if asked. */
async function drawer(options: WorldOptions = {}, organization = false) {
  const bridge = await open(options);
  const [key] = bridge.world.keys;
  if (!key) throw new Error('no key');
  if (organization) {
    key.scope = { type: 'organization' };
    key.project_name = null;
    window.dispatchEvent(new Event('gardien:reload'));
    await waitFor(() => {
      expect(row(GRAFANA).textContent).toContain('Organization');
    });
  }
  await user.click(row(GRAFANA));
  await screen.findByTestId('use-it');
  return { bridge, key };
}

/** The text of the chosen form, as the backend put it. */
const shows = (text: string) =>
  waitFor(() => {
    expect(at('form-text').textContent).toBe(text);
  });

describe('an address on this computer', () => {
  it('says so, hides the form for hosted CI, and tells what to do instead', async () => {
    await drawer();
    const inDrawer = within(at('drawer'));
    expect(inDrawer.getByTestId('this-computer-only').textContent).toContain('Works on this computer only.');
    gone('form-github');
    gone('other-computers-help');
    await user.click(inDrawer.getByTestId('other-computers'));
    expect((await screen.findByTestId('other-computers-help')).textContent).toContain('gardien-server');
    await user.keyboard('{Escape}');
    await waitFor(() => {
      gone('other-computers-help');
    });
    expect(at('drawer')).toBeTruthy();
  });

  it('is not said of a team’s gateway, whose keys are offered to hosted CI', async () => {
    await drawer({ connection: 'team' });
    gone('this-computer-only');
    await press('form-github');
    await shows('github: project null at https://phare.example.com');
  });
});

describe('a form', () => {
  it('is in the drawer of a kept key only', async () => {
    await open();
    await user.click(row('terraform-production'));
    await screen.findByTestId('headers');
    gone('use-it');
  });

  it('says on its button that it was copied, and a word of it later', async () => {
    const { bridge, key } = await drawer();
    await press('copy-form');
    await waitFor(() => {
      expect(at('copy-form').textContent.trim()).toBe('Copied');
    });
    expect(asked(bridge, 'copy_form')).toEqual([{ id: key.id, form: 'env', project_id: null }]);
    await waitFor(
      () => {
        expect(at('copy-form').textContent.trim()).toBe('Copy');
      },
      { timeout: 5000 },
    );
  });

  it('says of its copy whether the secret is in it, as the text itself has it', async () => {
    await drawer({ connection: 'team' });
    const said = async (words: string) =>
      waitFor(() => {
        expect(screen.getAllByTestId('toast-title').at(-1)?.textContent).toBe(words);
      });
    await press('copy-form');
    await said('Copied as .env, with the secret');
    await press('form-github');
    await press('copy-form');
    await said('Copied as GitHub Actions');
  });

  it('of an organization key asks for the project instead of taking the first', async () => {
    const { bridge, key } = await drawer({}, true);
    await press('form-terraform');
    await press('copy-form');
    expect(at('use-it-project-problem').textContent).toBe('Choose one before you copy.');
    expect(asked(bridge, 'copy_form')).toEqual([]);
    await press('choose-project');
    await chooseProject(2);
    await waitFor(() => {
      expect(at('choose-project').textContent).toContain('Harbour');
    });
    gone('use-it-project-problem');
    await shows('terraform: project 2 at http://127.0.0.1:7420');
    await press('copy-form');
    await waitFor(() => {
      expect(asked(bridge, 'copy_form')).toEqual([{ id: key.id, form: 'terraform', project_id: 2 }]);
    });
  });
});

describe('a text that cannot be had', () => {
  it('is said, and asked for again', async () => {
    const { bridge } = await drawer({ connection: 'team' });
    bridge.world.failing.set('form_text', { code: 'unreachable', message: 'No answer.', remedy: 'Try later.' });
    await press('form-github');
    const problem = await within(at('use-it')).findByTestId('problem');
    expect(problem.textContent).toContain('Try later.');
    gone('form-text');
    bridge.world.failing.clear();
    await press('problem-retry');
    await shows('github: project null at https://phare.example.com');
  });

  it('leaves none of another project in its place', async () => {
    const { bridge } = await drawer({}, true);
    await press('form-terraform');
    await shows('terraform: project null at http://127.0.0.1:7420');
    bridge.world.delay = 200;
    await press('choose-project');
    await chooseProject(2);
    await waitFor(() => {
      expect(at('choose-project').textContent).toContain('Harbour');
    });
    expect(at('form-text').textContent).toBe('');
    await shows('terraform: project 2 at http://127.0.0.1:7420');
  });
});

describe('trying a key', () => {
  it('makes one call and says what came back', async () => {
    const { bridge, key } = await drawer();
    await press('try-key');
    const trial = await screen.findByTestId('trial');
    expect(trial.textContent).toContain('It works');
    expect(trial.textContent).toContain('Answered 200 in 12 ms, listing monitors.');
    expect(within(trial).getByTestId('trial-body').textContent).toContain('"data":[]');
    expect(asked(bridge, 'try_key')).toEqual([{ id: key.id, project_id: null }]);
  });

  it('asks for the project of an organization key first', async () => {
    const { bridge } = await drawer({}, true);
    await press('try-key');
    expect(at('try-project-problem')).toBeTruthy();
    await press('choose-project');
    await chooseProject(3);
    await press('try-key');
    await screen.findByTestId('trial');
    expect(asked(bridge, 'try_key').map(({ project_id }) => project_id)).toEqual([3]);
  });

  it('says what went wrong', async () => {
    const { bridge } = await drawer();
    bridge.world.failing.set('try_key', { code: 'gateway_stopped', message: 'Nobody listens.', remedy: 'Resume it.' });
    await press('try-key');
    expect((await screen.findByTestId('problem')).textContent).toContain('Resume it.');
  });
});

describe('while a rotation is under way', () => {
  it('the drawer says until when the old secret works and who uses it, and ends it', async () => {
    const bridge = await open({ keys: 12 });
    const key = bridge.world.keys.find(({ status }) => status === 'rotating');
    if (!key) throw new Error('no rotating key');
    await user.click(row(key.name));
    const section = within(await screen.findByTestId('previous-secret'));
    expect(section.getByText(/Works until .* It was last used 3 hours ago\./)).toBeTruthy();
    await press('end-previous');
    await waitFor(() => {
      gone('previous-secret');
    });
    expect(asked(bridge, 'end_previous')).toEqual([{ id: key.id }]);
    expect(document.activeElement).toBe(at('drawer'));
  });

  it('two old secrets are told apart and end together', async () => {
    const bridge = await open({ keys: 12 });
    const key = bridge.world.keys.find(({ status }) => status === 'rotating');
    if (!key) throw new Error('no rotating key');
    key.earlier_valid_until = new Date(Date.now() + 9 * 3_600_000).toISOString();
    bridge.push({ type: 'changed', change: { type: 'keys', ids: [key.id] } });
    await user.click(row(key.name));
    const section = within(await screen.findByTestId('previous-secret'));
    expect(await section.findByText(/^The last one works until .* It was last used 3 hours ago\.$/)).toBeTruthy();
    expect(
      section.getByText(/^The one before that works until .* Nobody has used it since the rotation\.$/),
    ).toBeTruthy();
    expect(at('end-previous').textContent).toContain('End both now');
    expect(inRow(key.name, 'old-secret').textContent).toMatch(/^2 old, [89] h left$/);
    expect(inRow(key.name, 'status').title).toMatch(
      /^The last old secret works until .*, last used 3 hours ago\.\nThe one before that works until .*, last used before the rotation\.$/,
    );
    await user.keyboard('r');
    expect((await screen.findByTestId('rotate-two-old')).textContent).toMatch(
      /Two old secrets of this key still work\. The last old secret works until .* The one before that works until .*, last used/,
    );
  });

  it('a rotation promises nothing beyond the end of the key', async () => {
    const bridge = await open();
    const [key] = bridge.world.keys;
    if (!key) throw new Error('no key');
    key.expires_at = new Date(Date.now() + 2 * 3_600_000).toISOString();
    bridge.push({ type: 'changed', change: { type: 'keys', ids: [key.id] } });
    await waitFor(() => {
      expect(row(key.name).textContent).toMatch(/in [12] h/);
    });
    await user.keyboard('jr');
    const dialog = await screen.findByTestId('rotate-dialog');
    expect(dialog.textContent).toContain(`It works until ${dateTime(key.expires_at)} only`);
    await press('grace-3600');
    expect(dialog.textContent).toContain('Enough time to put the new secret in place.');
  });
});

it('the drawer says what a key was last used for, and copies its id', async () => {
  const { bridge, key } = await drawer();
  await waitFor(() => {
    expect(at('last-used').textContent).toBe('3 min ago, listing monitors, by terraform-provider-phare from 127.0.0.1');
  });
  await press('copy-id');
  await waitFor(() => {
    expect(bridge.world.clipboard).toBe(key.id);
  });
});
