import type { Page, PageAsked } from '../store/store.ts';

/**
 * A page of what is all there, in the order of its keys.
 *
 * @param keyOf tells them apart; no two have the same
 */
export function pageFrom<Item>(
  all: readonly Item[],
  keyOf: (item: Item) => string,
  { limit, after }: PageAsked,
): { items: Item[]; next: string | null } {
  const rest = all
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > after)
    .toSorted((one, other) => (one.key < other.key ? -1 : 1));
  const items = rest.slice(0, limit);
  return {
    items: items.map(({ item }) => item),
    next: rest.length > limit ? (items.at(-1)?.key ?? null) : null,
  };
}

/** The `Link` of a page that is not the last one (RFC 8288). @param url of the request, from its path on */
export function linkToNext(url: string, { next }: Pick<Page<unknown>, 'next'>): string | undefined {
  if (next === null) return undefined;
  const [path, query] = url.split('?', 2);
  const params = new URLSearchParams(query);
  params.set('after', next);
  return `<${path}?${params.toString()}>; rel="next"`;
}
