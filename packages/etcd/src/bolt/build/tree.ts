import type { BranchElement, LeafElement } from '../page.ts';
import type { PageAppender } from './page-appender.ts';

/** Writes a tree of `elements` (keys ascending) and returns its root page. */
export async function appendTree(pages: PageAppender, elements: readonly LeafElement[]): Promise<number> {
  return elements.length === 0 ? pages.emptyLeaf() : joinLevel(pages, await pages.leaves(elements));
}

/**
 * Adds `elements` at the right edge of a tree: new leaves, and new copies of the branches on the way to them. No page
 * of the old tree is changed.
 *
 * @param spine the children of the rightmost branch of each level, root first; of a tree that is a single leaf, the
 *   place that this leaf will have in a branch
 * @param elements at least one, keys ascending and greater than all keys of the tree
 * @returns the new root page
 */
export async function extendTree(
  pages: PageAppender,
  spine: readonly (readonly BranchElement[])[],
  elements: readonly LeafElement[],
): Promise<number> {
  let added = await pages.leaves(elements);
  for (const [i, level] of spine.toReversed().entries()) {
    added = await pages.branches([...(i === 0 ? level : level.slice(0, -1)), ...added]);
    const parent = spine.at(-2 - i)?.at(-1);
    const [copy, ...rest] = added;
    if (parent !== undefined && copy !== undefined) added = [{ key: parent.key, child: copy.child }, ...rest];
  }
  return joinLevel(pages, added);
}

async function joinLevel(pages: PageAppender, level: readonly BranchElement[]): Promise<number> {
  const [only, ...rest] = level;
  if (only === undefined) throw new RangeError('a level has at least one page');
  return rest.length === 0 ? only.child : joinLevel(pages, await pages.branches(level));
}
