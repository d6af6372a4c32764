// How to use a key, ready to paste. Shown with the masked secret; what is copied is made by the backend, in the same words.
// No form puts a secret into a command line: other programs and the shell's history would see it there.
import type { GatewayState, KeyView, ProjectId, SecretForm } from '../../bindings';

interface Form {
  id: SecretForm;
  label: string;
  /** Whether the copy has the secret in it. The others ask for it, or read it from the environment. */
  holdsSecret: boolean;
  hint: string;
}
export const FORMS: Form[] = [
  {
    id: 'env',
    label: '.env',
    holdsSecret: true,
    hint: 'The copy has the secret in it. Keep the file out of version control.',
  },
  {
    id: 'curl',
    label: 'curl',
    holdsSecret: false,
    hint: 'It asks for the secret, so that neither the command nor the shell’s history holds it. For bash and zsh.',
  },
  {
    id: 'terraform',
    label: 'Terraform',
    holdsSecret: false,
    hint: 'The provider reads the secret from the environment, so that no file in version control holds it.',
  },
  { id: 'github', label: 'GitHub Actions', holdsSecret: false, hint: 'The second command asks for the secret.' },
];

/** The address that a client sets in place of Phare's own. */
export function baseUrl(gateway: GatewayState): string {
  if (gateway.state === 'running' || gateway.state === 'paused') return gateway.address;
  if (gateway.state === 'port_busy') return `http://127.0.0.1:${String(gateway.port)}`;
  return (gateway.state === 'remote' ? gateway.address : null) ?? 'https://your-gateway.example.com';
}

/** Whether the text names the project that an organization key is to work in. */
export const namesProject = (id: SecretForm, key: KeyView): boolean =>
  key.scope.type === 'organization' && (id === 'curl' || id === 'terraform');

/** A call that this key may make, to try it with. */
const trialPath = (key: KeyView): string => (key.products.uptime === 'none' ? '/users' : '/uptime/monitors');

/** The text of one form. `secret` is the masked one; `project` is what an organization key is to work in. */
export function form(id: SecretForm, key: KeyView, secret: string, base: string, project: ProjectId | null): string {
  const projectId = namesProject(id, key) ? String(project ?? '…') : null;
  switch (id) {
    case 'env':
      return `PHARE_API_KEY=${secret}\nPHARE_BASE_URL=${base}`;
    case 'curl':
      return [
        "printf 'Secret: ' && read -rs PHARE_API_KEY && curl --config - <<EOF",
        `url = "${base}${trialPath(key)}"`,
        'header = "Authorization: Bearer $PHARE_API_KEY"',
        ...(projectId ? [`header = "X-Phare-Project-Id: ${projectId}"`] : []),
        'EOF',
      ].join('\n');
    case 'terraform':
      return [
        '# The provider reads the key from PHARE_API_KEY.',
        'provider "phare" {',
        ...(projectId
          ? [`  base_url      = "${base}"`, `  project_scope = "${projectId}"`]
          : [`  base_url = "${base}"`]),
        '}',
      ].join('\n');
    case 'github':
      return `gh variable set PHARE_BASE_URL --body "${base}"\ngh secret set PHARE_API_KEY`;
  }
}
