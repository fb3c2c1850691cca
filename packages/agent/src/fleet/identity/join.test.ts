import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fleetFolder, type FleetFolder } from '../folder.ts';
import { Authority } from '../testing/authority.ts';
import { ProtocolServer } from '../testing/protocol-server.ts';
import { quickClock } from '../testing/quick-clock.ts';
import { renewAt } from './identity.ts';
import { connectionOf, joined, renewed, type JoinOptions } from './join.ts';

let folder: FleetFolder;
let server: ProtocolServer;
const retries: string[] = [];
beforeEach(async () => {
  folder = fleetFolder(mkdtempSync(join(tmpdir(), 'holdfast-join-')));
  server = await ProtocolServer.start(await Authority.make());
  retries.length = 0;
});
afterEach(async () => {
  rmSync(join(folder.path, '..'), { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});

function noted({ code }: Failure): void {
  retries.push(code);
}

function joining(options: Partial<JoinOptions> = {}, signal = AbortSignal.timeout(20_000)) {
  return joined(
    folder,
    {
      server: server.url,
      token: async () => 'a-token',
      trust: { sha256: server.authority.sha256 },
      name: 'node-1',
      ...options,
    },
    { clock: quickClock(), random: () => 0, signal, onRetry: noted },
  );
}

test('by token and the hash of the CA it joins, and is known without a token later', async () => {
  const identity = await joining();
  expect(identity).toMatchObject({ node: 'n-first', cluster: 'c-prod1', clusterName: 'prod' });
  for (const path of [folder.key, folder.identity]) expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  expect(readFileSync(folder.identity, 'utf8')).not.toContain('PRIVATE');
  expect(await joining({ token: async () => undefined })).toEqual(identity);
  const unreadable = new Failure('file-unreadable', 'gone', { path: 'token' });
  expect(await joining({ token: () => Promise.reject(unreadable) })).toEqual(identity);
  expect(server.joins).toHaveLength(1);
});

test('nothing is sent to a server whose CA is not the one that was named', async () => {
  await expect(joining({ trust: { sha256: 'ab'.repeat(32) } })).rejects.toMatchObject({
    code: 'server-untrusted',
  });
  const other = await Authority.make();
  await expect(joining({ trust: { pem: other.pem } })).rejects.toMatchObject({ code: 'server-untrusted' });
  await expect(joining({ trust: null })).rejects.toMatchObject({ code: 'server-untrusted' });
  expect(server.joins).toEqual([]);
});

test('a token that does not count is refused in clear words, and none at all is asked for', async () => {
  await expect(joining({ token: async () => 'another' })).rejects.toMatchObject({
    code: 'join-refused',
    why: expect.stringContaining('the token is over') as string,
  });
  await expect(joining({ token: async () => undefined })).rejects.toMatchObject({ code: 'agent-unjoined' });
});

test('a server that is not there yet is asked again, with the same key', async () => {
  const { authority, url } = server;
  await server[Symbol.asyncDispose]();
  const end = new AbortController();
  const waiting = joining({ server: url, trust: { pem: authority.pem } }, end.signal);
  await expect.poll(() => retries.length).toBeGreaterThan(2);
  end.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  const key = readFileSync(folder.key, 'utf8');
  server = await ProtocolServer.start(authority);
  expect((await joining()).key).toBe(key);
});

test('another token than that of before has it join anew, where the server takes it', async () => {
  const before = await joining();
  server.token = 'b-token';
  expect((await joining({ token: async () => 'c-token' })).certificate).toBe(before.certificate);
  expect(retries).toEqual(['join-refused']);
  expect((await joining({ token: async () => 'b-token' })).certificate).not.toBe(before.certificate);
});

test('a certificate is renewed with a third of its life left, for the same key', async () => {
  server.lifeMs = 90_000;
  const before = await joining();
  const left = renewAt(before.certificate).getTime() - Date.now();
  // The life began a minute before it was signed.
  expect(left).toBeGreaterThan(30_000);
  expect(left).toBeLessThan(45_000);
  const connection = connectionOf(before);
  const next = await renewed(folder, before, connection, AbortSignal.timeout(10_000));
  await connection.close();
  expect(next.key).toBe(before.key);
  expect(renewAt(next.certificate).getTime()).toBeGreaterThan(Date.now() + 1_000_000);
  expect(await joining({ token: async () => undefined })).toEqual(next);
});
