/**
 * Listens at once and is ready after a while, as an API server or a kubelet; `--secure-port` or `--healthz-port`,
 * `--ready-after` (ms), `--spoiled` (a file).
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const string = { type: 'string', default: '' } as const;
const { values } = parseArgs({
  options: { 'secure-port': string, 'healthz-port': string, 'ready-after': string, spoiled: string },
  strict: false,
});
if (existsSync(String(values['spoiled']))) {
  process.stderr.write('it was spoiled\n');
  process.exit(1);
}
const from = performance.now();
createServer((request, answer) => {
  const isReady = performance.now() - from > Number(values['ready-after']);
  const ready = isReady ? 200 : 500;
  answer.writeHead(/^\/(?:ready|health)z$/.test(request.url ?? '') ? ready : 404).end();
}).listen(Number(values['secure-port'] || values['healthz-port']), '127.0.0.1', () =>
  process.stdout.write('it listens\n'),
);
process.on('SIGTERM', () => process.exit(0));
