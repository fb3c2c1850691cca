import { join, relative, resolve } from 'node:path';
import type { PlannedMember, RestorePlan } from '@holdfast/model';
import { Failure } from '@holdfast/base';

/** Every path that a restore uses on a node. All but those of {@link LogPlaces} lie in the data directory. */
export interface Places {
  readonly dataDir: string;
  /** The data that etcd starts from; while barred, a file. */
  readonly member: string;
  /** The old data. */
  readonly kept: string;
  /** What a rolled back finished restore had taken in. */
  readonly undone: string;
  /** Tells which restore holds the data directory. */
  readonly claim: string;
  /** The artefact and the staged data. */
  readonly work: string;
  readonly artefact: string;
  /** The data directory that is staged. */
  readonly staged: string;
  /** A file on its way to its name. */
  readonly part: string;
  /** A write-ahead log outside of `member`. */
  readonly log?: LogPlaces;
}

/** The places of a log outside of `member`. */
export interface LogPlaces {
  readonly dir: string;
  readonly kept: string;
  readonly undone: string;
  /** The folder of the staged log. */
  readonly staged: string;
  /** The staged log right before it gets its name: the name ends in `.wal`, so an etcd sees a log, and is not a log's. */
  readonly waiting: string;
}

type Shape = Pick<RestorePlan, 'id' | 'way' | 'strategy' | 'seed'>;

/** Whether a member begins empty and gets its data from a cluster that runs. */
export function joins(plan: Shape, member: PlannedMember): boolean {
  if (member.role !== 'member') return false;
  return plan.way === 'replace' || (plan.strategy === 'seed' && plan.seed !== member.name);
}

/**
 * The paths of one restore on one member.
 *
 * @throws Failure cluster-file-invalid when the log lies where it cannot be put aside by itself
 */
export function placesOf(plan: Shape, member: PlannedMember): Places {
  const dataDir = resolve(member.dataDir);
  const work = join(dataDir, `holdfast-${plan.id}`);
  const log = logPlaces(plan, member);
  return {
    dataDir,
    member: join(dataDir, 'member'),
    kept: join(dataDir, `member.pre-${plan.id}`),
    undone: join(dataDir, `member.undone-${plan.id}`),
    claim: join(dataDir, 'holdfast-restore.json'),
    work,
    artefact: join(work, 'artefact.db'),
    staged: join(work, 'data'),
    part: `${work}.part`,
    ...(log !== undefined && { log }),
  };
}

/**
 * What is kept of a log lies in its own folder, which may be a mount point. Not so of a member that joins: an etcd that
 * begins a log removes whatever is in that folder (server/storage/wal, renameWAL), so it is kept beside the folder.
 */
function logPlaces(plan: Shape, member: PlannedMember): LogPlaces | undefined {
  const dir = logFolder(member);
  if (dir === undefined) return undefined;
  const aside = (name: string): string => (joins(plan, member) ? `${dir}.${name}` : join(dir, name));
  return {
    dir,
    kept: aside(`pre-${plan.id}`),
    undone: aside(`undone-${plan.id}`),
    staged: join(dir, `holdfast-${plan.id}`),
    waiting: join(dir, `holdfast-${plan.id}.wal`),
  };
}

function logFolder({ dataDir, walDir, name }: PlannedMember): string | undefined {
  if (walDir === undefined) return undefined;
  const dir = resolve(walDir);
  const within = relative(join(resolve(dataDir), 'member'), dir);
  if (within === 'wal') return undefined;
  if (!within.startsWith('..') || !relative(dir, resolve(dataDir)).startsWith('..')) {
    const why = `the log of ${name} in ${dir} can only lie in member/wal, or apart from the member's data`;
    throw new Failure('cluster-file-invalid', why, { path: dir });
  }
  return dir;
}

/** Whether a name in the folder of a log is Holdfast's, of whichever restore, or the file system's own. */
export function notOfLog(name: string): boolean {
  return name === 'lost+found' || /^(?:pre|undone|holdfast)-r-/.test(name);
}

/** Whether a name in a data directory is that of what a restore had taken in before it was rolled back. */
export function isUndone(name: string): boolean {
  return name.startsWith('member.undone-r-');
}
