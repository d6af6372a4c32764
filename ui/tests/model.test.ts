// The same without a screen: an action meets the key that it was begun with, whenever the answers come.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { KeyView } from '../src/bindings';
import { use } from '../src/bridge';
import { fake } from '../src/bridge/fake';
import { toasts } from '../src/components/toasts.svelte';
import { KeysModel } from '../src/features/keys/model.svelte';
import { app } from '../src/state/app.svelte';
import { between, listen, meanwhile, place, settle } from './meanwhile';

it('never meets the wrong key, whenever the answers come', { timeout: 60_000 }, async () => {
  const act = fc.constantFrom('revoke', 'replace', 'rotate', 'copy', 'undo', 'create');
  const moment = fc.record({ move: fc.integer({ min: -2, max: 3 }), what: between, at: place, act, wait: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 4, maxLength: 20 }), async (moments) => {
      const bridge = fake({ keys: 9 });
      use(bridge);
      await app.start();
      const model = new KeysModel();
      const deaf = app.subscribe((event) => void model.hear(event));
      await model.list.reload();
      const [wanted, met] = [[] as string[], listen(bridge)];
      for (const each of moments) {
        if (each.move !== 0) model.move(each.move);
        meanwhile(bridge, each.what, each.at);
        if (each.what === 'looked') void model.list.refresh();
        if (!model.held) void model.list.admit();
        const key: KeyView | null = model.current;
        if (each.act === 'undo') {
          const toast = toasts.list.findLast(({ action }) => action !== null);
          if (toast) wanted.push(toast.topic.replace('revoked-', ''));
          toast?.action?.run();
          if (toast) toasts.remove(toast.id);
        } else if (each.act === 'create') {
          const [like] = bridge.world.keys;
          if (!like) continue;
          const { name, note, scope, products, expires_at } = like;
          const wish = { name, note, scope, products, expires_at };
          model.created(await bridge.call('create_key', { key: wish, keep: true }));
          expect(model.current).not.toBe(key);
          expect(model.current?.id).toBe(bridge.world.keys[0]?.id);
          void model.forget();
        } else if (key) {
          wanted.push(key.id);
          if (each.act === 'revoke') model.askRevoke();
          else if (each.act === 'replace') void model.replace(key);
          else if (each.act === 'copy') void model.copy(key);
          else void model.rotate(key, 60).catch(() => undefined);
        }
        if (model.fresh && each.wait > 1) void model.forget();
        await settle(each.wait);
      }
      await settle();
      deaf();
      toasts.clear();
      expect(wanted).toEqual(expect.arrayContaining(met()));
    }),
    { numRuns: 40 },
  );
});
