import { expect, test } from 'vitest';
import { benchFleet } from './fleet.ts';

test('a small fleet joins, and every run that is due is begun once and in time', async () => {
  const { agents, steady } = await benchFleet({
    ...{ clusters: 20, minutes: 0.55, store: 'sqlite', processes: 1, atOneMinute: false, profileTo: null },
    spread: () => ({ name: 'often', schedule: { intervalHours: 30 / 3_600 }, jitterSeconds: 0 }),
    tell: () => {},
  });
  expect(agents).toBe(60);
  expect(steady.failures).toBe(0);
  expect(steady.late.runs).toBeGreaterThanOrEqual(20);
  expect(steady.late.doubled).toBe(0);
  expect(steady.late.max).toBeLessThan(30);
  const [server] = steady.servers;
  expect(server!.cores).toBeGreaterThan(0);
  expect(server!.everBytes).toBeLessThan(1e9);
});
