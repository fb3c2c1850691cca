import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { askReady } from './readiness.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** An API server that answers by these statuses. */
async function answering(statuses: Readonly<Record<string, number>>): Promise<string> {
  server = createServer((request, answer) => answer.writeHead(statuses[request.url ?? ''] ?? 404).end('no'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const { signal } = new AbortController();

test.each([
  [{ '/readyz': 200 }, 'readyz answers: 200'],
  [{ '/readyz': 401 }, 'readyz answers: 401'],
  [{ '/readyz': 403 }, 'readyz answers: 403'],
  [{ '/livez': 200 }, 'livez answers: 200'],
])('one that answers by %j is ready', async (statuses, said) => {
  const url = await answering(statuses);
  expect(await askReady(url, signal)).toEqual({ evidence: `${url}/${said}` });
  expect(await askReady(`${url}/`, signal)).toEqual({ evidence: `${url}/${said}` });
});

test.each([
  [{ '/readyz': 500, '/livez': 200 }, 'readyz answers: 500'],
  [{}, 'livez answers: 404'],
])('one that answers by %j is not', async (statuses, said) => {
  const url = await answering(statuses);
  expect(await askReady(url, signal)).toEqual({ lacks: `${url}/${said}` });
});

test('nor is one that nobody hears, or that speaks no TLS where it should', async () => {
  const url = await answering({ '/readyz': 200 });
  expect(await askReady(url.replace('http:', 'https:'), signal)).toHaveProperty('lacks');
  server?.close();
  server?.closeAllConnections();
  expect(await askReady(url, signal)).toMatchObject({
    lacks: expect.stringContaining('ECONNREFUSED') as string,
  });
});
