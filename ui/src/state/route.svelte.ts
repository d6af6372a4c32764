// Where the person is. Pages are few and hold no history worth a URL.
import type { KeyId, KeyView } from '../bindings';

export type Page = 'keys' | 'projects' | 'activity' | 'settings';
/** What can be done to one key from anywhere in the window. */
export type KeyAction = 'show' | 'copy' | 'edit' | 'rotate' | 'revoke' | 'replace' | 'end_previous';
/** A key or a project that entries of the trail are about. */
export interface Subject {
  id: string;
  name: string;
}
/** What the page should do once it is shown. An action carries the key that it was chosen for. */
export type Errand =
  | { do: 'create' }
  | { do: 'open'; id: KeyId }
  | { do: 'search' }
  | { do: 'phare' }
  | { do: 'show_dead' }
  | { do: 'show_kept' }
  | { do: 'pause' }
  | { do: 'create_project' }
  | { do: 'read_projects' }
  | { do: 'verify' }
  | { do: 'show_trail'; about: Subject }
  | { do: KeyAction; key: KeyView }
  | null;

class Route {
  page = $state<Page>('keys');
  errand = $state.raw<Errand>(null);

  go(page: Page, errand: Errand = null): void {
    this.page = page;
    this.errand = errand;
  }
}

export const route = new Route();
