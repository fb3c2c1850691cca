import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { systemdAsks } from '../systemd.ts';
import { Teller } from '../teller.ts';
import { testPolicy, testState } from '../test-world.ts';

/**
 * A small real daemon for a unit of systemd: it turns every 200 ms and tells of it, until there is a file `hang` in its
 * folder. What it does stands in `log` there. On SIGHUP it reads `refused`.
 */
const [folder = '.'] = process.argv.slice(2);
const note = (text: string): void => appendFileSync(join(folder, 'log'), `${text}\n`);
let refused: string | null = null;
const ended = new AbortController();
const teller = new Teller({
  node: 'machine',
  version: '1.2.3',
  clock: systemClock,
  log: ({ text }) => note(text),
  listen: undefined,
  webhook: undefined,
  heartbeat: undefined,
  systemd: systemdAsks(process.env),
});
process.on('SIGHUP', () => {
  refused = readFileSync(join(folder, 'refused'), 'utf8');
});
process.on('SIGTERM', () => ended.abort());
await teller.start({ remember: () => Promise.resolve() });
note(`begun ${process.pid}`);
while (!ended.signal.aborted) {
  // A loop that hangs hangs for good, though its process lives on.
  while (existsSync(join(folder, 'hang'))) await systemClock.sleep(60_000);
  const now = systemClock.now();
  const state = testState({}, { configuration: { readAt: now.toISOString(), refused } });
  await teller.observe({ state, policies: [testPolicy()], now, running: [] });
  await systemClock.sleep(200);
}
await teller.stop();
note('ended');
