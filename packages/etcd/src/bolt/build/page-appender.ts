import { pageHeaderSize, type BranchElement, type LeafElement } from '../page.ts';
import { branchElementSize, leafElementSize, pageGroups } from './elements.ts';
import { branchImage, leafImage } from './page-image.ts';

/** Puts bytes at a position of the file. */
export type WriteAt = (bytes: Buffer, position: number) => Promise<void>;

/** Adds pages behind the last one of a db. What no tree reaches any more is thereby free: there is no freelist. */
export class PageAppender {
  readonly pageSize: number;
  /** The page that comes next, which is the number of pages so far. */
  nextPage: number;
  readonly #writeAt: WriteAt;

  constructor(pageSize: number, nextPage: number, writeAt: WriteAt) {
    this.pageSize = pageSize;
    this.nextPage = nextPage;
    this.#writeAt = writeAt;
  }

  /** Writes leaves that hold `elements` (keys ascending) and returns their places in the level above. */
  async leaves(elements: readonly LeafElement[]): Promise<BranchElement[]> {
    const groups = pageGroups(elements, leafElementSize, this.pageSize - pageHeaderSize);
    return this.#level(groups, leafImage);
  }

  /** Writes branches that hold `children` (keys ascending) and returns their places in the level above. */
  async branches(children: readonly BranchElement[]): Promise<BranchElement[]> {
    const groups = pageGroups(children, branchElementSize, this.pageSize - pageHeaderSize, 2);
    return this.#level(groups, branchImage);
  }

  /** Writes a leaf without elements and returns its page. */
  async emptyLeaf(): Promise<number> {
    return this.#append(leafImage(this.nextPage, this.pageSize, []));
  }

  async #level<E extends { readonly key: Uint8Array }>(
    groups: readonly (readonly E[])[],
    image: (pageId: number, pageSize: number, elements: readonly E[]) => Buffer,
  ): Promise<BranchElement[]> {
    const level: BranchElement[] = [];
    for (const group of groups) {
      const key = group[0]?.key ?? Buffer.alloc(0);
      level.push({ key, child: await this.#append(image(this.nextPage, this.pageSize, group)) });
    }
    return level;
  }

  async #append(image: Buffer): Promise<number> {
    const page = this.nextPage;
    await this.#writeAt(image, page * this.pageSize);
    this.nextPage += image.length / this.pageSize;
    return page;
  }
}
