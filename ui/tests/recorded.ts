// What an entry of each action says, with the details that are recorded.
export const CI = { name: 'CI', display: 'pha_prj_gdn_Ab12…3fQz' };
const PHARE = { name: 'Main', secret: 'pha_org_Ab12…9xYz', kind: 'organization' };

export const SENTENCES: [action: string, detail: unknown, words: string][] = [
  ['organization.created', { name: 'Acme', owner: 'ada@example.com' }, 'founded the organization “Acme”'],
  [
    'organization.restored',
    { from: 1500, to: 1498 },
    'went on with an older copy of the data: change 1,498 was its last one, where 1,500 had been acknowledged',
  ],
  [
    'organization.updated',
    { name: { from: 'Acme', to: 'Acme 2' } },
    'renamed the organization from “Acme” to “Acme 2”',
  ],
  [
    'organization.updated',
    { calls_per_minute: { from: 100, to: 2000 } },
    'set the limit to 2,000 calls a minute (was 100)',
  ],
  [
    'organization.updated',
    { calls_per_minute: { from: 100, to: 200 }, at_limit: { from: 'reject', to: 'pace' } },
    'set the limit to 200 calls a minute (was 100) and let calls beyond the limit wait',
  ],
  [
    'organization.updated',
    { burst: { from: null, to: 20 }, longest_wait_seconds: { from: 25, to: 10 } },
    'let 20 calls come at once and let no call wait for longer than 10 s',
  ],
  ['organization.updated', { cache_seconds: { from: 0, to: 30 } }, 'had reads answered from memory for 30 s'],
  ['organization.updated', { cache_seconds: { from: 30, to: 0 } }, 'had no read kept'],
  ['member.created', { name: 'eve@example.com', role: 'admin' }, 'added eve@example.com as an Admin'],
  ['member.created', { email: 'eve@example.com', role: 'member' }, 'added eve@example.com as a Member'],
  [
    'member.updated',
    { name: 'eve@example.com', role: { from: 'member', to: 'admin' } },
    'made eve@example.com an Admin (was a Member)',
  ],
  [
    'member.updated',
    { name: 'eve@example.com', projects: { from: [], to: ['Shop', 'Blog'] } },
    'assigned eve@example.com to “Shop” and “Blog”',
  ],
  [
    'member.updated',
    { name: 'eve@example.com', role: { from: 'admin', to: 'member' }, projects: { from: ['Blog'], to: ['Shop'] } },
    'made eve@example.com a Member (was an Admin), assigned them to “Shop” and took them off “Blog”',
  ],
  ['member.updated', { email: 'eve@example.com', projects: { from: [1], to: [2] } }, 'changed eve@example.com'],
  [
    'member.created',
    { name: 'eve@example.com', role: 'admin', session: '0193-1', expires_at: '2026-12-26T12:00:00Z' },
    'added eve@example.com as an Admin and issued a session token, valid until 26 Dec 2026',
  ],
  ['member.removed', { name: 'eve@example.com', role: 'admin', revoked_keys: [] }, 'removed eve@example.com'],
  [
    'member.removed',
    { name: 'eve@example.com', role: 'admin', revoked_keys: ['CI', 'Grafana'] },
    'removed eve@example.com and revoked “CI” and “Grafana”',
  ],
  ['session.ended', { name: 'eve@example.com', session: '0193-1' }, 'ended a session of eve@example.com'],
  [
    'session.created',
    { name: 'eve@example.com', expires_at: '2026-12-26T12:00:00Z' },
    'issued a session token for eve@example.com, valid until 26 Dec 2026',
  ],
  ['key.created', { ...CI, scope: { type: 'organization' } }, 'created “CI” …3fQz for the whole organization'],
  [
    'key.created',
    { ...CI, scope: { type: 'project', project_id: 9 }, project: 'Docs' },
    'created “CI” …3fQz for “Docs”',
  ],
  ['key.created', { ...CI, scope: { type: 'project', project_id: 1 } }, 'created “CI” …3fQz for “Shop”'],
  [
    'key.created',
    { ...CI, scope: { type: 'project', project_id: 9 }, replaces: '0193-1' },
    'created “CI” …3fQz for a project that is gone, in place of one that was revoked',
  ],
  ['key.updated', { ...CI, name: { from: 'deploy', to: 'deploy-prod' } }, 'renamed “deploy” to “deploy-prod”'],
  [
    'key.updated',
    { ...CI, products: { from: { platform: 'none', uptime: 'read' }, to: { platform: 'none', uptime: 'read_write' } } },
    'gave “CI” …3fQz read-write to Uptime (was read-only)',
  ],
  [
    'key.updated',
    { ...CI, products: { from: { platform: 'read', uptime: 'read_write' }, to: { platform: 'none', uptime: 'read' } } },
    'took Platform from “CI” …3fQz (was read-only) and left it only read-only to Uptime (was read-write)',
  ],
  [
    'key.updated',
    { ...CI, expires_at: { from: null, to: '2027-03-03T12:00:00Z' } },
    'set “CI” …3fQz to expire on 3 Mar 2027 (was never)',
  ],
  [
    'key.updated',
    { ...CI, expires_at: { from: '2027-03-03T12:00:00Z', to: null } },
    'set “CI” …3fQz never to expire (was 3 Mar 2027)',
  ],
  ['key.updated', { ...CI, note: { from: '', to: 'Rennes' } }, 'added a note to “CI” …3fQz'],
  ['key.updated', { ...CI, note: { from: 'Rennes', to: '' } }, 'removed the note of “CI” …3fQz'],
  [
    'key.updated',
    {
      ...CI,
      name: { from: 'a', to: 'b' },
      note: { from: 'x', to: 'y' },
      expires_at: { from: null, to: '2027-03-03T12:00:00Z' },
    },
    'renamed “a” to “b”, set it to expire on 3 Mar 2027 (was never) and changed the note of it',
  ],
  [
    'key.updated',
    {
      ...CI,
      share: { from: { at_most: null, reserved: 0, weight: 1 }, to: { at_most: 30, reserved: 10, weight: 1 } },
    },
    'allowed “CI” …3fQz at most 30 calls a minute and kept 10 calls a minute free for it',
  ],
  [
    'key.updated',
    {
      ...CI,
      share: { from: { at_most: null, reserved: 10, weight: 1 }, to: { at_most: null, reserved: null, weight: 1 } },
    },
    'kept nothing free for “CI” …3fQz',
  ],
  ['key.revoked', CI, 'revoked “CI” …3fQz'],
  ['key.restored', CI, 'restored “CI” …3fQz'],
  [
    'key.rotated',
    {
      name: 'CI',
      display: { from: 'pha_prj_gdn_Ab12…0old', to: 'pha_prj_gdn_Cd34…3new' },
      previous_valid_until: '2026-11-26T12:00:00Z',
    },
    'gave “CI” a new secret …3new',
  ],
  ['key.previous_ended', CI, 'ended the old secret of “CI” …3fQz'],
  [
    'key.previous_ended',
    {
      ...CI,
      previous_valid_until: { from: '2026-11-27T12:00:00Z', to: '2026-11-26T12:00:00Z' },
      earlier_valid_until: { from: '2026-11-28T12:00:00Z', to: '2026-11-26T12:00:00Z' },
    },
    'ended both old secrets of “CI” …3fQz',
  ],
  ['key.secret_copied', CI, 'copied the secret of “CI” …3fQz'],
  ['key.secret_revealed', CI, 'revealed the secret of “CI” …3fQz'],
  ['project.created', { name: 'Shop', slug: 'shop' }, 'created the project “Shop”'],
  ['project.updated', { name: { from: 'Shop', to: 'Store' } }, 'renamed the project “Shop” to “Store”'],
  [
    'project.deleted',
    { name: 'Shop', revoked_keys: ['a', 'b', 'c', 'd', 'e'] },
    'deleted the project “Shop” and revoked “a”, “b”, “c” and 2 more keys',
  ],
  [
    'projects.synchronized',
    { added: ['Docs'], renamed: [{ from: 'Shop', to: 'Store' }], gone: ['Blog'] },
    'read the projects from Phare: added “Docs”, renamed “Shop” to “Store” and forgot “Blog”',
  ],
  [
    'projects.synchronized',
    { added_or_changed: ['Docs'], gone: [4, 5] },
    'read the projects from Phare: added or changed “Docs” and forgot 2 that are gone',
  ],
  ['projects.synchronized', {}, 'read the projects from Phare'],
  [
    'upstream.changed',
    { kind: 'phare', url: 'https://api.phare.io', revoked_keys: ['a'], detached: ['Main'] },
    'put Phare behind the gateway, which revoked “a” and detached “Main”',
  ],
  [
    'upstream.changed',
    { kind: 'phare', url: 'https://api.phare.io', attached: ['Main'], revoked_keys: ['a'] },
    'put Phare behind the gateway with “Main”, which revoked “a”',
  ],
  ['upstream.changed', { kind: 'sandbox' }, 'put the built-in sandbox behind the gateway'],
  ['phare_key.added', { ...PHARE, purpose: 'attached' }, 'attached the Phare key “Main” …9xYz'],
  ['phare_key.added', { ...PHARE, purpose: 'kept' }, 'put into keeping the Phare key “Main” …9xYz'],
  [
    'phare_key.examined',
    { ...PHARE, platform: 'read', uptime: 'none' },
    'checked the Phare key “Main” …9xYz: read-only to Platform and no access to Uptime',
  ],
  ['phare_key.refused', { ...PHARE, refused: true }, 'noticed that Phare refuses the Phare key “Main” …9xYz'],
  ['phare_key.refused', { ...PHARE, refused: false }, 'noticed that Phare takes the Phare key “Main” …9xYz again'],
  ['phare_key.staged', PHARE, 'added the next secret of the Phare key “Main” …9xYz'],
  [
    'phare_key.switched',
    { name: 'Main', secret: { from: 'pha_org_a…1111', to: 'pha_org_b…2222' } },
    'switched the Phare key “Main” from …1111 to …2222',
  ],
  ['phare_key.unstaged', PHARE, 'removed the next secret of the Phare key “Main” …9xYz'],
  ['phare_key.renamed', { name: { from: 'Main', to: 'Pager' } }, 'renamed the Phare key “Main” to “Pager”'],
  ['phare_key.removed', PHARE, 'removed the Phare key “Main” …9xYz'],
];
