import type { WrittenPolicy } from './policy.ts';

/** What a preset settles: all but whose snapshots they are and where they go. */
export type PresetContent = Pick<
  WrittenPolicy,
  'schedule' | 'jitterSeconds' | 'retention' | 'check' | 'drill' | 'rpo'
>;

/** The policy of who says nothing else: every five hours, the newest five are kept. */
export const defaultContent: PresetContent = { schedule: { cron: '0 */5 * * *' }, retention: { last: 5 } };

/**
 * Policies for kinds of clusters.
 *
 * - production:  every six hours, all of a week, then one for each day of a month, each week of a quarter, each month of
 *   half a year; what is stored is read again each week, and tried each month.
 * - critical:    every hour, all of two days, then one for each day of a month, each week of half a year, each month of a
 *   year; read again each day, and tried each week. Before a change somebody still saves: an hour's work is much.
 * - development: every night, those of a week; read again each month.
 *
 * All keep at least seven days, and what is pinned for ever. Full hours are left to others: each has its own minute.
 */
export const presets = {
  production: {
    schedule: { cron: '12 */6 * * *' },
    jitterSeconds: 300,
    retention: { within: '7d', daily: 31, weekly: 13, monthly: 6, minimum: 4 },
    check: { cron: '42 3 * * 0' },
    drill: { cron: '42 4 1 * *' },
    rpo: '14h',
  },
  critical: {
    schedule: { cron: '12 * * * *' },
    jitterSeconds: 120,
    retention: { within: '2d', daily: 31, weekly: 26, monthly: 12, minimum: 12 },
    check: { cron: '42 3 * * *' },
    drill: { cron: '42 4 * * 0' },
    rpo: '2h30m',
  },
  development: {
    schedule: { cron: '12 1 * * *' },
    jitterSeconds: 600,
    retention: { within: '7d', last: 7 },
    check: { cron: '42 3 1 * *' },
    drill: null,
    rpo: '2d4h',
  },
} as const satisfies Record<string, PresetContent>;

export type PresetName = keyof typeof presets;
