import { join } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import type { Credentials } from '@holdfast/etcd/client';
import { buildDataDir } from '@holdfast/etcd/datadir';
import type { DrillCheck, DrillCheckName, DrillReport } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { showSnapshot, type SnapshotChoice } from '../catalog/index.ts';
import { refuseUntrusted, storedContent } from '../content/index.ts';
import type { VerbContext } from '../context.ts';
import { uniqueToken } from '../restore/token.ts';
import { etcdProgram, minorOf, refuseMisfit, startSandbox, type EtcdProgram } from '../sandbox/index.ts';
import { compareWithSnapshot } from './compare.ts';
import { answersOnDisk } from './disk.ts';
import { askAll, said } from './questions.ts';
import { keepReport, makeDrillFolder } from './report-file.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface DrillOptions extends SnapshotChoice {
  readonly repository: Repository;
  /** The etcd that is started: a path, or a name that is looked up on the PATH; `etcd` when absent. */
  readonly program?: string;
  /** Holds the reports; the data of the drill lies there too while it lasts. */
  readonly stateDir: string;
  /** A user of the snapshot's own etcd, where that had authentication on. */
  readonly auth?: Credentials;
}

/** What is known so far. */
interface Course {
  readonly checks: DrillCheck[];
  readonly times: Record<keyof DrillReport['times'], number | null>;
  etcd: string | null;
  failed: DrillReport['failed'];
}

/**
 * Tries a restore: builds a data directory of one member from a stored snapshot, without moving its revision, starts an
 * etcd from it on this machine alone, questions it, and holds its answers against the snapshot itself. Nothing is left but
 * the report, which is kept whether the drill passed or failed.
 *
 * @throws what has nothing to do with the snapshot: as `showSnapshot`; manifest-untrusted; key-missing and
 *   key-not-matching for what is sealed; what storages throw; not-enough-space, disk-full, file-unwritable; the
 *   signal's reason
 */
export async function runDrill(context: VerbContext, options: DrillOptions): Promise<DrillReport> {
  const entry = await showSnapshot(context, options.repository, options);
  refuseUntrusted(entry);
  const at = context.clock.now().toISOString();
  const folder = await makeDrillFolder(options.stateDir);
  const course: Course = {
    checks: [],
    times: { restoreMs: null, startMs: null, questionsMs: null, totalMs: null },
    etcd: null,
    failed: null,
  };
  {
    await using work = await makeWorkFolder(folder);
    await drill(context, options, entry, work.path, course);
  }
  const { name, cluster, manifest } = entry;
  return await keepReport(options.stateDir, {
    apiVersion: 'holdfast.dev/v1',
    kind: 'DrillReport',
    snapshot: {
      name,
      cluster: { id: cluster.id, name: cluster.name },
      sha256: manifest.content.sha256,
      size: manifest.content.size,
      revision: manifest.revision,
      takenAt: manifest.times.finishedAt,
    },
    at,
    holdfast: context.holdfast,
    etcd: course.etcd,
    outcome: course.failed === null ? 'passed' : 'failed',
    failed: course.failed,
    checks: course.checks,
    times: course.times,
  });
}

/** Goes through the drill until something of the snapshot, or the program, stands in the way. */
async function drill(
  context: VerbContext,
  options: DrillOptions,
  entry: SnapshotEntry,
  work: string,
  course: Course,
): Promise<void> {
  const { clock, signal } = context;
  const { manifest } = entry;
  const program = await attempt(course, 'program', () =>
    fittingProgram(options, manifest.versions.etcd, signal),
  );
  if (program === undefined) return;
  course.etcd = program.version;
  pass(course, 'program', `etcd ${program.version} for a snapshot of etcd ${manifest.versions.etcd}`);
  const began = clock.monotonic();
  const dataDir = join(work, 'data');
  const built = await attempt(course, 'restore', () =>
    build(context, options.repository, entry, program, dataDir),
  );
  if (built === undefined) return;
  const restored = clock.monotonic();
  course.times.restoreMs = Math.round(restored - began);
  pass(course, 'restore', `a data directory at revision ${built.revision.restored}`);
  const server = await attempt(course, 'start', () =>
    startSandbox({ program, dataDir, folder: join(work, 'server'), clock, signal }),
  );
  if (server === undefined) return;
  await using sandbox = server;
  const started = clock.monotonic();
  course.times.startMs = Math.round(started - restored);
  pass(course, 'start', 'it has a leader and answers');
  const { auth } = options;
  const answers = await attempt(course, 'keys', () =>
    askAll({
      endpoint: sandbox.endpoint,
      clock,
      ...(auth && { auth }),
      snapshot: { ...manifest, etcdId: manifest.cluster.etcdId },
    }),
  );
  if (answers === undefined) return;
  const asked = clock.monotonic();
  course.times.questionsMs = Math.round(asked - started);
  course.times.totalMs = Math.round(asked - began);
  await attempt(course, 'hashkv', async () => {
    if ('noLogin' in answers) await sandbox.stop();
    const known = 'noLogin' in answers ? await answersOnDisk(dataDir, manifest, answers, signal) : answers;
    for (const check of known.checks) note(course, check);
    const content = storedContent(options.repository, entry);
    for (const check of await compareWithSnapshot(context, content, known, manifest)) note(course, check);
  });
}

async function fittingProgram(
  { program = 'etcd' }: DrillOptions,
  version: string,
  signal: AbortSignal,
): Promise<EtcdProgram> {
  const found = await etcdProgram(program, signal);
  refuseMisfit(found, version);
  return found;
}

/** The address of the peer is only written down: a member alone has nobody to call. */
async function build(
  { signal, onProgress }: VerbContext,
  repository: Repository,
  entry: SnapshotEntry,
  program: EtcdProgram,
  dataDir: string,
): ReturnType<typeof buildDataDir> {
  const { name, manifest, damage } = entry;
  if (damage !== null) throw new Failure('snapshot-damaged', damage, { name });
  return await buildDataDir({
    source: storedContent(repository, entry).source,
    expectedSha256: manifest.content.sha256,
    dataDir,
    name: 'holdfast-sandbox',
    members: [{ name: 'holdfast-sandbox', peerUrls: ['http://127.0.0.1:2380'] }],
    token: uniqueToken(),
    bump: null,
    form: minorOf(program.version) === 4 ? '3.4' : '3.5',
    signal,
    ...(onProgress && { onProgress: (done, total) => onProgress({ phase: 'restore', done, total }) }),
  });
}

/** Failures of this machine, of who asks and of the way there, which tell nothing of the snapshot. */
const ours: readonly string[] = [
  ...['interrupted', 'terminated', 'usage'],
  ...['not-enough-space', 'disk-full', 'file-unwritable', 'data-dir-exists'],
  ...['key-missing', 'key-not-matching', 'key-file-invalid'],
];

/** Does one part of the drill; a failure of it fails the drill, and undefined is returned. */
async function attempt<T>(
  course: Course,
  check: DrillCheckName,
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!isFailure(error) || isOurs(error)) throw error;
    note(course, said(check, 'failed', error.why), error.code);
    return undefined;
  }
}

function isOurs({ code }: Failure): boolean {
  return ours.includes(code) || code.startsWith('s3-');
}

function pass(course: Course, check: DrillCheckName, detail: string): void {
  note(course, said(check, 'passed', detail));
}

function note(course: Course, check: DrillCheck, code: string | null = null): void {
  course.checks.push(check);
  if (check.outcome === 'failed') course.failed ??= { check: check.check, code, reason: check.detail };
}
