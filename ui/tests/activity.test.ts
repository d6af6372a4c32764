import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { asked, at, inRow, open, press, row, user } from './support';

const GRAFANA = 'Grafana dashboards';
const entries = () => screen.getAllByTestId('audit-row');
const lastAsked = (bridge: Awaited<ReturnType<typeof open>>) => {
  const { limit, ...rest } = asked(bridge, 'list_audit').at(-1) ?? {};
  expect(limit).toBe(100);
  return rest;
};

describe('the activity', () => {
  it('is told in sentences, with what was done to secrets too', async () => {
    await open();
    await user.click(inRow(GRAFANA, 'row-copy'));
    await user.click(inRow(GRAFANA, 'row-revoke'));
    await waitFor(() => {
      expect(row(GRAFANA).dataset['status']).toBe('revoked');
    });
    await press('nav-activity');
    await screen.findAllByTestId('audit-row');
    const told = entries().map((each) => each.textContent.replace(/^\s*\d\d:\d\d\s*/, '').trim());
    expect(told[0]).toMatch(/^You revoked “Grafana dashboards” …\w{4}$/);
    expect(told[1]).toMatch(/^You copied the secret of “Grafana dashboards” …\w{4}$/);
    expect(at('page-activity').textContent).toContain('Today');
    expect(at('page-activity').textContent).not.toMatch(/key\.|_at|\{|T\d\d:/);
  });

  it('opens to what was before and after, when exactly, and the seal', async () => {
    const bridge = await open();
    bridge.world.audit.push({
      sequence: 99,
      at: '2026-11-20T10:00:03Z',
      actor: 'ben@example.com',
      action: 'key.updated',
      subject: bridge.world.keys[0]?.id ?? '',
      subject_name: null,
      detail: { name: { from: 'deploy', to: 'deploy-prod' }, display: 'pha_org_gdn_Ab12…3fQz' },
      hash: 'ab'.repeat(32),
    });
    await press('nav-activity');
    const [first] = await screen.findAllByTestId('audit-row');
    await user.click(within(first ?? document.body).getByTestId('audit-toggle'));
    const detail = await screen.findByTestId('audit-detail');
    expect(detail.textContent).toMatch(/Name\s+deploy\s+became\s+deploy-prod/);
    expect(detail.textContent).toContain('20 November 2026');
    expect(detail.textContent).toContain('by ben@example.com');
    await press('copy-seal');
    await waitFor(() => {
      expect(bridge.world.clipboard).toBe('ab'.repeat(32));
    });
    await user.keyboard('{Shift>}{Tab}{/Shift}{Enter}');
    expect(screen.queryByTestId('audit-detail')).toBeNull();
  });

  it('shows what happens while it is looked at, unless somebody reads on', async () => {
    const bridge = await open();
    await press('nav-activity');
    await screen.findAllByTestId('audit-row');
    const before = entries().length;
    const happen = async () => {
      await bridge.call('create_project', { name: `Made ${String(bridge.world.projects.length)}` });
      bridge.push({ type: 'changed', change: { type: 'projects' } });
    };
    await happen();
    await waitFor(() => {
      expect(entries()).toHaveLength(before + 1);
    });
    await user.click(screen.getAllByTestId('audit-toggle')[1] ?? document.body);
    const times = asked(bridge, 'list_audit').length;
    await happen();
    expect(asked(bridge, 'list_audit')).toHaveLength(times);
    await user.click(screen.getAllByTestId('audit-toggle')[1] ?? document.body);
    await waitFor(() => {
      expect(entries()).toHaveLength(before + 2);
    });
  });

  it('is asked for by who, what, about which key, and when', async () => {
    const bridge = await open({ keys: 20 });
    await press('nav-activity');
    await screen.findAllByTestId('audit-row');
    await press('filter-who');
    await press('filter-who-ada@example.com');
    await press('filter-what');
    await press('filter-what-key.revoked');
    await press('filter-time');
    await press('filter-time-week');
    await press('filter-subject');
    await user.type(await screen.findByTestId('filter-subject-search'), 'terraform-prod');
    await waitFor(() => {
      expect(screen.getAllByTestId('filter-subject-key')).toHaveLength(3);
      expect(screen.getAllByTestId('filter-subject-key')[0]?.hasAttribute('data-selected')).toBe(true);
    });
    await user.keyboard('{Enter}');
    await waitFor(() => {
      expect(lastAsked(bridge)).toMatchObject({
        actor: 'ada@example.com',
        action: 'key.revoked',
        subject: bridge.world.keys[1]?.id,
      });
    });
    const since = new Date(lastAsked(bridge).since ?? '');
    expect([since.getHours(), since.getMinutes()]).toEqual([0, 0]);
    expect(Math.round((Date.now() - since.getTime()) / 86_400_000)).toBeGreaterThanOrEqual(6);
    expect((await screen.findByTestId('empty')).textContent).toContain('Nothing like that is recorded');
    await press('clear-audit-filters');
    await screen.findAllByTestId('audit-row');
    expect(lastAsked(bridge)).toEqual({});
    expect(at('filter-subject').textContent.trim()).toBe('Key or project');
    expect(at('filter-time').textContent.trim()).toBe('Time');
  });

  it('says when the keys to choose from could not be searched, and searches them again', async () => {
    const bridge = await open({ keys: 20, projects: 0 });
    await press('nav-activity');
    await screen.findAllByTestId('audit-row');
    bridge.world.failing.set('list_keys', { code: 'disk_full', message: 'Full.', remedy: '' });
    await press('filter-subject');
    expect((await screen.findByTestId('filter-subject-failed')).textContent).toContain('could not be searched');
    expect(screen.queryByText('No key and no project is called that.')).toBeNull();
    bridge.world.failing.clear();
    await press('filter-subject-retry');
    await waitFor(() => {
      expect(screen.getAllByTestId('filter-subject-key').length).toBeGreaterThan(0);
    });
    expect(screen.queryByTestId('filter-subject-failed')).toBeNull();
  });

  it('is asked for by a whole family, and by a project', async () => {
    const bridge = await open();
    await press('nav-activity');
    await screen.findAllByTestId('audit-row');
    await press('filter-what');
    await press('filter-what-project');
    await waitFor(() => {
      expect(entries().every((each) => each.dataset['action'] === 'project.created')).toBe(true);
    });
    await press('filter-subject');
    await user.click((await screen.findAllByTestId('filter-subject-project'))[1] ?? document.body);
    await waitFor(() => {
      expect(entries()).toHaveLength(1);
    });
    expect(lastAsked(bridge)).toEqual({ action: 'project', subject: '2' });
  });

  it('is verified from the palette, and loaded on', async () => {
    await open({ keys: 180 });
    await user.keyboard('{Control>}k{/Control}');
    await user.keyboard('verify{Enter}');
    expect((await screen.findByTestId('verification')).dataset['ok']).toBe('true');
    await waitFor(() => {
      expect(entries()).toHaveLength(100);
    });
    await press('audit-more');
    await waitFor(() => {
      expect(entries().length).toBeGreaterThan(100);
    });
  });

  it('of one key is told the same way in its drawer', async () => {
    await open();
    await user.click(row(GRAFANA));
    expect((await screen.findByTestId('trail-row')).textContent).toMatch(
      /You created “Grafana dashboards” …\w{4} for “/,
    );
    expect(screen.queryByTestId('trail-all')).toBeNull();
  });

  it('of one key is told whole where its drawer leaves off', async () => {
    const bridge = await open();
    const id = bridge.world.keys[0]?.id ?? '';
    for (let turn = 0; turn < 24; turn += 1) {
      await bridge.call('update_key', { id, patch: { note: `Note ${String(turn)}` } });
    }
    await user.click(row(GRAFANA));
    expect(await screen.findAllByTestId('trail-row')).toHaveLength(20);
    await press('trail-all');
    await waitFor(() => {
      expect(entries()).toHaveLength(25);
    });
    expect(lastAsked(bridge)).toEqual({ subject: id });
    expect(asked(bridge, 'list_audit').filter(({ limit }) => limit === 100)).toHaveLength(1);
    expect(at('filter-subject').textContent.trim()).toBe(`About: ${GRAFANA}`);
    expect(document.activeElement).not.toBe(document.body);
  });
});
