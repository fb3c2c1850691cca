import { createGunzip } from 'node:zlib';
import { metaMagic, openImage, pageSizes, u32, type ByteSource } from '@holdfast/etcd/bolt';
import type { ForeignFile, ForeignPlace } from './foreign.ts';
import { perFile } from './per-file.ts';
import { readPart } from './place/read-part.ts';
import { isTarHeader } from './archive/tar-header.ts';

/** What bytes are, whatever they are called. */
export type Sniffed =
  | SniffedDb
  /** `whole`: the end of the archive is there. */
  | { readonly kind: 'zip'; readonly whole: boolean }
  /** `holds`: what the first bytes are when they are decompressed. */
  | { readonly kind: 'gzip'; readonly holds: SniffedKind }
  | { readonly kind: Exclude<SniffedKind, 'db' | 'zip' | 'gzip'> };

/** A bbolt database, as its heads tell. */
export interface SniffedDb {
  readonly kind: 'db';
  /** Whether etcd's own SHA-256 follows the last page. */
  readonly trailer: boolean;
  /** Bytes that its pages take; null when no head is whole enough to tell. Only a file with fewer is cut off for certain. */
  readonly pageBytes: number | null;
}

export type SniffedKind =
  | 'db'
  | 'zip'
  | 'gzip'
  | 'tar'
  | 'json'
  | 'pem'
  /** A file of etcd's write-ahead log. */
  | 'wal'
  | 'unknown'
  | 'empty';

/** Up to the end of a second meta page behind the largest page. */
const headBytes = 64 * 1024 + 128;
const firstBytes = 1024;
/** The end of a zip without and with the longest comment. */
const zipEndBytes = 22 + 65_535;
/** From page 0's header to the magic: bbolt's page header has 16 bytes. */
const magicAt = 16;

/**
 * What a file of a place is by its first and last bytes. A few small reads, and none the second time.
 *
 * @throws file-unreadable, the `s3-` failures
 */
export const sniff = perFile(look);

async function look(place: ForeignPlace, { path, size }: ForeignFile): Promise<Sniffed> {
  if (size === 0) return { kind: 'empty' };
  let head = await readPart(place, path, 0, Math.min(firstBytes, size));
  const kind = kindOf(head);
  if (kind === 'zip') {
    const tail = await readPart(place, path, Math.max(0, size - zipEndBytes), size);
    return { kind, whole: tail.includes('PK\x05\x06', 0, 'latin1') };
  }
  if (kind !== 'db' && kind !== 'gzip' && kind !== 'unknown') return { kind };
  // A database whose first page is damaged shows by its second one.
  if (size > head.length) head = await readPart(place, path, 0, Math.min(headBytes, size));
  if (kind === 'gzip') return { kind, holds: kindOf(await expandedHead(head)) };
  if (kind === 'unknown' && kindOf(head) !== 'db') return { kind };
  return sniffDb(head, path, size);
}

async function sniffDb(head: Buffer, name: string, size: number): Promise<SniffedDb> {
  // Page sizes are multiples of 512.
  const trailer = size % 512 === 32;
  const source: ByteSource = {
    name,
    size,
    read: (target, position) => head.copy(target, 0, position, position + target.length),
    close: () => {},
  };
  const image = await openImage(source).catch(() => null);
  return { kind: 'db', trailer, pageBytes: image === null ? null : image.meta.pages * image.pageSize };
}

/** What bytes are by their beginning. @param head the more the better: 1 KiB tells all but a database whose first page is damaged */
export function kindOf(head: Uint8Array): SniffedKind {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (bytes.length === 0) return 'empty';
  const starts = (text: string): boolean => bytes.subarray(0, text.length).toString('latin1') === text;
  const magicIn = (at: number): boolean => bytes.length >= at + 4 && u32(bytes, at) === metaMagic;
  if (magicIn(magicAt)) return 'db';
  if (starts('PK\x03\x04') || starts('PK\x05\x06')) return 'zip';
  if (starts('\x1f\x8b\x08')) return 'gzip';
  if (isTarHeader(bytes.subarray(0, 512))) return 'tar';
  if (starts('-----BEGIN ')) return 'pem';
  if (isWal(bytes)) return 'wal';
  if (isJson(bytes)) return 'json';
  return pageSizes.some((size) => magicIn(size + magicAt)) ? 'db' : 'unknown';
}

/**
 * A frame of etcd's write-ahead log: its length with padding, then a record of type 4 (CRC) whose first field is the type:
 * etcd writes one first into every file (server/storage/wal/encoder.go, walpb/record.proto).
 */
function isWal(bytes: Buffer): boolean {
  if (bytes.length < 16) return false;
  const length = bytes.readUInt32LE(0);
  return (
    length > 0 && length <= 64 && bytes[4] === 0 && bytes[8] === 0x08 && bytes[9] === 4 && bytes[10] === 0x10
  );
}

function isJson(bytes: Buffer): boolean {
  const text = bytes.subarray(0, firstBytes).toString('utf8');
  return /^\s*(\{\s*("|\})|\[\s*(\{|"|\]|\d))/.test(text);
}

/** The first bytes of what is compressed; none when it cannot be decompressed. */
async function expandedHead(head: Buffer): Promise<Buffer> {
  const stream = createGunzip();
  const parts: Buffer[] = [];
  let length = 0;
  // Only the head is there: the stream would never end by itself.
  await new Promise<void>((resolve) => {
    stream.on('error', () => resolve());
    stream.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length >= headBytes) resolve();
    });
    stream.write(head, () => resolve());
  });
  stream.destroy();
  return Buffer.concat(parts).subarray(0, headBytes);
}
