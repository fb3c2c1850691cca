import { defaultContent, presets, spanMs, type PresetName, type WrittenPolicy } from '@holdfast/model';
import { none } from '../program/span.ts';

/** A repository of a policy, as it stands in the file. */
export type Target = WrittenPolicy['targets'][number];
type Schedule = NonNullable<WrittenPolicy['schedule']>;
type Keep<T> = T | typeof none;

/** What somebody wants of a policy; what is absent stays as it is. `none` takes away. */
export interface PolicyWishes {
  readonly preset?: PresetName;
  readonly cron?: string;
  readonly intervalHours?: number;
  readonly timeZone?: string;
  readonly jitter?: string;
  readonly catchUp?: boolean;
  readonly checkCron?: string;
  readonly drillCron?: string;
  readonly rpo?: string;
  readonly keepLast?: Keep<number>;
  readonly keepWithin?: string;
  readonly keepHourly?: Keep<number>;
  readonly keepDaily?: Keep<number>;
  readonly keepWeekly?: Keep<number>;
  readonly keepMonthly?: Keep<number>;
  readonly keepYearly?: Keep<number>;
  readonly keepScope?: 'node' | 'cluster' | 'repository';
  readonly maxBytes?: Keep<number>;
  readonly minimum?: number;
  readonly cluster?: string | undefined;
  readonly targets: readonly Target[];
}

/** A policy as it is wanted: what there was, then the preset, then what is said beside it. */
export function editedPolicy(
  name: string,
  before: WrittenPolicy | undefined,
  wishes: PolicyWishes,
): WrittenPolicy {
  const { preset, cluster, jitter, catchUp, rpo } = wishes;
  const content = preset === undefined ? {} : presets[preset];
  const base = before ?? { ...defaultContent, ...withoutRules(wishes) };
  const merged = { ...base, ...content };
  const policy: Record<string, unknown> = {
    name,
    ...(cluster !== undefined && { cluster }),
    ...merged,
    ...(cluster !== undefined && { cluster }),
    targets: wishes.targets,
    schedule: zoned(scheduleOf(merged.schedule, wishes), wishes, merged.schedule),
    retention: retentionOf(merged.retention, wishes),
  };
  for (const [field, wish] of [
    ['check', wishes.checkCron],
    ['drill', wishes.drillCron],
  ] as const) {
    const wanted = wish === undefined ? merged[field] : wish === none ? null : { cron: wish };
    if (wanted !== undefined) policy[field] = zoned(wanted, wishes, merged[field] ?? merged.schedule);
  }
  if (jitter !== undefined) policy['jitterSeconds'] = jitter === none ? undefined : spanMs(jitter) / 1000;
  if (catchUp !== undefined) policy['catchUp'] = catchUp ? undefined : false;
  const hasOwnTimes = wishes.cron !== undefined || wishes.intervalHours !== undefined;
  // What a preset promises is about its own schedule.
  if (rpo !== undefined) policy['rpo'] = rpo === none ? undefined : rpo;
  else if (preset !== undefined && hasOwnTimes) policy['rpo'] = undefined;
  return Object.fromEntries(
    Object.entries(policy).filter(([, value]) => value !== undefined),
  ) as unknown as WrittenPolicy;
}

/** Whoever names a rule for a new policy does not mean the five newest as well. */
function withoutRules(wishes: PolicyWishes): { retention?: WrittenPolicy['retention'] } {
  const rules = rulesOf(wishes);
  return Object.values(rules).some((wish) => wish !== undefined && wish !== none) ? { retention: {} } : {};
}

function scheduleOf(before: WrittenPolicy['schedule'], wishes: PolicyWishes): Schedule | null {
  if (wishes.intervalHours !== undefined) return { intervalHours: wishes.intervalHours };
  if (wishes.cron === none) return null;
  return wishes.cron === undefined ? before : { cron: wishes.cron };
}

/** In the zone that is wanted, else in that of what it replaces. */
function zoned(
  schedule: Schedule | null,
  { timeZone }: PolicyWishes,
  before: Schedule | null,
): Schedule | null {
  if (schedule === null || !('cron' in schedule)) return schedule;
  const old = before !== null && 'cron' in before ? before.timeZone : undefined;
  const zone = timeZone ?? schedule.timeZone ?? old;
  return zone === undefined ? schedule : { ...schedule, timeZone: zone };
}

function rulesOf(wishes: PolicyWishes): Record<string, Keep<number | string> | undefined> {
  return {
    last: wishes.keepLast,
    within: wishes.keepWithin,
    hourly: wishes.keepHourly,
    daily: wishes.keepDaily,
    weekly: wishes.keepWeekly,
    monthly: wishes.keepMonthly,
    yearly: wishes.keepYearly,
    maxBytes: wishes.maxBytes,
  };
}

function retentionOf(before: WrittenPolicy['retention'], wishes: PolicyWishes): WrittenPolicy['retention'] {
  const { keepScope: scope, minimum, timeZone } = wishes;
  const wanted = { ...rulesOf(wishes), scope, minimum, timeZone };
  const retention: Record<string, unknown> = { ...before };
  for (const [rule, wish] of Object.entries(wanted)) {
    if (wish === none) delete retention[rule];
    else if (wish !== undefined) retention[rule] = wish;
  }
  return retention;
}
