import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import { afterAll } from 'vitest';
import { LocalStorage } from '../../storage/local/local.ts';
import type { Storage, StoredObject } from '../../storage/storage.ts';
import { WrappedStorage } from '../../storage/wrapped.ts';
import type { Lease } from '../lease.ts';
import { MemoryStorage } from './memory-storage.ts';
import { WriterLease, type LeaseOptions } from '../writer-lease.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-lease-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const bounds = { keepEntries: 2, keepMs: 0, changes: 3 };
/** What the leases of tests are on. */
export const scope = 'clusters/c';
/** The key of a commit that is called so. */
export const keyOf = (lease: Lease, name: string): string => `${scope}/${name}.${lease.epochName}.json`;
export const commit = (lease: Lease, name: string): Promise<boolean> =>
  lease.commit(keyOf(lease, name), Buffer.from(name));
/** What is committed, by the names given. */
export const names = async (writers: WriterLease): Promise<(string | undefined)[]> =>
  ((await writers.committed()) ?? []).map(({ key }) => /([^/.]+)\.\d{12}\.json$/.exec(key)?.[1]);
/** What a storage fails with. */
export const fault = new Failure('s3-unreachable', 'a fault', { endpoint: 'here' });

/** A clock that moves only when somebody sleeps; `onSleep` is what happens in the meantime. */
export function stillClock(): Clock & { onSleep: () => Promise<unknown> } {
  let now = 0;
  const clock = {
    now: () => new Date(now),
    monotonic: () => now,
    onSleep: (): Promise<unknown> => Promise.resolve(),
    sleep: async (ms: number) => {
      now += ms;
      await clock.onSleep();
    },
  };
  return clock;
}

/** Does something right before the next step of a kind and, if asked, some of that kind later. */
export class Interrupted extends WrappedStorage {
  #step = '';
  #skip = 0;
  #act: (() => Promise<unknown>) | undefined;

  before(step: 'put' | 'get' | 'list', act: () => Promise<unknown>, skip = 0): void {
    [this.#step, this.#act, this.#skip] = [step, act, skip];
  }

  override async put(key: string, content: Uint8Array): Promise<boolean> {
    await this.#meet('put');
    return this.inner.put(key, content);
  }

  override async get(key: string, limit: number): Promise<Uint8Array | undefined> {
    await this.#meet('get');
    return this.inner.get(key, limit);
  }

  override async *list(folder: string): AsyncIterable<StoredObject> {
    await this.#meet('list');
    yield* this.inner.list(folder);
  }

  async #meet(step: string): Promise<void> {
    const act = this.#act;
    if (act === undefined || step !== this.#step) return;
    if ((this.#skip -= 1) >= 0) return;
    this.#act = undefined;
    await act();
  }
}

/** What a lease has to be the same in. */
export const places: [string, () => Storage][] = [
  ['in memory', () => new MemoryStorage({ now: () => new Date(0) })],
  ['in a folder', () => new LocalStorage(mkdtempSync(join(base, 's-')))],
];

/** The writers of a lease with small bounds. */
export function on(storage: Storage, options: LeaseOptions = {}): WriterLease {
  return new WriterLease(storage, scope, { ...bounds, clock: stillClock(), ...options });
}

/** Takes the lease over and goes on until everything of before has been pruned. */
export async function pass(here: Storage, clock: Clock, count = 4): Promise<Lease> {
  const next = await on(here, { clock }).acquire({ waitMs: 200_000 });
  for (let n = 1; n <= count; n += 1) await commit(next, `n${n}`);
  return next;
}
