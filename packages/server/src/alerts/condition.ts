import type { FleetAlert } from '@holdfast/model/fleet';

/** Something that is as it should not be, now. `since` when, as far as that is known. */
export type Condition = Omit<FleetAlert, 'resolvedAt'>;

/** What a condition says beside what it is about. */
export type Saying = Pick<Condition, 'severity' | 'since' | 'what' | 'next'>;

/** The second stage of what gets worse is told by itself: an alert fires once, and is not told again when it grows. */
export const critical = 'critical';

/**
 * A condition with its key: kind, cluster (`-`: of none), and what in it.
 *
 * @param parts what tells it apart from others of its kind in its cluster; the first is what it is of
 */
export function condition(
  kind: Condition['kind'],
  cluster: string | null,
  parts: readonly [string, ...string[]],
  saying: Saying,
): Condition {
  return { key: [kind, cluster ?? '-', ...parts].join('/'), kind, cluster, of: parts[0], ...saying };
}

/** A moment so many milliseconds after another. */
export function after(time: string, ms: number): Date {
  return new Date(Date.parse(time) + ms);
}
