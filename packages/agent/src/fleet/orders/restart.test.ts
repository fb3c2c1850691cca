import { systemClock } from '@holdfast/base';
import { expect, test } from 'vitest';
import { orderOf } from '../testing/orders.ts';
import type { Act } from './act.ts';
import { restartByOrder } from './restart.ts';

/** Its systemd does not answer, as where its bus is down, and it has no containers. */
const silent = { systemctl: ['false'], docker: ['false'] };

test('a machine that tells of nothing to restart is not told to be restarted', async () => {
  const act: Act = {
    ...{ order: orderOf('o-first', 'restart', {}), signal: AbortSignal.timeout(10_000), told: [] },
    progress: () => {},
    tell: async () => {},
  };
  const restarting = restartByOrder({ clock: systemClock }, { except: [] }, act, { access: silent });
  await expect(restarting).rejects.toMatchObject({
    code: 'node-part-not-ready',
    why: expect.stringContaining('neither systemd nor docker') as string,
  });
});
