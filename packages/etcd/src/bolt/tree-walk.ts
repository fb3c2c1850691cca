import type { Bucket } from './bucket.ts';
import { compareBytes } from './compare.ts';
import { deepestTree } from './cursor.ts';
import { placeOf, placeOfBucket } from './damage.ts';
import { checkLeaf, type Leaf, type Visit } from './leaf-check.ts';
import type { Image } from './meta.ts';
import { branchElement, type Page, pageFlag, type PageHeader, parseHeader } from './page.ts';
import type { PageMap } from './page-map.ts';
import type { PageWindow } from './page-window.ts';
import { faultOfHeader, faultOfId, faultOfInline } from './read-page.ts';

/** What a walk needs. */
export interface WalkContext {
  readonly image: Image;
  readonly window: PageWindow;
  /** The pages reached so far, by this walk and those before it. */
  readonly reached: PageMap;
  /** Takes each finding: where, and what is wrong. The walk goes on beside the damage. */
  readonly report: (place: string, reason: string) => void;
  /** Called now and then with the bytes walked since; may pause the walk, and rejects to end it. */
  readonly pace: (bytes: number) => Promise<void>;
}

/** What a bucket's elements are to be, and who takes them. */
export interface WalkOrder {
  readonly bucket: Bucket;
  /** Flags of each element: 0, or those of a bucket. */
  readonly flags: number;
  readonly visit: Visit;
  /** Leaves that end before this key are left out. */
  readonly from?: Uint8Array;
}

/** The children of a branch: child i holds keys from `keys[i]` up to the next one's, the last up to `max`. */
interface Family {
  readonly place: string;
  readonly children: readonly number[];
  readonly keys: readonly (Uint8Array | null)[];
  readonly max: Uint8Array | null;
}

/** Neighbouring children are read together over gaps of so many bytes, which mostly are their overflow pages. */
const bridgedGap = 64 * 1024;
/** Bytes read behind the last page of a run, for its overflow: a second read costs more than a few spare pages. */
const usualOverflow = 8 * 1024;
/** Bytes between two calls of `pace`. */
const paceBytes = 16 * 1024 * 1024;

/**
 * Walks trees of an image in key order with the rules of bbolt's `tx.Check` (bbolt `tx_check.go`): each page names
 * itself, lies below the high-water mark, is a branch or leaf and is reached once; keys rise and stay within the
 * bounds of the branch above. Damage is reported, never thrown, and no page is followed twice.
 */
export class TreeWalk {
  readonly #context: WalkContext;
  #walked = 0;

  constructor(context: WalkContext) {
    this.#context = context;
  }

  /**
   * Visits the leaves of a bucket.
   * @throws what `pace` rejects with; Failure file-unreadable; not-a-snapshot when the file shrinks meanwhile
   */
  async walk(order: WalkOrder): Promise<void> {
    const { window, report } = this.#context;
    const { root, inline, name } = order.bucket;
    const place = placeOfBucket(name);
    if (root !== 0) return this.#family({ place, children: [root], keys: [null], max: null }, order, 1);
    const fault = faultOfInline(inline);
    if (fault !== null) return report(place, fault);
    window.place(inline);
    const { count } = parseHeader(inline, 0);
    this.#leaf({ page: 0, at: 0, size: inline.length, count, min: null, max: null }, order);
  }

  async #family(family: Family, order: WalkOrder, depth: number): Promise<void> {
    const { image, window, report, pace } = this.#context;
    const { children, keys } = family;
    if (depth > deepestTree) return report(family.place, `the tree is deeper than ${deepestTree} levels`);
    for (let i = order.from === undefined ? 0 : childWith(keys, order.from); i < children.length; i++) {
      const position = children[i]! * image.pageSize;
      const wrongId = faultOfId(image, children[i]!);
      if (wrongId !== null) {
        report(`${family.place}, element ${i}`, wrongId);
        continue;
      }
      if (!window.holds(position, image.pageSize)) {
        const fetching = window.load(position, image.pageSize, runLength(children, i, image.pageSize));
        if (fetching !== undefined) await fetching;
      }
      const header = this.#enter(children[i]!, depth);
      if (header === null) continue;
      const size = (header.overflow + 1) * image.pageSize;
      if (!window.holds(position, size)) {
        const fetching = window.load(position, size, size);
        if (fetching !== undefined) await fetching;
      }
      const min = keys[i]!;
      const max = i + 1 < keys.length ? keys[i + 1]! : family.max;
      if (header.flags === pageFlag.leaf) {
        this.#leaf(
          { page: header.id, at: window.offset(position), size, count: header.count, min, max },
          order,
        );
      } else {
        const below = this.#branch(window.copy(position, size), min, max);
        if (below !== null) await this.#family(below, order, depth + 1);
      }
      this.#walked += size;
      if (this.#walked >= paceBytes) {
        await pace(this.#walked);
        this.#walked = 0;
      }
    }
  }

  /** The header of a page in the window, marked as reached; null when the page is not to be used. */
  #enter(id: number, depth: number): PageHeader | null {
    const { image, window, reached, report } = this.#context;
    const header = parseHeader(window.arena.bytes, window.offset(id * image.pageSize));
    const fault = faultOfHeader(image, id, header);
    const twice = fault === null ? reached.claim(id, header.overflow + 1) : -1;
    if (fault === null && twice < 0 && header.count > 0) return header;
    const place = placeOf(id, image.pageSize);
    if (fault !== null) report(place, fault);
    else if (twice >= 0) report(place, `page ${twice} is used twice`);
    else if (depth > 1) report(place, 'it is empty');
    return null;
  }

  #leaf(leaf: Leaf, order: WalkOrder): void {
    const { image, window, report } = this.#context;
    const fault = checkLeaf(window.arena, leaf, order.flags, order.visit);
    if (fault === null) return;
    const place = leaf.page === 0 ? placeOfBucket(order.bucket.name) : placeOf(leaf.page, image.pageSize);
    report(`${place}, element ${fault[0]}`, fault[1]);
  }

  /** The children of a branch page, whose bytes stay; null when it is not to be followed. */
  #branch(page: Page, min: Uint8Array | null, max: Uint8Array | null): Family | null {
    const { image, report } = this.#context;
    const place = placeOf(page.id, image.pageSize);
    const children: number[] = [];
    const keys: Uint8Array[] = [];
    for (let i = 0; i < page.count; i++) {
      const element = branchElement(page, i);
      const above = i === 0 ? min : keys[i - 1]!;
      let fault: string | null = null;
      if (element === null) fault = 'its key lies outside the page';
      else if (above !== null && compareBytes(element.key, above) < (i === 0 ? 0 : 1))
        fault =
          i === 0 ? 'its key is below what the branch above says' : 'its key is not above the one before it';
      else if (max !== null && compareBytes(element.key, max) >= 0)
        fault = 'its key is not below what the branch above says';
      if (element === null || fault !== null) {
        report(`${place}, element ${i}`, fault!);
        return null;
      }
      children.push(element.child);
      keys.push(element.key);
    }
    return { place, children, keys, max };
  }
}

/** The child that holds `key`: the last one that does not begin after it. */
function childWith(keys: readonly (Uint8Array | null)[], key: Uint8Array): number {
  const after = keys.findIndex((first) => first !== null && compareBytes(first, key) > 0);
  return Math.max(0, (after < 0 ? keys.length : after) - 1);
}

/** Bytes of the run of neighbouring pages that begins with child `index`. */
function runLength(children: readonly number[], index: number, pageSize: number): number {
  const bridged = bridgedGap / pageSize;
  const first = children[index]!;
  let last = first;
  for (let i = index + 1; i < children.length; i++) {
    const next = children[i]!;
    if (next <= last || next > last + 1 + bridged) break;
    last = next;
  }
  return (last + 1 - first) * pageSize + usualOverflow;
}
