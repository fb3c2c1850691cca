import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { SealedTools } from './sealed-tools.ts';

/** How many bytes one way to store a snapshot takes. */
export interface StoredBytes {
  readonly how: string;
  readonly bytes: number;
}

/** One snapshot as others store it, and as we do. */
export async function storedBytes(
  snapshot: string,
  tools: SealedTools,
  kept: { readonly ours: string; readonly theirs: string },
): Promise<StoredBytes[]> {
  const gzip = await gzipBytes(snapshot);
  return [
    { how: 'plain, as etcdctl saves it', bytes: statSync(snapshot).size },
    { how: 'zip, as K3s and RKE keep it', bytes: gzip - gzipFrame + zipFrame(basename(snapshot)) },
    { how: 'gzip', bytes: gzip },
    { how: 'zstd -3, age', bytes: tools.sizeBelow(kept.theirs) },
    { how: 'ours, sealed, with its manifest and lease', bytes: tools.sizeBelow(kept.ours) },
  ];
}

/** Of the default level, 6. */
async function gzipBytes(path: string): Promise<number> {
  const gzip = createReadStream(path, { highWaterMark: 1024 * 1024 }).pipe(createGzip());
  let bytes = 0;
  gzip.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await finished(gzip);
  return bytes;
}

/** Header and trailer of RFC 1952, without a name. */
const gzipFrame = 10 + 8;

/** What a zip of one entry has around the same Deflate stream: local header, descriptor, directory and its end. */
function zipFrame(name: string): number {
  return 30 + name.length + 16 + 46 + name.length + 22;
}
