import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '@holdfast/base';
import { fileStream } from '../content/file-stream.ts';
import type { VerbContext } from '../context.ts';
import { salvageSnapshot } from '../sandbox/index.ts';
import type { ForeignFile, ForeignPlace, ForeignSnapshot } from './foreign.ts';
import { memberFolders } from './member-folders.ts';

/** What reading a data directory takes: a folder for a copy of it, a throw-away etcd, and its time. */
type DatadirTools = Pick<VerbContext, 'clock' | 'signal' | 'scratchFolder'>;

/** The database of a data directory, with etcd's own SHA-256 behind it, until it is disposed of. */
export interface DatadirImage extends AsyncDisposable {
  stream(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Whether the log is in it, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Makes one database of a whole data directory: the `etcd` on the PATH replays its log on a copy, which only this user can
 * read. Where it cannot be replayed, the database is taken alone and that is said.
 *
 * @throws not-a-snapshot when the database is damaged; not-enough-space, disk-full, file-unwritable of the copy;
 *   foreign-unusable when it is not there any more; file-unreadable, the `s3-` failures; the signal's reason
 */
export async function openDatadirImage(
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
  { clock, signal, scratchFolder = tmpdir() }: DatadirTools,
): Promise<DatadirImage> {
  const member = await findMember(place, snapshot, signal);
  const folder = await mkdtemp(join(scratchFolder, 'holdfast-datadir-'));
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const memberDir = join(folder, 'member');
    for (const file of [...member.snaps, ...member.wal]) await copy(place, file, memberDir, signal);
    const target = join(folder, 'image.db');
    const options = { program: 'etcd', memberDir, folder, target, clock, signal };
    const { replayed, why } = await salvageSnapshot({ ...options, acceptUnreplayed: true });
    const note = replayed
      ? `Its log was replayed: ${why}.`
      : `Its log was not replayed, so the database was taken alone: ${why}.`;
    return {
      stream: (until) => fileStream(target, until),
      notes: [note],
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function findMember(
  place: ForeignPlace,
  { path }: ForeignSnapshot,
  signal: AbortSignal,
): Promise<{ readonly snaps: readonly ForeignFile[]; readonly wal: readonly ForeignFile[] }> {
  const files: ForeignFile[] = [];
  const prefix = path === '.' ? '' : `${path}/`;
  for await (const file of place.list(() => {})) {
    signal.throwIfAborted();
    if (file.path.startsWith(prefix)) files.push(file);
  }
  const member = memberFolders(files).find(({ folder }) => folder === (path === '.' ? '' : path));
  if (member?.db == null)
    throw new Failure('foreign-unusable', 'it is not there any more', { path: `${place.location}/${path}` });
  const snap = dirname(member.db.path);
  const names = /^(?:db|[0-9a-f-]+\.snap(?:\.db)?)$/;
  const snaps = files.filter((file) => dirname(file.path) === snap && names.test(basename(file.path)));
  return { snaps, wal: member.wal };
}

/** Under its own name in `snap` or `wal` of the copy. */
async function copy(
  place: ForeignPlace,
  { path }: ForeignFile,
  memberDir: string,
  signal: AbortSignal,
): Promise<void> {
  const target = join(memberDir, ...path.split('/').slice(-2));
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const file = createWriteStream(target, { flags: 'wx', mode: 0o600 });
  try {
    await pipeline(Readable.from(place.read(path), { objectMode: false }), file, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const { code, message, syscall } = cause as NodeJS.ErrnoException;
    if (cause instanceof Failure || (syscall !== 'write' && syscall !== 'open')) throw cause;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    throw new Failure(isFull ? 'disk-full' : 'file-unwritable', message, { path: target }, { cause });
  }
}
