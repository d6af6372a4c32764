import { describe, expect, it } from 'vitest';
import type { KeyView, ProductScope, Scope, SecretForm } from '../src/bindings';
import { sampleKeys } from '../src/bridge/fake/samples';
import { baseUrl, form, FORMS } from '../src/features/keys/forms';

const BASE = 'http://127.0.0.1:7420';
const [SAMPLE] = sampleKeys(1, []) as [KeyView];
const key = (scope: Scope, uptime: ProductScope): KeyView => ({
  ...SAMPLE,
  scope,
  products: { platform: 'read', uptime },
});
const ORGANIZATION = key({ type: 'organization' }, 'read');
const PROJECT = key({ type: 'project', project_id: 7 }, 'read');
const of = (id: SecretForm, each: KeyView) => form(id, each, 'SECRET', BASE, 42);

// The same texts stand in `src-tauri/src/forms.rs`.
describe('the backend copies what the window shows', () => {
  it('as lines of a .env file', () => {
    const expected = 'PHARE_API_KEY=SECRET\nPHARE_BASE_URL=http://127.0.0.1:7420';
    expect(of('env', PROJECT)).toBe(expected);
    expect(of('env', ORGANIZATION)).toBe(expected);
  });

  it('as a call that the key may make', () => {
    expect(of('curl', PROJECT)).toBe(`printf 'Secret: ' && read -rs PHARE_API_KEY && curl --config - <<EOF
url = "http://127.0.0.1:7420/uptime/monitors"
header = "Authorization: Bearer $PHARE_API_KEY"
EOF`);
    expect(of('curl', key(PROJECT.scope, 'none'))).toContain('url = "http://127.0.0.1:7420/users"');
    expect(of('curl', ORGANIZATION)).toBe(`printf 'Secret: ' && read -rs PHARE_API_KEY && curl --config - <<EOF
url = "http://127.0.0.1:7420/uptime/monitors"
header = "Authorization: Bearer $PHARE_API_KEY"
header = "X-Phare-Project-Id: 42"
EOF`);
  });

  it('as a provider block', () => {
    expect(of('terraform', PROJECT)).toBe(`# The provider reads the key from PHARE_API_KEY.
provider "phare" {
  base_url = "http://127.0.0.1:7420"
}`);
    expect(of('terraform', ORGANIZATION)).toBe(`# The provider reads the key from PHARE_API_KEY.
provider "phare" {
  base_url      = "http://127.0.0.1:7420"
  project_scope = "42"
}`);
    expect(form('terraform', ORGANIZATION, 'SECRET', BASE, null)).toContain('project_scope = "…"');
  });

  it('as commands for a repository', () => {
    expect(of('github', ORGANIZATION)).toBe(
      'gh variable set PHARE_BASE_URL --body "http://127.0.0.1:7420"\ngh secret set PHARE_API_KEY',
    );
  });
});

describe('a form', () => {
  it('never has a secret in a command, and says truly whether it has one', () => {
    for (const { id, holdsSecret } of FORMS) {
      expect([id, of(id, ORGANIZATION).includes('SECRET')]).toEqual([id, holdsSecret]);
    }
    expect(FORMS.filter(({ holdsSecret }) => holdsSecret).map(({ id }) => id)).toEqual(['env']);
  });

  it('names the address that will answer again while the gateway rests', () => {
    expect(baseUrl({ state: 'paused', address: BASE })).toBe(BASE);
    expect(baseUrl({ state: 'port_busy', port: 7420 })).toBe(BASE);
    expect(baseUrl({ state: 'remote', address: 'https://phare.example.com' })).toBe('https://phare.example.com');
  });
});
