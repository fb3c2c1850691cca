import { isFailure } from '@holdfast/base';
import {
  chainHeads,
  checkChain,
  RepositoryRecord,
  type ChainHead,
  type ClusterRecord,
} from '@holdfast/model';
import { expect } from 'vitest';
import { Actor, World, type Fate } from '../../lease/testing/interleaver.ts';
import { unlistedRing } from '../../keys/unlisted-ring.ts';
import { repositoryKey } from '../../layout.ts';
import { findLeftovers, readChain } from '../../maintenance/index.ts';
import type { SigningKey } from '../../manifest/index.ts';
import { encodeRecord } from '../../record.ts';
import { Repository } from '../../repository.ts';
import type { Storage } from '../../storage/storage.ts';
import { evidenceOf, storeSnapshot } from '../snapshot.ts';
import { MaskedStorage } from './masked.ts';

/** What happens next: somebody makes some calls; a late request arrives. */
export type Step =
  | {
      readonly who: number;
      readonly calls: number;
      readonly fate: Fate;
      /** Milliseconds that go by. */
      readonly after: number;
      /** Milliseconds for which listings do not show what is new. */
      readonly lag: number;
    }
  | { readonly land: number };

/** What a writer does, over and over. */
export interface Deed {
  readonly act: 'save' | 'copy' | 'remove' | 'pin' | 'evidence';
  readonly name: string;
}

/** A writer, in which cluster, and with which of the keys that sign; -1: with none. */
export interface Writer {
  readonly cluster: number;
  readonly key: number;
  readonly deeds: readonly Deed[];
}

export interface History {
  readonly writers: readonly Writer[];
  readonly steps: readonly Step[];
}

/** Something that was asked for, from a moment on, and when and how its end was heard of. */
interface Asked extends Deed {
  readonly cluster: number;
  readonly content: string;
  readonly from: number;
  to: number;
  outcome: 'open' | 'done' | 'failed' | 'refused';
}

const day = 86_400_000;
const origin = {
  repository: '3f0c7a52-1d4e-4a6b-9c01-5e2d7f8a9b10',
  cluster: '3f0c7a52-1d4e-4a6b-9c01-5e2d7f8a9b11',
};

/** One run of several writers and a reader in two clusters, with everything that they were told. */
export class Run {
  readonly world = new World();
  readonly asked: Asked[] = [];
  readonly #storage: Storage;
  readonly #keys: readonly SigningKey[];
  readonly #actors: Actor[] = [];
  readonly #clusters: ClusterRecord[] = [];
  readonly #heads: ChainHead[][] = [[], []];
  readonly #strays: string[] = [];
  #lag = 0;
  #lives = 0;

  constructor(storage: (world: World) => Storage, keys: readonly SigningKey[], now: number) {
    this.world.now = now;
    this.#storage = storage(this.world);
    this.#keys = keys;
  }

  async begin({ writers }: History): Promise<void> {
    const record = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'Repository',
      id: origin.repository,
      createdAt: new Date(0).toISOString(),
    };
    await this.#storage.put(repositoryKey, encodeRecord(RepositoryRecord.parse(record)));
    const repository = this.#repository(this.#storage, undefined);
    for (const name of ['one', 'other']) this.#clusters.push(await repository.addCluster(name));
    for (const writer of writers)
      this.#actors.push(new Actor(this.world, 0, 1, (actor) => this.#write(actor, writer)));
    this.#actors.push(new Actor(this.world, 0, 1, (actor) => this.#read(actor)));
  }

  async take(step: Step): Promise<void> {
    if ('land' in step) return this.world.land(step.land);
    const actor = this.#actors[step.who % this.#actors.length]!;
    this.#lag = step.lag;
    for (let call = 1; call < step.calls; call += 1) await actor.step('done');
    await actor.step(step.fate);
    this.#lag = 0;
    this.world.now += step.after;
    // No process goes on after it stood still for so long that its claims have ended.
    if (step.after > day) for (const each of this.#actors) await each.step('die');
  }

  /** Everything that is on its way arrives, claims of the dead end; held against all that was told. */
  async settle(): Promise<void> {
    while (this.world.late.length > 0) await this.world.land(0);
    this.world.now += 2 * day;
    const repository = this.#repository(this.#storage, this.#keys[0]);
    expect(this.#strays, 'changed in another cluster').toEqual([]);
    const listed = await this.#judge(repository);
    await this.#repair(repository);
    expect(await this.#judge(repository), 'a repair changes no snapshot').toEqual(listed);
    for (const [at, cluster] of this.#clusters.entries()) {
      const { found, removed, forged } = await readChain(repository, this.#clock, cluster.id);
      expect(forged).toEqual([]);
      expect(checkChain(cluster.id, found, { removed, heads: this.#heads[at]! })).toEqual([]);
      for (const head of chainHeads(cluster.id, found, removed)) expect(head.sequence).toBeGreaterThan(0);
    }
    await this.#reuse(repository);
  }

  /** What is listed is whole and was saved, and what was saved and not removed is listed. Returns what is listed. */
  async #judge(repository: Repository): Promise<string[]> {
    const { snapshots, damaged } = await repository.snapshots();
    expect(damaged).toEqual([]);
    const listed: string[] = [];
    for (const entry of snapshots) {
      expect(entry.damage, entry.name).toBeNull();
      expect(entry.trust.trusted, entry.trust.why).toBe(true);
      const parts: Uint8Array[] = [];
      for await (const part of repository.readContent(entry)) parts.push(part);
      const content = Buffer.concat(parts).toString();
      const asked = this.asked.find((each) => isSave(each) && each.content === content);
      expect(asked, `${content} was never saved`).toMatchObject({ name: entry.name });
      expect(this.#clusters[asked!.cluster]!.id).toBe(entry.cluster.id);
      expect(asked!.outcome, `${content} was refused, and is listed`).not.toBe('refused');
      const gone = this.#removals(asked!).find((each) => each.outcome === 'done' && each.from > asked!.to);
      expect(gone, `${content} was removed, and is listed`).toBeUndefined();
      listed.push(content);
    }
    for (const asked of this.asked.filter((each) => isSave(each) && each.outcome === 'done')) {
      if (this.#removals(asked).some(({ to }) => to > asked.from)) continue;
      expect(listed, `${asked.content} was saved, nobody removed it, and it is not listed`).toContain(
        asked.content,
      );
    }
    return listed.sort();
  }

  #removals(of: Asked): Asked[] {
    return this.asked.filter(
      (each) =>
        each.act === 'remove' &&
        each.cluster === of.cluster &&
        each.name === of.name &&
        each.outcome !== 'refused',
    );
  }

  /** As `repo check --repair` does. */
  async #repair(repository: Repository): Promise<void> {
    const left = async () => findLeftovers(repository, this.#clock, await repository.snapshots());
    for (const { kind, busy, clusterId, name } of await left()) {
      expect(busy, 'nobody lives any more').toBe(false);
      if (kind === 'unfinished' || kind === 'claim') await repository.clearRemains(clusterId!, name!);
    }
    const kept = (await left()).filter(({ kind }) => kind === 'unfinished' || kind === 'claim');
    // A pin is a person's word, be it on remains.
    for (const { clusterId, name } of kept) {
      expect(await repository.isPinned({ cluster: { id: clusterId! }, name: name! }), name!).toBe(true);
    }
  }

  /** A name is free again when nothing is left under it, and only then. */
  async #reuse(repository: Repository): Promise<void> {
    const { snapshots, unfinished } = await repository.snapshots();
    for (const cluster of this.#clusters) {
      const taken = [
        ...snapshots.map((each) => [each.cluster.id, each.name]),
        ...unfinished.map((each) => [each.clusterId, each.name]),
      ]
        .filter(([id]) => id === cluster.id)
        .map(([, name]) => name);
      for (const name of ['a', 'b', 'c']) {
        const save = storeSnapshot(repository, cluster, name, Buffer.from(`again ${name}`));
        if (taken.includes(name)) await expect(save).rejects.toMatchObject({ code: 'snapshot-name-taken' });
        else await save;
      }
    }
  }

  get #clock(): Actor['clock'] {
    const now = (): number => this.world.now;
    return {
      now: () => new Date(now()),
      monotonic: now,
      sleep: async (ms) => void (this.world.now += ms),
    };
  }

  #repository(storage: Storage, signing: SigningKey | undefined, clock = this.#clock): Repository {
    const trusted = this.#keys.map(({ publicKey }) => publicKey);
    const ring = unlistedRing({ trusted, require: 'any', ...(signing && { signing }) });
    const record = RepositoryRecord.parse({
      apiVersion: 'holdfast.dev/v1',
      kind: 'Repository',
      id: origin.repository,
      createdAt: new Date(0).toISOString(),
    });
    let ids = 0;
    const life = (this.#lives += 1);
    const uuid = (): string => `${String(life).padStart(5, '0')}${(ids += 1)}-${String(life)}`;
    return new Repository(storage, record, { ring, clock, uuid });
  }

  async #write(actor: Actor, { cluster, key, deeds }: Writer): Promise<void> {
    const lags = () => {
      const since = this.world.now - this.#lag;
      return this.#lag === 0
        ? undefined
        : ({ modifiedAt }: { modifiedAt: Date }) => modifiedAt.getTime() > since;
    };
    const masked = new MaskedStorage(this.#storage, `life-${this.#lives}`, lags);
    const repository = this.#repository(actor.sees(masked, 'removal'), this.#keys[key], actor.clock);
    const own = this.#clusters[cluster]!;
    for (let n = 0; n < 6; n += 1) {
      const deed = deeds[n % deeds.length]!;
      const content = `content ${this.asked.length}`;
      const asked: Asked = {
        ...deed,
        cluster,
        content,
        from: this.world.moment,
        to: Infinity,
        outcome: 'open',
      };
      this.asked.push(asked);
      try {
        await act(repository, own, asked);
        asked.outcome = 'done';
      } catch (error) {
        if (!isFailure(error)) throw error;
        const refused = isSave(asked)
          ? ['lease-lost', 'lease-held', 'snapshot-name-taken', 'snapshot-busy']
          : ['snapshot-missing'];
        asked.outcome = refused.includes(error.code) ? 'refused' : 'failed';
      }
      asked.to = this.world.moment;
      this.#strays.push(...masked.touched.filter((each) => !each.startsWith(`clusters/${own.id}/`)));
    }
  }

  /** Looks at the chains, which at no time show anything wrong, and keeps what it saw. */
  async #read(actor: Actor): Promise<void> {
    const repository = this.#repository(actor.sees(this.#storage), undefined, actor.clock);
    for (const [at, { id }] of this.#clusters.entries()) {
      try {
        const { found, removed } = await readChain(repository, actor.clock, id);
        if (checkChain(id, found, { removed, heads: [] }).length > 0) continue;
        this.#heads[at]!.push(...chainHeads(id, found, removed));
      } catch (error) {
        if (!isFailure(error)) throw error;
      }
    }
  }
}

function isSave({ act }: Deed): boolean {
  return act === 'save' || act === 'copy';
}

async function act(
  repository: Repository,
  cluster: ClusterRecord,
  { act, name, content }: Asked,
): Promise<void> {
  const of = { cluster, name };
  if (act === 'remove') return repository.deleteSnapshot(cluster.id, name);
  if (act === 'evidence')
    return repository.addEvidence(of, evidenceOf(name, '2026-11-20T12:00:00Z', 'passed'));
  if (act === 'pin') return void (await repository.pin(of, 'why'));
  const copied = { origin: { ...origin, name, manifestSha256: '0'.repeat(64) } };
  return storeSnapshot(repository, cluster, name, Buffer.from(content), act === 'copy' ? copied : {});
}
