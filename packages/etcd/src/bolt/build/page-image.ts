import { fnv1a64 } from '../fnv.ts';
import { metaChecksummed, metaMagic, metaSize, metaVersion, type Meta } from '../meta.ts';
import {
  elementSize,
  noFreelist,
  pageFlag,
  pageHeaderSize,
  type BranchElement,
  type LeafElement,
} from '../page.ts';
import { branchElementSize, leafElementSize } from './elements.ts';

/**
 * The bytes of a leaf, in whole pages of `pageSize`. With page size 1 nothing is rounded, which is the form that an
 * inline bucket has; its page id is 0.
 */
export function leafImage(pageId: number, pageSize: number, elements: readonly LeafElement[]): Buffer {
  const data = elements.reduce((sum, element) => sum + leafElementSize(element), pageHeaderSize);
  const image = pageImage(pageId, pageFlag.leaf, elements.length, data, pageSize);
  let at = pageHeaderSize + elements.length * elementSize;
  for (const [i, { flags, key, value }] of elements.entries()) {
    const element = pageHeaderSize + i * elementSize;
    image.writeUInt32LE(flags, element);
    image.writeUInt32LE(at - element, element + 4);
    image.writeUInt32LE(key.length, element + 8);
    image.writeUInt32LE(value.length, element + 12);
    image.set(key, at);
    image.set(value, at + key.length);
    at += key.length + value.length;
  }
  return image;
}

/** The bytes of a branch, in whole pages of `pageSize`. */
export function branchImage(pageId: number, pageSize: number, elements: readonly BranchElement[]): Buffer {
  const data = elements.reduce((sum, element) => sum + branchElementSize(element), pageHeaderSize);
  const image = pageImage(pageId, pageFlag.branch, elements.length, data, pageSize);
  let at = pageHeaderSize + elements.length * elementSize;
  for (const [i, { key, child }] of elements.entries()) {
    const element = pageHeaderSize + i * elementSize;
    image.writeUInt32LE(at - element, element);
    image.writeUInt32LE(key.length, element + 4);
    image.writeBigUInt64LE(BigInt(child), element + 8);
    image.set(key, at);
    at += key.length;
  }
  return image;
}

/** The bytes of meta page 0 or 1. No freelist is named: bbolt finds the free pages by itself, as in every etcd db. */
export function metaImage(pageId: 0 | 1, meta: Omit<Meta, 'freelist'>): Buffer {
  const image = pageImage(pageId, pageFlag.meta, 0, pageHeaderSize + metaSize, meta.pageSize);
  const body = image.subarray(pageHeaderSize);
  body.writeUInt32LE(metaMagic, 0);
  body.writeUInt32LE(metaVersion, 4);
  body.writeUInt32LE(meta.pageSize, 8);
  body.writeBigUInt64LE(BigInt(meta.root), 16);
  body.writeBigUInt64LE(meta.sequence, 24);
  body.writeBigUInt64LE(noFreelist, 32);
  body.writeBigUInt64LE(BigInt(meta.pages), 40);
  body.writeBigUInt64LE(meta.transaction, 48);
  body.writeBigUInt64LE(fnv1a64(body.subarray(0, metaChecksummed)), metaChecksummed);
  return image;
}

function pageImage(pageId: number, flags: number, count: number, size: number, pageSize: number): Buffer {
  const pages = Math.ceil(size / pageSize);
  const image = Buffer.alloc(pages * pageSize);
  image.writeBigUInt64LE(BigInt(pageId), 0);
  image.writeUInt16LE(flags, 8);
  image.writeUInt16LE(count, 10);
  if (pageSize > 1) image.writeUInt32LE(pages - 1, 12);
  return image;
}
