import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import { openRepository } from '@holdfast/repository';
import { expect, test } from 'vitest';
import { saveSnapshot } from './save-snapshot.ts';

test('aborted before it begins, a save ends with that reason and with nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-save-'));
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    // Nobody listens at port 1, so that whatever is asked there fails later.
    await using client = connectEtcd({ endpoints: ['http://127.0.0.1:1'], clock: systemClock });
    const repository = await openRepository(join(folder, 'repository'), { create: true });
    const destinations = [{ name: 'here', repository, required: true }];
    const reason = new Error('enough');
    const context = { clock: systemClock, signal: AbortSignal.abort(reason), holdfast: '0.0.0' };
    await expect(saveSnapshot(context, { client, destinations })).rejects.toBe(reason);
    await expect(client.survey()).rejects.toMatchObject({ code: 'etcd-unreachable' });
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
    await rm(folder, { recursive: true });
  }
});
