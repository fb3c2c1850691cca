import { expect, test } from 'vitest';
import { Systemd } from './systemd.ts';
import { hour, TestClock, testPolicy, testState } from './test-world.ts';

test('what systemd has not taken is said again, and what it has is not', async () => {
  const said: string[] = [];
  const lines: string[] = [];
  let complaint: string | undefined = 'it does not answer';
  const clock = new TestClock();
  const asks = { socket: '/run/notify', watchdogMs: 180_000 };
  const log = (line: string): number => lines.push(line);
  const systemd = new Systemd(asks, clock, log, async (_, words) => {
    said.push(words.join(' '));
    return complaint;
  });
  const turn = async (): Promise<string[]> => {
    const observed = { state: testState(), policies: [testPolicy()], now: hour(0), running: [] };
    // Of several that come while it speaks, the newest is told.
    await Promise.all([systemd.turned(observed), systemd.turned(observed)]);
    return said.splice(0);
  };
  const first = ['READY=1 STATUS=1 policy WATCHDOG=1'];
  expect(await turn()).toEqual(first);
  expect(await turn()).toEqual(first);
  complaint = undefined;
  expect(await turn()).toEqual(first);
  expect(await turn()).toEqual([]);
  clock.ms += 45_000;
  expect(await turn()).toEqual(['WATCHDOG=1']);
  expect(lines).toEqual(['systemd cannot be told how it goes: it does not answer']);
});
