import { createHash } from 'node:crypto';
import { limits } from '@holdfast/base';
import { WrappedStorage } from '../../storage/wrapped.ts';
import { withChanges } from '../chain.ts';
import { positionOf, type LeaseEntry } from '../entry.ts';

/** One entry of the chain as it really came about, with the keys that are committed by it. */
interface Link {
  readonly entry: LeaseEntry;
  readonly keys: readonly string[];
}

/**
 * Watches a storage from inside and knows the one true chain: of each position the first entry that was ever put. What
 * is put there again after a pruning is none. Each link is held against the one before.
 */
export class Truth extends WrappedStorage {
  /** By position, from 1 on. */
  readonly links: Link[] = [{ entry: {} as LeaseEntry, keys: [] }];
  /** What should never have happened. */
  readonly faults: string[] = [];
  readonly #lists: (readonly LeaseEntry['changes'][number][])[] = [[]];

  get position(): number {
    return this.links.length - 1;
  }

  override async put(key: string, content: Uint8Array): Promise<boolean> {
    const position = positionOf(key);
    const put = await this.inner.put(key, content);
    if (!put || position === undefined || position < this.links.length) return put;
    const entry = JSON.parse(Buffer.from(content).toString()) as LeaseEntry;
    const base = entry.base === null ? [] : this.#lists[entry.base.position]!;
    const committed = withChanges(withChanges([], base), entry.changes);
    const before = this.links.at(-1)!;
    const keys = committed.map((each) => each.key);
    const faults = faultsOf(entry, keys, before, position === 1);
    const added = committed.find((each) => !before.keys.includes(each.key));
    const found = added && (await this.inner.get(added.key, limits.recordBytes));
    if (added && (!found || createHash('sha256').update(found).digest('hex') !== added.sha256))
      faults.push(`${added.key} is committed and not whole`);
    if (position > this.links.length) faults.push('a position was left out');
    this.faults.push(...faults.map((fault) => `entry ${position}: ${fault}`));
    this.links.push({ entry, keys });
    this.#lists.push(committed.map((commit) => ({ commit })));
    return put;
  }
}

/** What may not follow on an entry. */
function faultsOf(entry: LeaseEntry, keys: readonly string[], before: Link, first: boolean): string[] {
  const [added, removed] = [
    keys.filter((key) => !before.keys.includes(key)),
    before.keys.filter((key) => !keys.includes(key)),
  ];
  const kept = keys.slice(0, keys.length - added.length);
  const rules: [boolean, string][] = [
    [entry.previous === (first ? null : before.entry.id), 'it does not name the one before'],
    [added.length === (entry.act === 'commit' ? 1 : 0), `it adds ${added.join()}`],
    [removed.length === (entry.act === 'withdraw' ? 1 : 0), `it takes ${removed.join()} away`],
    [kept.join() === before.keys.filter((key) => kept.includes(key)).join(), 'it changes the order'],
    [
      entry.act === 'take'
        ? entry.epoch === entry.position
        : entry.holder.id === before.entry.holder?.id && entry.epoch === before.entry.epoch,
      'it is of one who does not hold the lease',
    ],
    [entry.act === 'take' || before.entry.act !== 'release', 'it follows on a release'],
  ];
  return rules.filter(([holds]) => !holds).map(([, fault]) => fault);
}
