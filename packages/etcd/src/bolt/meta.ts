import { damaged } from './damage.ts';
import { fnv1a64 } from './fnv.ts';
import { bigU64, u16, u32, u64 } from './little-endian.ts';
import { noFreelist, pageFlag, pageHeaderSize } from './page.ts';
import type { ByteSource } from './source.ts';

/**
 * The meta body follows the page header: u32 magic, u32 version, u32 page size, u32 flags, u64 root page, u64 root
 * sequence, u64 freelist page, u64 high-water mark, u64 transaction, u64 FNV-1a-64 of the 56 bytes before it.
 */
export const metaMagic = 0xed0cdaed;
export const metaVersion = 2;
/** Bytes of the body that its checksum covers. */
export const metaChecksummed = 56;
export const metaSize = metaChecksummed + 8;
/** A page size is 1 KiB << 0..14: etcd's is the page size of the host that made the file. */
export const pageSizes = Array.from({ length: 15 }, (_, i) => 1024 << i);

/** What a meta page says. */
export interface Meta {
  readonly pageSize: number;
  /** Root page of the root bucket. */
  readonly root: number;
  readonly sequence: bigint;
  /** Page of the synced freelist, or null: none is kept. */
  readonly freelist: number | null;
  /** High-water mark: the number of pages, so that the image is `pages * pageSize` bytes. */
  readonly pages: number;
  readonly transaction: bigint;
}

/** Reads the meta page at the beginning of `bytes` (80 bytes suffice), or returns null when it is not a whole one. */
export function parseMeta(bytes: Uint8Array): Meta | null {
  if (bytes.length < pageHeaderSize + metaSize) return null;
  const body = bytes.subarray(pageHeaderSize, pageHeaderSize + metaSize);
  if ((u16(bytes, 8) & pageFlag.meta) === 0) return null;
  if (u32(body, 0) !== metaMagic || u32(body, 4) !== metaVersion) return null;
  if (bigU64(body, metaChecksummed) !== fnv1a64(body.subarray(0, metaChecksummed))) return null;
  const pageSize = u32(body, 8);
  if (!pageSizes.includes(pageSize)) return null;
  return {
    pageSize,
    root: u64(body, 16),
    sequence: bigU64(body, 24),
    freelist: bigU64(body, 32) === noFreelist ? null : u64(body, 32),
    pages: u64(body, 40),
    transaction: bigU64(body, 48),
  };
}

/** An open image: where its bytes are and which meta is valid. */
export interface Image {
  readonly source: ByteSource;
  readonly meta: Meta;
  readonly pageSize: number;
}

/** The pages of an image that its file holds: all of them, unless the file was cut off. */
export function pagesPresent({ source, meta }: Image): number {
  return Math.min(meta.pages, Math.floor(source.size / meta.pageSize));
}

/**
 * Opens an image by the newer valid one of its two metas. When page 0 is broken the page size is unknown, so page 1
 * is looked for wherever a page size would put it.
 * @throws Failure not-a-snapshot when neither meta is whole
 */
export async function openImage(source: ByteSource): Promise<Image> {
  const read = async (position: number): Promise<Meta | null> => {
    const bytes = new Uint8Array(pageHeaderSize + metaSize);
    const got = await source.read(bytes, position);
    return got === bytes.length ? parseMeta(bytes) : null;
  };
  const first = await read(0);
  let best = first;
  for (const pageSize of first === null ? pageSizes : [first.pageSize]) {
    const second = await read(pageSize);
    if (second === null || second.pageSize !== pageSize) continue;
    if (best === null || second.transaction > best.transaction) best = second;
    break;
  }
  if (best === null) throw damaged(source, 'page 0 at byte 0', whyNoMeta(source));
  return { source, meta: best, pageSize: best.pageSize };
}

function whyNoMeta(source: ByteSource): string {
  if (source.size === 0) return 'the file is empty';
  return 'neither this meta page nor the second one is whole, so this is no etcd database or its head is damaged';
}
