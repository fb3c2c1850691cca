import { Failure } from '@holdfast/base';
import { Retention } from '@holdfast/model';
import { Option } from 'commander';
import { parseBytes } from '../settings/s3-words.ts';
import { wholeNumber, withGroup } from './options.ts';
import { lengthOfTime } from './span.ts';
import type { Verb } from './verb.ts';

/** What is kept, as flags say it. */
export interface KeepOptions {
  readonly keepLast?: number;
  readonly keepWithin?: string;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
  readonly maxBytes?: number;
  readonly minimum?: number;
  readonly keepScope?: string;
  readonly timeZone?: string;
}

const counts = [
  ['last', 'the newest so many'],
  ['hourly', 'the newest of each of so many hours'],
  ['daily', 'the newest of each of so many days'],
  ['weekly', 'the newest of each of so many weeks'],
  ['monthly', 'the newest of each of so many months'],
  ['yearly', 'the newest of each of so many years'],
] as const;

/** The rules of retention as flags: a snapshot is kept when any of them keeps it. */
export function withKeeping(verb: Verb): Verb {
  const options = [
    ...counts.map(([name, what]) => new Option(`--keep-${name} <n>`, what).argParser(wholeNumber(1))),
    new Option('--keep-within <span>', 'all that are younger, such as 7d or 36h').argParser(lengthOfTime),
    new Option(
      '--max-bytes <size>',
      'at most so many stored bytes, such as 20 GiB: the oldest go first',
    ).argParser(sizeText),
    new Option('--minimum <n>', 'so many of the newest whatever else is said (default: 1)').argParser(
      wholeNumber(1),
    ),
    new Option('--keep-scope <scope>', 'whose snapshots are counted together (default: cluster)').choices(
      Retention.shape.scope.unwrap().options,
    ),
    new Option('--time-zone <zone>', 'whose days, weeks and months count (default: UTC)').argParser(zoneName),
  ];
  return withGroup(verb, 'What is kept:', options);
}

const flags = {
  keepLast: '--keep-last',
  keepWithin: '--keep-within',
  keepHourly: '--keep-hourly',
  keepDaily: '--keep-daily',
  keepWeekly: '--keep-weekly',
  keepMonthly: '--keep-monthly',
  keepYearly: '--keep-yearly',
  maxBytes: '--max-bytes',
  minimum: '--minimum',
  keepScope: '--keep-scope',
  timeZone: '--time-zone',
} as const satisfies Record<keyof KeepOptions, string>;

/** The flags among these that are given, each as it is written. */
export function givenKeeping(options: KeepOptions): string[] {
  return Object.entries(flags).flatMap(([name, flag]) =>
    options[name as keyof KeepOptions] === undefined ? [] : [flag],
  );
}

/** The rules that the flags say; undefined when they say none. */
export function retentionOf(options: KeepOptions): Retention | undefined {
  const { keepLast, keepWithin, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly } = options;
  const { maxBytes, minimum, keepScope, timeZone } = options;
  const rules = {
    last: keepLast,
    within: keepWithin,
    hourly: keepHourly,
    daily: keepDaily,
    weekly: keepWeekly,
    monthly: keepMonthly,
    yearly: keepYearly,
    maxBytes,
  };
  const given = Object.entries(rules).filter(([, value]) => value !== undefined);
  const rest = Object.entries({ minimum, scope: keepScope, timeZone }).filter(
    ([, value]) => value !== undefined,
  );
  return given.length === 0 ? undefined : Retention.parse(Object.fromEntries([...given, ...rest]));
}

function sizeText(text: string): number {
  try {
    return parseBytes(text);
  } catch (error) {
    throw new Failure('usage', (error as Error).message);
  }
}

function zoneName(text: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw new Failure('usage', `${JSON.stringify(text)} is no time zone such as Europe/Berlin`);
  }
}
