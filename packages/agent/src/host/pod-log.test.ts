import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { podLogTail } from './pod-log.ts';

const pod = { namespace: 'kube-system', name: 'etcd', container: 'etcd' };

describe('what a static pod printed last', () => {
  let logs: string;
  beforeEach(() => {
    logs = mkdtempSync(join(tmpdir(), 'holdfast-pod-log-'));
  });
  afterEach(() => rmSync(logs, { recursive: true }));

  /** @param at seconds since 1970 */
  function write(uid: string, start: number, text: string, at: number): void {
    const folder = join(logs, `kube-system_etcd-cp-1_${uid}`, 'etcd');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${start}.log`);
    writeFileSync(path, text);
    utimesSync(path, at, at);
  }

  test('is of its newest start, in its own words', async () => {
    write('a', 7, '2026-01-02T03:04:05.6Z stderr F long ago\n', 1);
    write('b', 0, '2026-01-02T03:04:06.6Z stderr F panic: now\n', 2);
    expect(await podLogTail(logs, pod)).toBe('panic: now');
  });

  test('is of the start before where the newest one was ended before it could say anything', async () => {
    write('a', 0, '2026-01-02T03:04:05.6Z stderr F panic: it is barred\n', 1);
    write('a', 1, '', 2);
    expect(await podLogTail(logs, pod)).toBe('panic: it is barred');
  });

  test('is nothing where there is no log', async () => {
    expect(await podLogTail(join(logs, 'none'), pod)).toBe('');
  });
});
