import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '@holdfast/base';
import type { MemberDescription } from '@holdfast/model';
import { afterAll, expect, test } from 'vitest';
import { localNode } from './index.ts';

const fixture = new URL('../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url);
const base = mkdtempSync(join(tmpdir(), 'holdfast-undone-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const member: MemberDescription = {
  name: 'm1',
  peerUrls: ['http://127.0.0.1:1'],
  clientUrls: ['http://127.0.0.1:2'],
  dataDir: join(base, 'm1'),
  run: { driver: 'process', command: ['/bin/false'], environment: {}, logFile: join(base, 'log') },
};

async function undoneRevision(): Promise<number | undefined> {
  const context = { clock: systemClock, signal: new AbortController().signal };
  return (await localNode(systemClock).observe(member, context)).undoneRevision;
}

test('what rolled back restores have put aside is seen, as far as it can be read', async () => {
  expect(await undoneRevision()).toBeUndefined();
  mkdirSync(join(member.dataDir, 'member.undone-r-20260101t000000z-0a1b2c'), { recursive: true });
  expect(await undoneRevision()).toBeUndefined();
  const put = (id: string, bytes: Uint8Array): void => {
    const folder = join(member.dataDir, `member.undone-r-20260101t00000${id}z-0a1b2c`, 'snap');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'db'), bytes);
  };
  put('1', gunzipSync(readFileSync(fixture)));
  put('2', Buffer.from('no database'));
  expect(await undoneRevision()).toBe(61);
});
