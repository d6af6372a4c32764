// How to use a fresh key, ready to paste. Shown with the masked secret; the copy with the real one is made by the backend.
import type { GatewayState, KeyView, ProjectView, SecretForm } from '../../bindings';

export const FORMS: { id: SecretForm; label: string }[] = [
  { id: 'env', label: '.env' },
  { id: 'curl', label: 'curl' },
  { id: 'terraform', label: 'Terraform' },
  { id: 'github', label: 'GitHub Actions' },
];

/** The address that a client sets in place of Phare's own. */
export function baseUrl(gateway: GatewayState): string {
  if (gateway.state === 'running') return gateway.address;
  if (gateway.state === 'port_busy') return `http://127.0.0.1:${String(gateway.port)}`;
  return (gateway.state === 'remote' ? gateway.address : null) ?? 'https://your-gateway.example.com';
}

/** A call that this key may make, to try it with. */
function trialPath(key: KeyView): string {
  return key.products.uptime === 'none' ? '/users' : '/uptime/monitors';
}

/** The text of one form. `secret` is the masked one. */
export function form(id: SecretForm, key: KeyView, secret: string, base: string, project?: ProjectView): string {
  const needsProject = key.scope.type === 'organization';
  const projectId = String(project?.id ?? 1);
  switch (id) {
    case 'env':
      return `PHARE_API_KEY=${secret}\nPHARE_BASE_URL=${base}`;
    case 'curl':
      return [
        `curl ${base}${trialPath(key)}`,
        `  -H "Authorization: Bearer ${secret}"`,
        ...(needsProject ? [`  -H "X-Phare-Project-Id: ${projectId}"`] : []),
      ].join(' \\\n');
    case 'terraform':
      return [
        'provider "phare" {',
        ...(needsProject
          ? [`  api_key       = "${secret}"`, `  base_url      = "${base}"`, `  project_scope = "${projectId}"`]
          : [`  api_key  = "${secret}"`, `  base_url = "${base}"`]),
        '}',
      ].join('\n');
    case 'github':
      return `gh secret set PHARE_API_KEY --body "${secret}"\ngh variable set PHARE_BASE_URL --body "${base}"`;
  }
}
