import { Failure } from '@holdfast/base';
import { expandGzip, openZip, readTarEntry } from './archive/index.ts';
import type { ForeignForm, ForeignPlace, ForeignSnapshot } from './foreign.ts';

/** How the database is read from each form. */
type ReadForm = (place: ForeignPlace, snapshot: ForeignSnapshot) => AsyncIterable<Uint8Array>;

const forms: Readonly<Record<ForeignForm, ReadForm>> = {
  db: (place, { path }) => place.read(path),
  gzip: (place, snapshot) => expandGzip(place, snapshot),
  zip: readZip,
  tar: (place, snapshot) => readTarEntry(place, snapshot, 'tar', entryOf(place, snapshot)),
  'tar.gz': (place, snapshot) => readTarEntry(place, snapshot, 'tar.gz', entryOf(place, snapshot)),
  datadir: unusable('its database and its log have to be read together'),
  'v2-backup': unusable('it holds the store of etcd’s version 2'),
};

/**
 * The plain etcd database of a snapshot as it lies there, decompressed and unpacked, for verification and import. Its
 * checksums (of the zip, of the gzip) are compared at its end: bytes that came before a failure are not to be used.
 *
 * @throws foreign-unusable when no database can be read from such a thing
 * @throws archive-refused, archive-damaged, file-unreadable, the `s3-` failures; the signal's reason
 */
export async function* readImage(
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  for await (const chunk of forms[snapshot.form](place, snapshot)) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

async function* readZip(place: ForeignPlace, snapshot: ForeignSnapshot): AsyncGenerator<Uint8Array> {
  const wanted = entryOf(place, snapshot);
  const zip = await openZip(place, snapshot);
  const entry = zip.entries.find(({ name }) => name === wanted);
  if (entry === undefined) throw failure(place, snapshot, `it has no entry ${JSON.stringify(wanted)}`);
  yield* zip.read(entry);
}

function entryOf(place: ForeignPlace, snapshot: ForeignSnapshot): string {
  if (snapshot.entry !== undefined) return snapshot.entry;
  throw failure(place, snapshot, snapshot.notes[0] ?? 'no database was found in it');
}

function unusable(why: string): ReadForm {
  return (place, snapshot) => {
    throw failure(place, snapshot, why);
  };
}

function failure(place: ForeignPlace, { path }: ForeignSnapshot, why: string): Failure {
  return new Failure('foreign-unusable', why, { path: `${place.location}/${path}` });
}
