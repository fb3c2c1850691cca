import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import { writeDurably } from '@holdfast/engine';
import { z } from 'zod';
import { changeJob, newPolicyState, withNewest } from './memory.ts';
import { holdIfFree } from './run-lock.ts';
import { daemonFolder, StateFile } from './state-file.ts';
import { Newest, RunOutcome, type DaemonState } from './state.ts';

/** What a save makes new; a default would take away what the daemon knows. */
const News = Newest.omit({ missingSince: true, knownSince: true })
  .extend({ clusterId: z.uuid().nullable() })
  .partial();

/** A save that somebody asked for, as the daemon is told of it. */
const RunReport = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('RunReport'),
  policy: z.string(),
  run: RunOutcome,
  /** By repository, what is new there. */
  newest: z.record(z.string(), News),
});
type RunReport = z.infer<typeof RunReport>;

/** What somebody's save came to. */
export type ReportedRun = Omit<RunReport, 'apiVersion' | 'kind'>;

const suffix = '.json';

/**
 * Enters a save that somebody asked for into the state, or leaves it there for the daemon that holds the state.
 *
 * @throws Failure file-unwritable, disk-full
 */
export async function reportRun(stateDir: string, reported: ReportedRun, now: Date): Promise<void> {
  const release = await holdIfFree(stateDir);
  if (release === undefined) return await leave(stateDir, reported);
  try {
    const file = new StateFile(stateDir);
    const state = await file.peek();
    if (state === undefined) return await leave(stateDir, reported);
    const unwritten = await file.write(entered(state, reported, now));
    if (unwritten !== undefined) throw new Failure('file-unwritable', unwritten, { path: file.path });
  } finally {
    await release();
  }
}

/**
 * The state with such a run: it counts as one, and what it made counts, but the schedule goes on as it was. One that was
 * entered last of all is not entered again.
 */
export function entered(state: DaemonState, { policy, run, newest }: ReportedRun, now: Date): DaemonState {
  const last = state.policies[policy]?.jobs.save.last ?? null;
  if (last?.startedAt === run.startedAt && last.endedAt === run.endedAt) return state;
  const policies = { [policy]: newPolicyState(now), ...state.policies };
  const changed = changeJob({ ...state, policies }, { policy, job: 'save' }, (job) => ({
    ...job,
    last: run,
    lastOkAt: run.outcome === 'failed' ? job.lastOkAt : run.endedAt,
    failures:
      run.failure === null
        ? job.failures
        : { ...job.failures, [run.failure.code]: (job.failures[run.failure.code] ?? 0) + 1 },
    runs: job.runs + 1,
  }));
  return withNewest(changed, policy, newest);
}

/**
 * Enters what was left for the daemon, oldest first, each of which goes only then. What is not a report goes as well; what
 * cannot be read is left.
 *
 * @param enter resolves once it is in the state
 */
export async function takeReports(
  stateDir: string,
  enter: (report: ReportedRun) => Promise<void>,
): Promise<void> {
  const folder = folderOf(stateDir);
  const found: { readonly path: string; readonly report: ReportedRun }[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    try {
      found.push({ path, report: RunReport.parse(JSON.parse(text)) });
    } catch {
      // It was written whole: what is not one is nobody's.
      await remove(path);
    }
  }
  for (const { path, report } of found.sort((a, b) =>
    a.report.run.endedAt.localeCompare(b.report.run.endedAt),
  )) {
    await enter(report);
    await remove(path);
  }
}

/** Where it cannot be removed it is entered once all the same, until another run ends. */
async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {});
}

async function leave(stateDir: string, reported: ReportedRun): Promise<void> {
  const folder = folderOf(stateDir);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (isFailure(cause)) throw cause;
    throw new Failure('file-unwritable', (cause as Error).message, { path: folder }, { cause });
  }
  const report: RunReport = { apiVersion: 'holdfast.dev/v1', kind: 'RunReport', ...reported };
  await writeDurably(join(folder, `${randomUUID()}${suffix}`), `${JSON.stringify(report)}\n`);
}

function folderOf(stateDir: string): string {
  return join(daemonFolder(stateDir), 'reports');
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(suffix));
  } catch {
    return [];
  }
}
