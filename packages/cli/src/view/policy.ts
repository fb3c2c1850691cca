import { formatBytes } from '@holdfast/base';
import {
  longestGap,
  nextTimes,
  spanMs,
  spanOf,
  type Pause,
  type Policy,
  type Retention,
  type Schedule,
} from '@holdfast/model';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { pairs, table } from '../term/table.ts';
import { moment } from '../term/when.ts';
import { zonedMoment } from '../term/zoned.ts';

/** Where a policy stands, when it is looked at, and what has been done with it. */
interface PolicySight {
  readonly path: string;
  readonly now: Date;
  /** First word of the answer: `set`, `paused`. */
  readonly head?: string;
}

/** A policy as machines get it: as it is stored with its defaults, and what follows from it. */
function policyItem(policy: Policy, now: Date) {
  const { schedule } = policy;
  const gap = schedule === null ? null : longestGap(schedule, now) / 1000;
  return {
    ...policy,
    paused: isPaused(policy.pause, now),
    next: nextOf(policy, now).map((time) => time.toISOString()),
    longestGapSeconds: gap,
    rpoSeconds: policy.rpo === undefined ? gap && 2 * gap : spanMs(policy.rpo) / 1000,
  };
}

/** One policy in full. */
export function policyAnswer(policy: Policy, { path, now, head }: PolicySight): Answer {
  return {
    json: { apiVersion, kind: 'Policy', ...policyItem(policy, now) },
    names: [policy.name],
    text: (view) =>
      `${head === undefined ? '' : `${view.style('good', head)} `}${view.style('strong', policy.name)} in ${path}\n${policyText(policy, now, view)}`,
  };
}

/** All of them, one a line. */
export function policiesAnswer(policies: readonly Policy[], { path, now }: PolicySight): Answer {
  return {
    json: { apiVersion, kind: 'PolicyList', path, items: policies.map((each) => policyItem(each, now)) },
    names: policies.map(({ name }) => name),
    text: (view) =>
      policies.length === 0 ? `There is no policy in ${path}.\n` : listText(policies, now, view),
  };
}

function listText(policies: readonly Policy[], now: Date, view: View): string {
  return table(
    ['NAME', 'SCHEDULE', 'NEXT', 'KEEPS', 'REPOSITORIES'],
    policies.map((policy) => [
      policy.name,
      scheduleWords(policy.schedule),
      isPaused(policy.pause, now) ? view.style('doubtful', 'paused') : (firstWords(policy, now) ?? '-'),
      retentionWords(policy.retention),
      policy.targets.map(targetWords).join(', '),
    ]),
  );
}

function policyText(policy: Policy, now: Date, view: View): string {
  const { schedule, pause, check, drill, rpo, catchUp, jitterSeconds, targets, retention, cluster } = policy;
  const gap = schedule === null ? undefined : longestGap(schedule, now);
  const own = targets.filter((each) => each.retention !== undefined);
  return pairs(
    [
      ['cluster', cluster],
      ['paused', pause === null ? undefined : view.style('doubtful', pauseWords(pause, now, view))],
      ['schedule', scheduleWords(schedule)],
      ...nextOf(policy, now).map(
        (time, at) => [at === 0 ? 'next' : '', zonedMoment(time, zoneOf(schedule))] as const,
      ),
      [
        'put off',
        jitterSeconds === 0
          ? undefined
          : `by up to ${spanOf(jitterSeconds * 1000)}, on each node by as much always`,
      ],
      ['missed runs', catchUp ? 'are made up for, once' : 'are left out'],
      ['longest gap', gap === undefined ? undefined : spanOf(gap)],
      ['rpo', rpo ?? (gap === undefined ? undefined : `${spanOf(2 * gap)}, twice the longest gap`)],
      ['keeps', retentionWords(retention)],
      ...own.map((each) => [`in ${each.repository}`, retentionWords(each.retention!)] as const),
      ['repositories', targets.map(targetWords).join(', ')],
      ['check', check === null ? 'never' : scheduleWords(check)],
      ['drill', drill === null ? 'never' : scheduleWords(drill)],
    ],
    '  ',
  );
}

function isPaused(pause: Pause | null, now: Date): boolean {
  return pause !== null && (pause.until === null || Date.parse(pause.until) > now.getTime());
}

function pauseWords(pause: Pause, now: Date, view: View): string {
  const { since, until, reason } = pause;
  const end = until === null ? 'until it is resumed' : `until ${moment(until, view.utc)}`;
  const over = isPaused(pause, now) ? '' : ' (over)';
  return `since ${moment(since, view.utc)} ${end}${over}: ${reason}`;
}

/** Three times to come; of an interval, which goes by the last run, none is known here. */
function nextOf({ schedule }: Policy, now: Date): Date[] {
  return schedule !== null && 'cron' in schedule ? nextTimes(schedule, now, 3) : [];
}

function firstWords(policy: Policy, now: Date): string | undefined {
  const [first] = nextOf(policy, now);
  return first && zonedMoment(first, zoneOf(policy.schedule));
}

function zoneOf(schedule: Schedule | null): string {
  return schedule !== null && 'cron' in schedule ? schedule.timeZone : 'UTC';
}

function scheduleWords(schedule: Schedule | null): string {
  if (schedule === null) return 'when somebody asks';
  if ('intervalHours' in schedule)
    return `every ${spanOf(schedule.intervalHours * 3_600_000)} from the last run on`;
  return `${schedule.cron} (${schedule.timeZone})`;
}

function targetWords({ repository, required }: Policy['targets'][number]): string {
  return required ? repository : `${repository} (if possible)`;
}

const periods = [
  ['hourly', 'hour'],
  ['daily', 'day'],
  ['weekly', 'week'],
  ['monthly', 'month'],
  ['yearly', 'year'],
] as const;

/** What is kept, in words: `the newest 5; all of 7d; one for each of 31 days, 13 weeks; of each node`. */
function retentionWords(retention: Retention): string {
  const { last, within, maxBytes, minimum, scope } = retention;
  const tiers = periods.flatMap(([rule, unit]) => {
    const count = retention[rule];
    return count === undefined ? [] : [`${count} ${unit}${count === 1 ? '' : 's'}`];
  });
  const rules = [
    ...(last === undefined ? [] : [`the newest ${last}`]),
    ...(within === undefined ? [] : [`all of ${within}`]),
    ...(tiers.length === 0 ? [] : [`one for each of ${tiers.join(', ')}`]),
  ];
  const limits = [
    ...(maxBytes === undefined ? [] : [`at most ${formatBytes(maxBytes)}`]),
    ...(minimum === 1 ? [] : [`never less than ${minimum}`]),
  ];
  const whose = { node: 'of each node', cluster: 'of the cluster', repository: 'of all in the repository' }[
    scope
  ];
  return [...(rules.length === 0 ? ['everything'] : rules), whose, ...limits].join('; ');
}
