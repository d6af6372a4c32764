// What ready-made texts there are to use a key with. The texts themselves are the backend's.
import type { KeyView, SecretForm } from '../../bindings';

interface Form {
  id: SecretForm;
  label: string;
  hint: string;
}
export const FORMS: Form[] = [
  {
    id: 'env',
    label: '.env',
    hint: 'The copy has the secret in it. Keep the file out of version control.',
  },
  {
    id: 'curl',
    label: 'curl',
    hint: 'It asks for the secret, so that neither the command nor the shell’s history holds it. For bash and zsh.',
  },
  {
    id: 'terraform',
    label: 'Terraform',
    hint: 'The provider reads the secret from the environment, so that no file in version control holds it.',
  },
  { id: 'github', label: 'GitHub Actions', hint: 'The second command asks for the secret.' },
];

/** Whether the text names the project that an organization key is to work in. */
export const namesProject = (id: SecretForm, key: KeyView): boolean =>
  key.scope.type === 'organization' && (id === 'curl' || id === 'terraform');
