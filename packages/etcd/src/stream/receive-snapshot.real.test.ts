import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits, systemClock, type Clock } from '@holdfast/base';
import {
  etcdMinors,
  etcdOrSkip,
  fillKubernetes,
  startCluster,
  type EtcdCluster,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectEtcd, type EtcdClient } from '../client/index.ts';
import { receiveSnapshot, type ReceiveOptions } from './receive-snapshot.ts';

const never = new AbortController().signal;

describe.each(etcdMinors)('the snapshot of etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);
  let cluster: EtcdCluster;
  let client: EtcdClient;

  beforeAll(async () => {
    if (skip) return;
    cluster = await startCluster({ version });
    await fillKubernetes(cluster, { objects: 3000, perTxn: 50 });
    client = connectEtcd({ endpoints: cluster.endpoints, clock: systemClock });
  });
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  async function receive(overrides: Partial<ReceiveOptions> = {}) {
    const [endpoint] = client.endpoints;
    const blocks: Buffer[] = [];
    const write = (block: Buffer): void => void blocks.push(Buffer.from(block));
    const options = { endpoint: endpoint!, write, clock: systemClock, signal: never, ...overrides };
    const content = await receiveSnapshot(client, options);
    return { content, bytes: Buffer.concat(blocks) };
  }

  test.skipIf(skip)('is what etcdctl saves', async () => {
    const [theirs, ours] = [join(cluster.dir, 'etcdctl.db'), join(cluster.dir, 'holdfast.db')];
    await cluster.snapshotSave(theirs);
    const { content, bytes } = await receive();
    await writeFile(ours, bytes);
    expect(content.size).toBe(bytes.length);
    expect(content.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    // Later versions write a page of their own for each snapshot that is asked for.
    if (version === '3.4') expect(bytes.equals(await readFile(theirs))).toBe(true);
    const status = async (file: string) =>
      await cluster.utlJson<{ hash: number; revision: number; totalKey: number }>([
        'snapshot',
        'status',
        file,
      ]);
    const { hash, revision, totalKey } = await status(theirs);
    expect(await status(ours)).toMatchObject({ hash, revision, totalKey });
  });

  test.skipIf(skip)('waits for a slow disk', async () => {
    let writing = 0;
    const write = async (): Promise<void> => {
      expect(++writing).toBeLessThanOrEqual(1);
      await new Promise(setImmediate);
      writing -= 1;
    };
    const { content } = await receive({ write });
    expect(content.size).toBeGreaterThan(4_000_000);
  });

  test.skipIf(skip)('does not take a slow disk for a silent member', async () => {
    const clock = new StepClock();
    const snapshot = client.snapshot.bind(client);
    await using slow = connectEtcd({ endpoints: cluster.endpoints, clock: systemClock });
    let blocks = 0;
    const write = async (): Promise<void> => {
      if (++blocks > 1) return;
      for (const ms of [limits.streamStallMs, limits.streamStallMs - 1]) {
        clock.forward(ms);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    // The disk is done, and etcd has not sent the next byte yet.
    slow.snapshot = async (endpoint, take, signal) =>
      snapshot(
        endpoint,
        async (chunk) => {
          const pending = take(chunk);
          if (pending === undefined || blocks > 1) return pending;
          await pending;
          clock.forward(1);
          await new Promise((resolve) => setTimeout(resolve, 10));
        },
        signal,
      );
    const [endpoint] = client.endpoints;
    const content = await receiveSnapshot(slow, { endpoint: endpoint!, write, clock, signal: never });
    expect(content.size).toBeGreaterThan(4_000_000);
  });

  test.skipIf(skip)('ends with the reason of whoever aborts it', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const write = (): void => controller.abort(reason);
    await expect(receive({ write, signal: controller.signal })).rejects.toBe(reason);
    await expect(receive({ signal: controller.signal })).rejects.toBe(reason);
  });

  test.skipIf(skip)('fails as the disk fails', async () => {
    const full = new Error('disk full');
    const write = (): never => {
      throw full;
    };
    await expect(receive({ write })).rejects.toBe(full);
    await expect(receive({ write: async () => Promise.reject(full) })).rejects.toBe(full);
  });

  test.skipIf(skip)('stalls when its member is frozen', async () => {
    const clock = new StepClock();
    const write = (): void => {
      if (cluster.members[0]!.paused) return;
      cluster.pause(0);
      clock.forward(limits.streamStallMs);
    };
    await expect(receive({ write, clock })).rejects.toMatchObject({ code: 'etcd-stream-stalled' });
    cluster.resume(0);
    await cluster.waitHealthy();
  });

  test.skipIf(skip)('breaks when its member is killed', async () => {
    let killed: Promise<void> | undefined;
    const write = (): Promise<void> => (killed ??= cluster.kill(0));
    await expect(receive({ write })).rejects.toMatchObject({ code: 'etcd-stream-broken' });
  });
});

/** Stands still until it is told to go on. */
class StepClock implements Clock {
  #ms = 0;
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  now(): Date {
    return new Date(this.#ms);
  }

  monotonic(): number {
    return this.#ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#sleepers.push({ until: this.#ms + ms, wake: resolve });
    });
  }

  /** Lets time pass, once what is under way has been heard. */
  forward(ms: number): void {
    setImmediate(() => {
      this.#ms += ms;
      for (const each of this.#sleepers) if (each.until <= this.#ms) each.wake();
      this.#sleepers = this.#sleepers.filter((each) => each.until > this.#ms);
    });
  }
}
