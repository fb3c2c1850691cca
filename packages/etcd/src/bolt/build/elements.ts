import { elementSize, type BranchElement, type LeafElement } from '../page.ts';

/** The most elements of a page: bbolt refuses 0xffff, and one may join from a last group that is too small. */
const mostElements = 0xfffd;

/** Bytes that an element takes in a page. */
export function leafElementSize(element: LeafElement): number {
  return elementSize + element.key.length + element.value.length;
}

/** Bytes that an element takes in a page. */
export function branchElementSize(element: BranchElement): number {
  return elementSize + element.key.length;
}

/**
 * Cuts elements into groups that fill a page each, in order. An element too large for a page is a group of its own.
 *
 * @param capacity bytes of a page without its header
 * @param least elements that a group has at least, even if the page then needs an overflow page: 2 for branches, since
 *   a branch with one child is only a detour
 */
export function pageGroups<E>(
  elements: readonly E[],
  sizeOf: (element: E) => number,
  capacity: number,
  least = 1,
): E[][] {
  const groups: E[][] = [];
  let group: E[] = [];
  let size = 0;
  for (const element of elements) {
    const more = sizeOf(element);
    const full = size + more > capacity || group.length === mostElements;
    if (full && group.length >= least) {
      groups.push(group);
      group = [];
      size = 0;
    }
    group.push(element);
    size += more;
  }
  const last = groups.at(-1);
  if (last !== undefined && group.length < least) last.push(...group);
  else if (group.length > 0) groups.push(group);
  return groups;
}
