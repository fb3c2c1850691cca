import { damaged, placeOf } from './damage.ts';
import { u64 } from './little-endian.ts';
import { type Image, pagesPresent } from './meta.ts';
import { firstDataPage, pageFlag, pageHeaderSize, parsePage } from './page.ts';
import type { PageMap } from './page-map.ts';
import { largestPage, readPageBytes } from './read-page.ts';

/** As count of a freelist page: the true count is the first of its numbers. */
const countFollows = 0xffff;

/**
 * The pages that a synced freelist names, in its order; its own pages are marked in `reached`. Empty when the image
 * keeps no freelist, as etcd's do not.
 * @throws Failure not-a-snapshot with the place when it is damaged
 */
export async function readFreelist(image: Image, reached: PageMap): Promise<Float64Array> {
  const { source, pageSize, meta } = image;
  const id = meta.freelist;
  if (id === null) return new Float64Array(0);
  const place = placeOf(id, pageSize);
  if (id < firstDataPage || id >= meta.pages)
    throw damaged(source, place, 'the freelist lies outside the image');
  const { id: self, flags, overflow, count } = parsePage(await readPageBytes(image, id, pageSize));
  if (self !== id || flags !== pageFlag.freelist) throw damaged(source, place, 'it is no freelist');
  if (id + overflow >= pagesPresent(image) || overflow * pageSize > largestPage)
    throw damaged(source, place, `its overflow of ${overflow} pages cannot be`);
  const bytes = await readPageBytes(image, id, (overflow + 1) * pageSize);
  const from = pageHeaderSize + (count === countFollows ? 8 : 0);
  const length = count === countFollows ? u64(bytes, pageHeaderSize) : count;
  if (length > (bytes.length - from) / 8)
    throw damaged(source, place, `${length} pages do not fit in the freelist`);
  reached.claim(id, overflow + 1);
  return Float64Array.from({ length }, (_, i) => u64(bytes, from + 8 * i));
}

/**
 * Checks a freelist against what the trees reached: a page is either used or free, and listed once. Without a synced
 * freelist whatever is not reached is free.
 * @returns the number of pages that no tree reaches
 */
export function checkFreelist(
  image: Image,
  reached: PageMap,
  listed: Float64Array,
  report: (place: string, reason: string) => void,
): number {
  const { pageSize, meta } = image;
  const pages = pagesPresent(image);
  let free = 0;
  for (let page = firstDataPage; page < pages; page++) if (!reached.has(page)) free++;
  if (meta.freelist === null) return free;
  for (const page of listed) {
    if (page < firstDataPage || page >= pages)
      report(placeOf(meta.freelist, pageSize), `it names page ${page}, which is none`);
    else if (reached.claim(page, 1) >= 0) report(placeOf(page, pageSize), 'it is in use or free twice');
  }
  for (let page = firstDataPage; page < pages; page++)
    if (!reached.has(page)) report(placeOf(page, pageSize), 'it is neither in use nor free');
  return free;
}
