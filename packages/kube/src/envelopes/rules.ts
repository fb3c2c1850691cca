import type { GroupResource } from './storage-key.ts';

/** What a rule is about and what it gives, in the order of the file. */
interface Rule<Provider> {
  readonly resources: readonly string[];
  readonly providers: readonly Provider[];
}

/**
 * The providers that apiserver reads a resource with, in its order; undefined where no rule is about it (it is kept plain).
 * Rules for the same resource add up; an exact one is preferred to `*.group`, and that to `*.*` (k8s.io/apiserver,
 * encryptionconfig).
 */
export function providersFor<Provider>(
  rules: readonly Rule<Provider>[],
  { group, resource }: GroupResource,
): readonly Provider[] | undefined {
  for (const id of [idOf(resource, group), idOf('*', group), idOf('*', '*')]) {
    const found = rules.flatMap((rule) =>
      rule.resources.filter((each) => idOfRule(each) === id).flatMap(() => rule.providers),
    );
    if (found.length > 0) return found;
  }
  return undefined;
}

/** The first resource that an earlier `*.group` or `*.*` hides: apiserver refuses to start with such a configuration. */
export function maskedResource(rules: readonly Rule<unknown>[]): string | undefined {
  const earlier = new Set<string>();
  for (const each of rules.flatMap(({ resources }) => resources)) {
    const { group } = parseRuleResource(each);
    if (earlier.has(idOf('*', group)) || earlier.has(idOf('*', '*'))) return each;
    earlier.add(idOfRule(each));
  }
  return undefined;
}

/** `*.` is every resource of the core group, and `secrets` one of it. */
function parseRuleResource(text: string): GroupResource {
  const dot = text.indexOf('.');
  return dot === -1
    ? { group: '', resource: text }
    : { group: text.slice(dot + 1), resource: text.slice(0, dot) };
}

function idOfRule(text: string): string {
  const { group, resource } = parseRuleResource(text);
  return idOf(resource, group);
}

function idOf(resource: string, group: string): string {
  return `${resource.toLowerCase()}.${group}`;
}
