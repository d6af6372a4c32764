// The API keys that leaving an upstream takes with it.
import { plural } from '../../format';
import { app } from '../../state/app.svelte';

/** How many API keys work right now. */
export async function countLive(): Promise<number> {
  const pages = await Promise.all(
    (['active', 'rotating'] as const).map((status) => app.ask('list_keys', { status, limit: 1 })),
  );
  return pages.reduce((sum, { page }) => sum + page.total, 0);
}

/** "3 API keys made for the sandbox are revoked."; without a number where none is known. */
export function doomed(live: number | null, upstream: string): string {
  if (live === 0) return `No API key is live that was made for ${upstream}.`;
  if (live === null) return `All API keys made for ${upstream} are revoked.`;
  return `${plural(live, 'API key')} made for ${upstream} ${live === 1 ? 'is' : 'are'} revoked.`;
}
