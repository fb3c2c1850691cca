import { Failure, limits, type Clock } from '@holdfast/base';
import type { KeyRing } from './keys/key-ring.ts';
import { WriterLease, type Committed, type Lease } from './lease/index.ts';
import { clusterFolder, isCommittableKey } from './layout.ts';
import { removedAmong } from './removal-record.ts';
import type { Storage } from './storage/storage.ts';

/** Where commits are, and whose records of removals count there. */
export interface CommitsPlace {
  readonly storage: Storage;
  readonly ring: Pick<KeyRing, 'trust'>;
  readonly clock: Clock;
}

/**
 * What is committed in a cluster's folder: the manifests that count. lease/index.ts has the protocol. A manifest whose
 * removal is recorded counts no more, though it may still stand in the list of the lease: who removed it died before it
 * was taken off, or somebody has put it there again.
 */
export class Commits {
  readonly #place: CommitsPlace;
  readonly #clusterId: string;
  readonly #scope: string;
  readonly #lease: WriterLease;

  constructor(place: CommitsPlace, clusterId: string) {
    this.#place = place;
    this.#clusterId = clusterId;
    this.#scope = clusterFolder(clusterId);
    this.#lease = new WriterLease(place.storage, this.#scope, { clock: place.clock });
  }

  /**
   * Every manifest that counts, by its key, in the order of the commits; undefined where nothing ever was committed.
   *
   * @throws lease-held when it changes faster than it can be read, manifest-damaged, what storages throw
   */
  async committed(): Promise<ReadonlyMap<string, Committed> | undefined> {
    const committed = await this.#lease.committed();
    if (committed === undefined) return undefined;
    const { kept } = await this.#sorted(committed);
    return kept;
  }

  /**
   * Does what only one may do at a time, as the holder of the lease. First takes off its list what was removed.
   *
   * @param act is given what `committed` tells, which nobody else changes meanwhile
   * @throws lease-held when another holds it for longer than `limits.leaseWaitMs`, lease-lost, commits-missing, what
   *   `act` and storages throw
   */
  async change<T>(
    act: (lease: Lease, committed: ReadonlyMap<string, Committed>) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await this.#refuseLostChain();
    const lease = await this.#lease.acquire({ waitMs: limits.leaseWaitMs, signal });
    try {
      const { kept, removed } = await this.#sorted((await this.#lease.committed()) ?? []);
      for (const key of removed) await lease.withdraw(key);
      return await act(lease, kept);
    } finally {
      await lease.release();
    }
  }

  /** Parts what counts, by its key, from the keys of what was removed; to be asked after the list was read. */
  async #sorted(
    committed: readonly Committed[],
  ): Promise<{ kept: Map<string, Committed>; removed: string[] }> {
    const among = new Set(committed.map(({ sha256 }) => sha256));
    const gone = among.size === 0 ? among : await removedAmong(this.#place, this.#clusterId, among);
    const kept = committed.filter(({ sha256 }) => !gone.has(sha256));
    const removed = committed.filter(({ sha256 }) => gone.has(sha256));
    return { kept: new Map(kept.map((each) => [each.key, each])), removed: removed.map(({ key }) => key) };
  }

  /** A chain that is gone must not begin anew: what it had committed would be listed no more. */
  async #refuseLostChain(): Promise<void> {
    if ((await this.#lease.committed()) !== undefined) return;
    for await (const { key } of this.#place.storage.list(`${this.#scope}/snapshots`)) {
      if (!isCommittableKey(key)) continue;
      // Since the first look somebody may have begun the chain, and committed this.
      if ((await this.#lease.committed()) !== undefined) return;
      throw commitsMissing(this.#scope);
    }
  }
}

/** The record of what is committed below a folder is gone. */
export function commitsMissing(folder: string): Failure {
  const why = `${folder}/lease is empty, and manifests are there that only it can vouch for`;
  return new Failure('commits-missing', why, { path: `${folder}/lease` });
}
