import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { GivenBackForm, GivenBackTo } from './file-name.ts';
import { type ZipEntry, zipStream } from './zip-stream.ts';

/** What is packed into the file. */
export interface ToPack {
  readonly as: GivenBackTo;
  readonly form: GivenBackForm;
  /** The name without an ending. */
  readonly bare: string;
  /** Bytes of the snapshot. */
  readonly size: number;
  readonly takenAt: Date;
  readonly content: AsyncIterable<Uint8Array>;
  /** The state of an RKE cluster. */
  readonly state?: Uint8Array | undefined;
}

/** Plain bytes from which on a zip has sizes of 64 bits: deflate adds far less than what is left to 4 GiB. */
const wideBytes = 0xf000_0000;

/** The file as it comes: the snapshot as it is, or in an archive whose names are those that the system's own tool asks for. */
export function packed(what: ToPack): AsyncIterable<Uint8Array> {
  const { as, form, bare, size, takenAt, content, state } = what;
  if (form === 'raw') return content;
  if (form === 'tar') return tarOf(what);
  // rke-tools, main.go: the paths in its own container. K3s, pkg/etcd/snapshot.go: the name alone.
  const entries: ZipEntry[] = [
    { name: as === 'rke' ? `/backup/${bare}` : bare, modifiedAt: takenAt, content },
  ];
  if (state !== undefined)
    entries.push({ name: `/etc/kubernetes/${bare}.rkestate`, modifiedAt: takenAt, content: [state] });
  return zipStream(entries, { wide: size >= wideBytes });
}

/** One entry, under the name that Alauda's instructions for a restore give it. */
async function* tarOf({ size, takenAt, content }: ToPack): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const header = {
    name: 'snapshot.db',
    size,
    mode: 0o600,
    mtime: takenAt,
    type: 'file',
    uid: 0,
    gid: 0,
  } as const;
  const entry = tar.entry(header, (error) => {
    if (error) tar.destroy(error);
    else tar.finalize();
  });
  // It fails with the tar, which is where a failure is thrown from.
  entry.on('error', () => {});
  Readable.from(content, { objectMode: false })
    .on('error', (error) => tar.destroy(error))
    .pipe(entry);
  for await (const chunk of tar) yield chunk as Uint8Array;
}
