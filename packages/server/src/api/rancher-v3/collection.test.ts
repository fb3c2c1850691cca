import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collection, readQuery } from './collection.ts';

const fields = ['id', 'name', 'state'];
const all = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
  ...{ id: `c:${name}`, name, state: name < 'c' ? 'active' : 'failed', creatorId: null },
}));

interface Page {
  readonly data: readonly { readonly id: string; readonly name: string }[];
  readonly pagination: Readonly<Record<string, unknown>>;
  readonly sort: Readonly<Record<string, unknown>>;
  readonly filters: Readonly<Record<string, unknown>>;
}
function ask(query: string): Page {
  const self = `https://host/v3/things?${query}`;
  const asked = readQuery(new URLSearchParams(query), fields);
  return collection('thing', all, asked, { self, createTypes: {} }) as unknown as Page;
}
const names = (query: string): string =>
  ask(query)
    .data.map(({ name }) => name)
    .join('');

test.each([
  ['name=b', 'b'],
  ['name_eq=b', 'b'],
  ['name_ne=b', 'acde'],
  ['name_in=b,d', 'bd'],
  ['name_in=b&name_in=e', 'be'],
  ['name_notin=b,d', 'ace'],
  ['state=failed&name_ne=d', 'ce'],
  ['name_null', ''],
  ['name_notnull', 'abcde'],
  ['colour=red', 'abcde'],
  ['name_like=b', 'abcde'],
  ['sort=name&order=desc', 'edcba'],
  ['sort=colour&order=desc', 'abcde'],
  ['sort=name&order=sideways', 'abcde'],
])('%s is answered with %s', (query, told) => {
  expect(names(query)).toBe(told);
});

test.each([
  ['', 1_000],
  ['limit=-1', 10_000],
  ['limit=20000', 10_000],
  ['limit=0', 1_000],
  ['limit=ten', 1_000],
  ['limit=2', 2],
])('%s means %d at most', (query, limit) => {
  expect(ask(query).pagination['limit']).toBe(limit);
});

test('a filter is told as it was understood, and the others as none', () => {
  expect(ask('name_ne=b&state=active').filters).toEqual({
    ...{ id: null, name: [{ modifier: 'ne', value: 'b' }], state: [{ modifier: 'eq', value: 'active' }] },
  });
});

const link = (page: Page, word: string): string | undefined => {
  const url = page.pagination[word] as string | undefined;
  return url === undefined ? undefined : new URL(url).searchParams.toString();
};

test('pages lead to each other, forward and back, in any order', () => {
  for (const order of ['', '&sort=name&order=desc']) {
    const seen: string[] = [];
    let page = ask(`limit=2${order}`);
    const first = page;
    for (;;) {
      seen.push(...page.data.map(({ name }) => name));
      const next = link(page, 'next');
      if (next === undefined) break;
      expect(page.pagination).toMatchObject({ total: 5, partial: true });
      page = ask(next);
    }
    expect(seen.join('')).toBe(order === '' ? 'abcde' : 'edcba');
    expect(ask(link(first, 'last')!).data).toEqual(page.data);
    expect(ask(link(page, 'first')!).data).toEqual(first.data);
    expect(ask(link(ask(link(page, 'previous')!), 'previous')!).data).toEqual(first.data);
  }
  expect(ask('').pagination).toEqual({ limit: 1_000, total: 5 });
});

test('no query is answered with anything but a page', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', '%', '\0', '-0'),
  );
  const key = fc.oneof(fc.constantFrom('limit', 'marker', 'sort', 'order', 'name', 'name_in', 'id_ne'), word);
  fc.assert(
    fc.property(fc.array(fc.tuple(key, word)), (pairs) => {
      const page = ask(new URLSearchParams(pairs).toString());
      expect(page.data.length).toBeLessThanOrEqual(5);
      for (const url of Object.values(page.sort['links'] as object)) expect(URL.canParse(url)).toBe(true);
    }),
  );
});
