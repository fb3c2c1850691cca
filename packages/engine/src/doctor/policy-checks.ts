import { statfs } from 'node:fs/promises';
import { formatBytes, formatDuration } from '@holdfast/base';
import {
  longestGap,
  newestVerified,
  type Policy,
  policyFaults,
  type Retention,
  spanMs,
  storedBytes,
  pauseOf,
  promisedMs,
} from '@holdfast/model';
import type { SnapshotEntry } from '@holdfast/repository';
import { Findings } from './report.ts';

/** A repository that was looked at, as policies call it. */
export interface SeenRepository {
  readonly name: string;
  readonly snapshots: readonly SnapshotEntry[];
  /** Of a local one. */
  readonly folder: string | undefined;
}

/** Whether each policy can hold what it promises, with the schedule, the repositories and the disks that there are. */
export async function checkPolicies(
  policies: readonly Policy[],
  repositories: readonly SeenRepository[],
  now: Date,
): Promise<Findings[]> {
  return await Promise.all(policies.map((policy) => checkPolicy(policy, repositories, now)));
}

async function checkPolicy(
  policy: Policy,
  repositories: readonly SeenRepository[],
  now: Date,
): Promise<Findings> {
  const findings = new Findings(`policy ${policy.name}`);
  const faults = policyFaults(policy, now);
  for (const { path, problem } of faults) {
    const fix = `Change it with \`holdfast policy set ${policy.name}\`.`;
    findings.failed('promise', `${path.join('.')}: ${problem}`, 'setup', fix);
  }
  if (faults.length > 0) return findings;
  checkPause(findings, policy, now);
  const { schedule } = policy;
  if (schedule === null)
    findings.warning(
      'schedule',
      'none: it saves only when somebody asks',
      'setup',
      'Give it one with `--cron`.',
    );
  else findings.ok('schedule', `at most ${formatDuration(longestGap(schedule, now))} between two saves`);
  for (const { repository: name, required, retention } of policy.targets) {
    const seen = repositories.find((each) => each.name === name);
    if (seen === undefined)
      findings.skipped(`copy in ${name}`, 'it was not looked at, or could not be opened');
    else {
      if (required) checkPromise(findings, policy, seen, now);
      await checkRoom(findings, policy, retention ?? policy.retention, seen, now);
    }
  }
  return findings;
}

function checkPause(findings: Findings, policy: Policy, now: Date): void {
  const pause = pauseOf(policy, now);
  if (pause === null) return;
  const ends = pause.until === null ? 'nobody said until when' : `until ${pause.until}`;
  const found = `since ${pause.since}, ${ends}: ${pause.reason}`;
  findings.warning('paused', found, 'setup', `\`holdfast policy resume ${policy.name}\` goes on with it.`);
}

function checkPromise(
  findings: Findings,
  policy: Policy,
  { name, snapshots }: SeenRepository,
  now: Date,
): void {
  const most = promisedMs(policy, now);
  if (most === null) return;
  const check = `proof in ${name}`;
  const own = snapshots.filter(
    ({ manifest, cluster }) =>
      manifest.policy === policy.name && (policy.cluster ?? cluster.name) === cluster.name,
  );
  const newest = own.find((each) => each.name === newestVerified(own));
  const fix = `Run \`holdfast policy run ${policy.name}\`, and see that the agent runs.`;
  if (newest === undefined) {
    return findings.failed(check, `none of its ${own.length} snapshots is verified`, 'data', fix);
  }
  const age = now.getTime() - Date.parse(newest.manifest.times.finishedAt);
  const found = `${newest.name} is verified and ${formatDuration(age)} old, ${formatDuration(most)} is promised`;
  if (age <= most) findings.ok(check, found);
  else findings.failed(check, found, 'data', fix);
}

async function checkRoom(
  findings: Findings,
  policy: Policy,
  retention: Retention,
  { name, snapshots, folder }: SeenRepository,
  now: Date,
): Promise<void> {
  const newest = snapshots.toSorted((a, b) =>
    b.manifest.times.finishedAt.localeCompare(a.manifest.times.finishedAt),
  )[0];
  if (folder === undefined || newest === undefined || policy.schedule === null) return;
  const each = storedBytes(newest.manifest);
  const kept = keptAtMost(retention, longestGap(policy.schedule, now));
  if (kept === undefined) {
    const fix = 'Give it `--keep-last` or another rule, or the disk fills up.';
    return findings.warning(`room in ${name}`, 'everything is kept for ever', 'disk space', fix);
  }
  const wanted = Math.min(kept * each, retention.maxBytes ?? Infinity);
  const { bavail, bsize } = await statfs(folder);
  const used = snapshots
    .filter(({ manifest }) => manifest.policy === policy.name)
    .reduce((sum, own) => sum + storedBytes(own.manifest), 0);
  const room = bavail * bsize + used;
  const found = `up to ${kept} snapshots of ${formatBytes(each)}: ${formatBytes(wanted)}; there is room for ${formatBytes(room)}`;
  if (wanted <= room * 0.8) findings.ok(`room in ${name}`, found);
  else if (wanted <= room)
    findings.warning(`room in ${name}`, found, 'disk space', 'Keep fewer, or give it a larger disk.');
  else
    findings.failed(
      `room in ${name}`,
      found,
      'disk space',
      'Keep fewer, set `--max-bytes`, or give it a larger disk.',
    );
}

/** How many snapshots the rules keep at most, when one is saved every `gapMs`; undefined: all. */
export function keptAtMost(retention: Retention, gapMs: number): number | undefined {
  const { last, within, hourly, daily, weekly, monthly, yearly, minimum } = retention;
  const counts = [last, hourly, daily, weekly, monthly, yearly].filter((count) => count !== undefined);
  if (counts.length === 0 && within === undefined) return undefined;
  const young = within === undefined ? 0 : Math.ceil(spanMs(within) / gapMs);
  // Each rule keeps its own at most, and one more is there before the oldest goes.
  return Math.max(minimum, young + counts.reduce((sum, count) => sum + count, 0)) + 1;
}
