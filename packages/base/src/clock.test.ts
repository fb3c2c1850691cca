import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';

test('a sleep ends with the reason of its signal, before and while it lasts', async () => {
  const reason = new Error('SIGINT was received');
  await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const stop = new AbortController();
  const asleep = systemClock.sleep(60_000, stop.signal);
  stop.abort(reason);
  await expect(asleep).rejects.toBe(reason);
});
