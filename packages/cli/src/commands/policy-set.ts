import { Failure } from '@holdfast/base';
import { presets } from '@holdfast/model';
import { Option } from 'commander';
import { onceMore, wholeNumber, withGroup, withPolicyFile, withTargets } from '../program/options.ts';
import { lengthOfTime, orNone } from '../program/span.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { checkedValue } from '../settings/checked-value.ts';
import { chosenPlaces, givenFlags } from '../sources/places.ts';
import { editedPolicy, type PolicyWishes, type Target } from '../sources/policy-edit.ts';
import type { SetOptions as FleetSetOptions } from '../remote/policies.ts';
import type { Answer } from '../term/answer.ts';
import { policyAnswer } from '../view/policy.ts';

type SetOptions = Omit<PolicyWishes, 'cluster' | 'targets'> & { readonly bestEffort?: readonly string[] };

export function addPolicySet(parent: Verb): void {
  const verb = parent.command('set');
  verb
    .description('Make a policy, or change what is given of one that is there.')
    .argument('<policy>', 'its name: lower-case letters, digits and dashes')
    .example('For a production cluster', 'holdfast policy set main --preset production --repo offsite')
    .example(
      'Every two hours by day',
      "holdfast policy set office --cron '0 8-18/2 * * 1-5' --time-zone Europe/Berlin --repo /backup",
    )
    .example('Keep more of one that is there', 'holdfast policy set main --keep-monthly 24')
    .remark(
      'A policy that says nothing else runs every five hours (0 */5 * * *) and keeps the newest five. A snapshot is kept when any rule keeps it; pinned ones, the newest verified one and --minimum stay whatever the rules say. The repositories are those of --repo, else those that the configuration file names.',
    )
    .remark(
      'The presets: production runs every 6 hours and keeps all of 7 days, 31 days, 13 weeks, 6 months; critical runs every hour and keeps all of 2 days, 31 days, 26 weeks, 12 months; development runs every night and keeps 7 days. Other options change what a preset says.',
    )
    .answers(set);
  withSchedule(verb);
  withRetention(verb);
  withTargets(verb);
  verb.option(
    '--best-effort <repo>',
    'a repository without which a save still succeeds; may be repeated',
    onceMore,
  );
  withPolicyFile(verb);
  overServer(verb, { takes: fleetTakes }, async (session, options: FleetSetOptions, name) => {
    const { setPolicy } = await import('../remote/policies.ts');
    return withFleet(session, (fleet) => setPolicy(fleet, options, name));
  });
}

/** All but the cluster's name in the repositories and where the policy is written. */
const fleetTakes: readonly string[] = [
  ...['preset', 'cron', 'intervalHours', 'timeZone', 'jitter', 'catchUp', 'checkCron', 'drillCron', 'rpo'],
  ...['keepLast', 'keepWithin', 'keepHourly', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'],
  ...['keepScope', 'maxBytes', 'minimum', 'repo', 'bestEffort'],
];

function withSchedule(verb: Verb): void {
  const options = [
    new Option('--preset <kind>', 'what suits this kind of cluster').choices(Object.keys(presets)),
    new Option('--cron <line>', 'when it runs: minute, hour, day, month, weekday; none: when asked'),
    new Option('--interval-hours <hours>', 'run so many hours after the last run instead')
      .argParser(hours)
      .conflicts('cron'),
    new Option('--time-zone <zone>', 'whose clock the cron lines and the days and weeks to keep go by'),
    new Option('--jitter <span>', 'put each run off by up to so long; none: by nothing').argParser(
      orNone(lengthOfTime),
    ),
    new Option('--catch-up', 'make up for missed runs, once (the default)'),
    new Option('--no-catch-up', 'leave missed runs out'),
    new Option('--check-cron <line>', 'when the repositories are read again; none: never'),
    new Option('--drill-cron <line>', 'when the newest snapshot is tried; none: never'),
    new Option(
      '--rpo <span>',
      'how old the newest verified snapshot may be; none: twice the longest gap',
    ).argParser(orNone(lengthOfTime)),
  ];
  withGroup(verb, 'When:', options);
}

function withRetention(verb: Verb): void {
  const count = orNone(wholeNumber(1));
  const options = [
    new Option('--keep-last <n>', 'keep the newest so many; none: without this rule').argParser(count),
    new Option('--keep-within <span>', 'keep all that are younger').argParser(orNone(lengthOfTime)),
    ...(['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const).map((unit) =>
      new Option(`--keep-${unit} <n>`, `keep the newest of so many ${periods[unit]}`).argParser(count),
    ),
    new Option('--keep-scope <scope>', 'whose snapshots are counted together').choices([
      'node',
      'cluster',
      'repository',
    ]),
    new Option('--max-bytes <n>', 'store at most so many bytes').argParser(count),
    new Option('--minimum <n>', 'keep so many of the newest whatever else is said').argParser(wholeNumber(1)),
  ];
  withGroup(verb, 'Keep:', options);
}

const periods = {
  hourly: 'hours',
  daily: 'days',
  weekly: 'weeks',
  monthly: 'months',
  yearly: 'years',
} as const;

function hours(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value > 0) return value;
  throw new Failure(
    'usage',
    `--interval-hours is "${text}", and must be a number above 0, such as 6 or 0.25`,
  );
}

async function set(session: Session, options: SetOptions, name: string): Promise<Answer> {
  const { bestEffort = [], ...wishes } = options;
  const { changePolicy } = await import('@holdfast/engine');
  const { policyFile } = session.settings;
  const now = session.io.clock.now();
  const extra = bestEffort.map((text) => ({ repository: placeWord(session, text), required: false }));
  const policy = await changePolicy(
    policyFile,
    name,
    (before) => {
      const targets = targetsOf(session, extra, before?.targets);
      const [cluster] = givenFlags(session, (each) => each === 'cluster');
      return editedPolicy(name, before, {
        ...wishes,
        targets,
        ...(cluster === undefined ? {} : { cluster: session.settings.cluster }),
      });
    },
    session.io.clock,
  );
  return policyAnswer(policy!, { path: policyFile, now, head: 'set' });
}

/** The repositories that are named, else those that there were, else those of the configuration. */
function targetsOf(
  session: Session,
  extra: readonly Target[],
  before: readonly Target[] | undefined,
): readonly Target[] {
  const isNamed = givenFlags(session, (each) => each === 'repo').length > 0;
  const isNew = before === undefined;
  const hasOwn = isNamed || (isNew && (extra.length === 0 || session.repositories.size > 0));
  const chosen: readonly Target[] = hasOwn
    ? chosenPlaces(session).map(({ name, required }) => ({
        repository: name,
        ...(required ? {} : { required }),
      }))
    : (before ?? []);
  const known = chosen.map(({ repository }) => repository);
  const marked = chosen.map((target) => {
    const isSame = (each: Target): boolean => each.repository === target.repository;
    const kept = before?.find(isSame)?.retention;
    return { ...target, ...(kept !== undefined && { retention: kept }), ...extra.find(isSame) };
  });
  return [...marked, ...extra.filter(({ repository }) => !known.includes(repository))];
}

function placeWord({ io, repositories }: Session, text: string): string {
  const said = { folder: io.cwd, names: new Set(repositories.keys()), seen: true };
  try {
    const row = { form: 'places', variable: '', what: '' } as const;
    return (checkedValue(row, [text], said) as readonly string[])[0]!;
  } catch (error) {
    throw new Failure('usage', `--best-effort: ${(error as Error).message}`, {}, { cause: error });
  }
}
