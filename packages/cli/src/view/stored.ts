import { formatBytes } from '@holdfast/base';
import type { ObjectLock, Repository, SnapshotEntry } from '@holdfast/repository';
import type { View } from '../term/answer.ts';
import { pairs } from '../term/table.ts';
import { moment } from '../term/when.ts';

/** How a snapshot lies in its repository, beyond what its manifest says. */
export interface StoredAs {
  /** Of each object, in the manifest's order; null: it can be removed. */
  readonly locks: readonly (ObjectLock | null)[];
  /** Names of the public keys that the repository's key list gives, by the whole key. */
  readonly keyNames: ReadonlyMap<string, string>;
}

/** Asks the storage about each object. */
export async function storedAs(repository: Repository, entry: SnapshotEntry): Promise<StoredAs> {
  const stats = await Promise.all(
    entry.manifest.objects.map(async (object) => repository.statObject(entry, object)),
  );
  const recipients = repository.ring.list?.recipients ?? [];
  return {
    locks: stats.map((stat) => stat?.lock ?? null),
    keyNames: new Map(recipients.map(({ key, name }) => [key, name])),
  };
}

/** Objects with their encoding and size, for whom they are sealed, who signed, and from where it was copied. */
export function storedText(entry: SnapshotEntry, { locks, keyNames }: StoredAs, view: View): string {
  const { manifest } = entry;
  const { objects, recipients, origin, lineage } = manifest;
  return `Stored\n${pairs(
    [
      ...objects.map(({ path, size, encoding }, i) => {
        const plain =
          encoding === 'plain' || encoding === 'age' ? '' : ` of ${formatBytes(manifest.content.size)}`;
        const lock = view.wide ? lockWords(locks[i] ?? null, view) : '';
        return [path, `${encoding}, ${formatBytes(size)}${plain}${lock}`] as const;
      }),
      [
        'sealed for',
        recipients.length === 0 ? undefined : recipients.map((key) => keyWords(key, keyNames)).join(', '),
      ],
      ['signed', signedWords(entry, view)],
      [
        'copy of',
        origin === null
          ? undefined
          : `${origin.name} of cluster ${origin.cluster} in repository ${origin.repository}`,
      ],
      [
        'number',
        view.wide && lineage !== null ? `${lineage.sequence} of ${lineage.writer ?? 'nobody'}` : undefined,
      ],
    ],
    '  ',
  )}`;
}

function signedWords({ trust }: SnapshotEntry, view: View): string {
  if (!trust.trusted) return view.style('bad', `untrusted: ${trust.why}`);
  if (trust.by.length === 0) return trust.why;
  return trust.by.map(({ name, keyid }) => (name === keyid ? keyid : `${name} (${keyid})`)).join(', ');
}

/** The beginning and the end of a key are what people compare. */
function keyWords(key: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(key);
  const short = `${key.slice(0, 9)}…${key.slice(-5)}`;
  return name === undefined ? short : `${name} (${short})`;
}

function lockWords(lock: ObjectLock | null, view: View): string {
  return lock === null ? '' : `, locked until ${moment(lock.until.toISOString(), view.utc)} (${lock.mode})`;
}
