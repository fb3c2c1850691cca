type Json = Readonly<Record<string, unknown>>;

const defaultLimit = 1_000;
const maxLimit = 10_000;
const modifiers = ['eq', 'ne', 'null', 'notnull', 'in', 'notin'] as const;
type Modifier = (typeof modifiers)[number];

interface Filter {
  readonly field: string;
  readonly modifier: Modifier;
  readonly values: readonly string[];
}

/** What a list of Rancher's API is asked with (rancher/norman, parse/collection.go). */
export interface CollectionQuery {
  /** Those that may be filtered and sorted by. */
  readonly fields: readonly string[];
  readonly limit: number;
  readonly marker: string | null;
  readonly sort: string | null;
  readonly order: 'asc' | 'desc';
  readonly filters: readonly Filter[];
}

/** Reads the query of a list; what is no field, no number or no order is passed over, as Rancher does. */
export function readQuery(query: URLSearchParams, fields: readonly string[]): CollectionQuery {
  const sort = query.get('sort');
  const filters = [...new Set(query.keys())]
    .map((key) => ({ ...fieldOf(key), values: query.getAll(key) }))
    .filter(({ field }) => fields.includes(field));
  return {
    fields,
    limit: limitOf(query.get('limit') ?? ''),
    marker: query.get('marker') || null,
    sort: sort !== null && fields.includes(sort) ? sort : null,
    order: query.get('order') === 'desc' ? 'desc' : 'asc',
    filters,
  };
}

/** Below zero: as many as there may be. With none at all nobody would come to the end of the pages. */
function limitOf(text: string): number {
  const limit = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
  if (limit === 0) return defaultLimit;
  return limit < 0 || limit > maxLimit ? maxLimit : limit;
}

/** `name_ne` is the field `name` with the modifier `ne`. */
function fieldOf(key: string): { field: string; modifier: Modifier } {
  const at = key.lastIndexOf('_');
  const modifier = modifiers.find((each) => at > 0 && each === key.slice(at + 1));
  return modifier === undefined ? { field: key, modifier: 'eq' } : { field: key.slice(0, at), modifier };
}

/**
 * A page of resources as Rancher's API tells it.
 *
 * @param all in the order in which they are told where none is asked for
 */
export function collection(
  resourceType: string,
  all: readonly Json[],
  asked: CollectionQuery,
  { self, createTypes }: { readonly self: string; readonly createTypes: Json },
): Json {
  const { limit, marker, sort, order, fields, filters } = asked;
  const wanted = all.filter((each) => filters.every((filter) => passes(each, filter)));
  const sorted = sort === null ? wanted : bySort(wanted, sort, order);
  const found = marker === null ? 0 : sorted.findIndex(({ id }) => id === marker);
  const from = Math.max(found, 0);
  const data = sorted.slice(from, from + limit);
  const at = ({ id }: Json): string => changed(self, { marker: String(id) });
  const next = sorted[from + limit];
  const previous = from === 0 ? undefined : sorted[Math.max(from - limit, 0)];
  const first = sorted[0];
  const last = sorted[sorted.length - (sorted.length % limit || limit)];
  const isPartial = data.length < sorted.length;
  return {
    type: 'collection',
    resourceType,
    links: { self },
    createTypes,
    actions: {},
    sort: {
      ...(sort !== null && { name: sort }),
      order,
      reverse: changed(self, { order: order === 'asc' ? 'desc' : 'asc' }),
      links: Object.fromEntries(fields.map((field) => [field, changed(self, { sort: field })])),
    },
    pagination: {
      limit,
      total: sorted.length,
      ...(isPartial && {
        partial: true,
        ...(first !== undefined && { first: at(first) }),
        ...(previous !== undefined && { previous: at(previous) }),
        ...(next !== undefined && { next: at(next) }),
        ...(last !== undefined && { last: at(last) }),
      }),
    },
    filters: { ...Object.fromEntries(fields.map((field) => [field, null])), ...told(filters) },
    data,
  };
}

function passes(resource: Json, { field, modifier, values }: Filter): boolean {
  const value = resource[field];
  const isNull = value === undefined || value === null || value === '';
  const isOne = values
    .flatMap((each) => (modifier.endsWith('in') ? each.split(',') : [each]))
    .includes(String(value));
  const byModifier: Readonly<Record<Modifier, boolean>> = {
    ...{ null: isNull, notnull: !isNull },
    ...{ eq: isOne, in: isOne, ne: !isOne, notin: !isOne },
  };
  return byModifier[modifier];
}

function bySort(all: readonly Json[], field: string, order: 'asc' | 'desc'): readonly Json[] {
  const sorted = all.toSorted(
    (a, b) => compare(text(a[field]), text(b[field])) || compare(text(a['id']), text(b['id'])),
  );
  return order === 'asc' ? sorted : sorted.toReversed();
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}

/** The address with words of its query changed; a page of another order is none of this one. */
function changed(self: string, words: Readonly<Record<string, string>>): string {
  const url = new URL(self);
  if (words['marker'] === undefined) url.searchParams.delete('marker');
  for (const [word, value] of Object.entries(words)) url.searchParams.set(word, value);
  return url.href;
}

function told(filters: readonly Filter[]): Json {
  const byField = Map.groupBy(filters, ({ field }) => field);
  return Object.fromEntries(
    [...byField].map(([field, each]) => [
      field,
      each.flatMap(({ modifier, values }) => values.map((value) => ({ modifier, value }))),
    ]),
  );
}
