// Where the person is. Pages are few and hold no history worth a URL.
import type { KeyId } from '../bindings';

export type Page = 'keys' | 'projects' | 'activity' | 'settings';
/** What the page should do once it is shown. */
export type Errand = { do: 'create' } | { do: 'open'; id: KeyId } | { do: 'search' } | { do: 'phare' } | null;

class Route {
  page = $state<Page>('keys');
  errand = $state.raw<Errand>(null);

  go(page: Page, errand: Errand = null): void {
    this.page = page;
    this.errand = errand;
  }
}

export const route = new Route();
