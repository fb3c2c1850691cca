import { damaged, placeOf, placeOfBucket } from './damage.ts';
import type { Bucket } from './bucket.ts';
import { type Image, pagesPresent } from './meta.ts';
import {
  elementSize,
  firstDataPage,
  type Page,
  pageFlag,
  type PageHeader,
  pageHeaderSize,
  parsePage,
} from './page.ts';

/**
 * Bytes of the largest page that is read. bbolt puts two values on a leaf at the least, so this allows values of
 * half of it, ten times what etcd takes by default; a larger overflow is a damaged header, not a reason to allocate.
 */
export const largestPage = 64 * 1024 * 1024;

/** Why a header cannot be that of page `id`, reached from a tree of `image`; null when it can. */
export function faultOfHeader(image: Image, id: number, page: PageHeader): string | null {
  const isTree = page.flags === pageFlag.branch || page.flags === pageFlag.leaf;
  const bytes = (page.overflow + 1) * image.pageSize;
  if (page.id !== id) return `the header names page ${page.id}`;
  if (!isTree) return `flags 0x${page.flags.toString(16)} are neither a branch's nor a leaf's`;
  if (id + page.overflow >= pagesPresent(image))
    return `its overflow of ${page.overflow} pages runs past the last of ${pagesPresent(image)} pages`;
  if (bytes > largestPage) return `its overflow of ${page.overflow} pages is beyond any that etcd writes`;
  if (pageHeaderSize + page.count * elementSize > bytes) return `${page.count} elements do not fit in it`;
  return null;
}

/** Why `id` cannot be a page of a tree of `image`; null when it can. */
export function faultOfId(image: Image, id: number): string | null {
  if (id < firstDataPage || id >= image.meta.pages)
    return `page ${id} is not one of the pages 2 to ${image.meta.pages - 1}`;
  if ((id + 1) * image.pageSize > image.source.size) return `page ${id} lies past the end of the file`;
  return null;
}

/**
 * Reads a branch or leaf page with its overflow.
 * @throws Failure not-a-snapshot with the place when the page is not what its id says
 */
export async function readTreePage(image: Image, id: number): Promise<Page> {
  const { source, pageSize } = image;
  const place = placeOf(id, pageSize);
  const wrongId = faultOfId(image, id);
  if (wrongId !== null) throw damaged(source, place, wrongId);
  const head = await readPageBytes(image, id, pageSize);
  const page = parsePage(head);
  const fault = faultOfHeader(image, id, page);
  if (fault !== null) throw damaged(source, place, fault);
  return page.overflow === 0
    ? page
    : parsePage(await readPageBytes(image, id, (page.overflow + 1) * pageSize));
}

/** Why the image behind a bucket's head cannot be an inline leaf; null when it can. */
export function faultOfInline(inline: Uint8Array): string | null {
  if (inline.length < pageHeaderSize) return 'its inline page is cut short';
  const { flags, count } = parsePage(inline);
  if (flags !== pageFlag.leaf) return `its inline page has flags 0x${flags.toString(16)}, not a leaf's`;
  if (pageHeaderSize + count * elementSize > inline.length)
    return `${count} elements do not fit in its inline page`;
  return null;
}

/**
 * The page of an inline bucket.
 * @throws Failure not-a-snapshot when it is no leaf
 */
export function inlinePage(image: Image, bucket: Bucket): Page {
  const fault = faultOfInline(bucket.inline);
  if (fault !== null) throw damaged(image.source, placeOfBucket(bucket.name), fault);
  return parsePage(bucket.inline);
}

/** Reads the first `length` bytes of a page and what follows it. */
export async function readPageBytes(image: Image, id: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const got = await image.source.read(bytes, id * image.pageSize);
  if (got !== length)
    throw damaged(image.source, placeOf(id, image.pageSize), `only ${got} of ${length} bytes are there`);
  return bytes;
}
