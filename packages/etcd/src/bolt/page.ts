import { u16, u32, u64 } from './little-endian.ts';

/**
 * Pages of a bbolt file (format version 2, bbolt 1.3 and 1.4: `page.go`). Every page begins with a header:
 * u64 id, u16 flags, u16 count of elements, u32 overflow (extra contiguous pages); little-endian throughout.
 */
export const pageHeaderSize = 16;

/** Leaf elements (u32 flags, u32 pos, u32 key size, u32 value size) and branch ones (u32 pos, u32 key size, u64 child). */
export const elementSize = 16;

/** What a page is: exactly one of these. */
export const pageFlag = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;

/** Set in a leaf element whose value is a bucket. */
export const bucketElementFlag = 0x01;

/** As page id of the freelist: the file holds none, whatever no tree reaches is free. */
export const noFreelist = 0xffff_ffff_ffff_ffffn;

/** The metas of a file: pages 0 and 1. */
export const firstDataPage = 2;

/** The header of a page. */
export interface PageHeader {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  readonly overflow: number;
}

/** A page with its overflow, as read: `bytes` begins with the header. An inline bucket's page has id 0. */
export interface Page extends PageHeader {
  readonly bytes: Uint8Array;
}

/** Reads the header at `at`. */
export function parseHeader(bytes: Uint8Array, at: number): PageHeader {
  return {
    id: u64(bytes, at),
    flags: u16(bytes, at + 8),
    count: u16(bytes, at + 10),
    overflow: u32(bytes, at + 12),
  };
}

/** The page that `bytes` are; they keep being its bytes. */
export function parsePage(bytes: Uint8Array): Page {
  return { ...parseHeader(bytes, 0), bytes };
}

/** What a bucket maps: a key and its value. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** An element of a leaf; views into the page. */
export interface LeafElement extends Entry {
  readonly flags: number;
}

/** Element `index` of a leaf page, or null when it points outside the page. */
export function leafElement(page: Page, index: number): LeafElement | null {
  const at = pageHeaderSize + index * elementSize;
  const { bytes } = page;
  if (index < 0 || index >= page.count || at + elementSize > bytes.length) return null;
  const key = at + u32(bytes, at + 4);
  const value = key + u32(bytes, at + 8);
  const end = value + u32(bytes, at + 12);
  if (end > bytes.length) return null;
  return { flags: u32(bytes, at), key: bytes.subarray(key, value), value: bytes.subarray(value, end) };
}

/** An element of a branch: `child` holds keys from `key` up to the next element's. */
export interface BranchElement {
  readonly key: Uint8Array;
  readonly child: number;
}

/** Element `index` of a branch page, or null when it points outside the page. */
export function branchElement(page: Page, index: number): BranchElement | null {
  const at = pageHeaderSize + index * elementSize;
  const { bytes } = page;
  if (index < 0 || index >= page.count || at + elementSize > bytes.length) return null;
  const key = at + u32(bytes, at);
  const end = key + u32(bytes, at + 4);
  if (end > bytes.length) return null;
  return { key: bytes.subarray(key, end), child: u64(bytes, at + 8) };
}
