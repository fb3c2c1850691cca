import { Failure, formatHex64, isFailure, limits } from '@holdfast/base';
import {
  buildDataDir,
  sameUrls,
  type BuildOptions,
  type BuiltDataDir,
  type EtcdForm,
  type NewMember,
  type RevisionBump,
  type SnapshotSource,
} from '@holdfast/etcd/datadir';
import { parseInitialCluster, peerUrl, type InitialMember } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { refuseDamaged, refuseUntrusted, storedContent } from '../content/index.ts';
import type { VerbContext } from '../context.ts';
import { uniqueToken } from './token.ts';

/** From what a data directory is built. */
export type DatadirSource =
  | {
      /** A snapshot file on this machine, whose own trailer has to prove it. */
      readonly file: string;
    }
  | {
      /** A stored snapshot. One that is sealed lies plain only in the data directory. */
      readonly repository: Repository;
      readonly snapshot: SnapshotEntry;
    }
  | {
      /** The content of what another system left, proven before. */
      readonly content: SnapshotSource;
      /** Hexadecimal. */
      readonly sha256: string;
    };

/** One member of a cluster to be brought back, and from what. */
export interface RestoreDatadirOptions {
  readonly source: DatadirSource;
  /** An absent or empty folder. */
  readonly dataDir: string;
  /** The same, for a log outside of the data directory. */
  readonly walDir?: string;
  readonly name: string;
  /** As etcd's `--initial-cluster`. */
  readonly initialCluster: string;
  /** As etcd's `--initial-advertise-peer-urls`. */
  readonly peerUrls: readonly string[];
  /** The cluster's token; one that nobody has used when absent. */
  readonly token?: string;
  /** How far the revision moves; null: not at all. By default far enough for any cluster, and all before compacted. */
  readonly bump?: RevisionBump | null;
  /** Take a db without a (right) trailer. */
  readonly skipHashCheck?: boolean;
  /** For which etcd; by the snapshot's own form when absent. */
  readonly target?: EtcdForm;
}

/** What was restored; ids in etcd's hexadecimal. */
export interface RestoreDatadirReport {
  readonly member: { readonly id: string; readonly name: string };
  readonly cluster: {
    readonly id: string;
    readonly token: string;
    readonly members: readonly { id: string; name: string; peerUrls: readonly string[] }[];
  };
  readonly revision: BuiltDataDir['revision'];
  readonly source: {
    /** A snapshot's name, or the path of a file. */
    readonly label: string;
    readonly sha256: string;
    readonly size: number;
    /** The cluster that a stored one is of, with etcd's own id of it where that is known; null for others. */
    readonly cluster: SnapshotEntry['manifest']['cluster'] | null;
  };
  readonly target: EtcdForm;
  readonly dataDir: string;
  readonly walDir: string | null;
  readonly durationMs: number;
  readonly warnings: readonly string[];
}

/**
 * Builds a member's data directory from a snapshot, all or nothing.
 *
 * @throws Failure restore-plan-invalid, usage, data-dir-exists, not-enough-space, file-unreadable, not-a-snapshot (or
 *   snapshot-damaged, of a stored snapshot), disk-full, file-unwritable; of a stored one manifest-untrusted, key-missing,
 *   key-not-matching, and what storages throw
 */
export async function restoreDatadir(
  context: VerbContext,
  options: RestoreDatadirOptions,
): Promise<RestoreDatadirReport> {
  const startedAt = context.clock.monotonic();
  const { source, dataDir, walDir, name, skipHashCheck, target } = options;
  const members = plannedMembers(options);
  const token = options.token ?? uniqueToken();
  const bump = checkedBump(options.bump);
  const built = await asNamed(source, () =>
    buildDataDir({
      ...contentOf(source),
      dataDir,
      name,
      members,
      token,
      bump,
      signal: context.signal,
      onProgress: (done, total) => context.onProgress?.({ phase: 'copy', done, total }),
      ...(walDir !== undefined && { walDir }),
      ...(skipHashCheck !== undefined && { skipHashCheck }),
      ...(target !== undefined && { form: target }),
    }),
  );
  return {
    member: { id: formatHex64(built.member.id), name },
    cluster: { id: formatHex64(built.cluster.id), token, members: built.cluster.members.map(reported) },
    revision: built.revision,
    source: {
      label: labelOf(source),
      ...built.source,
      cluster: 'snapshot' in source ? source.snapshot.manifest.cluster : null,
    },
    target: built.form,
    dataDir,
    walDir: walDir ?? null,
    durationMs: context.clock.monotonic() - startedAt,
    warnings: [...tokenWarnings(token), ...built.warnings],
  };
}

/** etcd's own rules (ServerConfig.VerifyBootstrap): the member is one of the cluster's, with the URLs it is to have. */
function plannedMembers({ name, initialCluster, peerUrls }: RestoreDatadirOptions): InitialMember[] {
  try {
    const members = parseInitialCluster(initialCluster);
    const member = members.find((each) => each.name === name);
    if (member === undefined)
      throw new RangeError(`there is no ${name} in --initial-cluster ${initialCluster}`);
    if (!sameUrls(member.peerUrls, peerUrls.map(peerUrl))) {
      throw new RangeError(
        `--initial-cluster gives ${name} ${member.peerUrls.join(',')}, and ${peerUrls.join(',')} is advertised`,
      );
    }
    return members;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('restore-plan-invalid', error.message, {}, { cause: error });
  }
}

function checkedBump(bump: RevisionBump | null | undefined): RevisionBump | null {
  if (bump === undefined) return { by: limits.revisionBump, markCompacted: true };
  const most = 2 ** 52;
  if (bump !== null && !(Number.isInteger(bump.by) && bump.by > 0 && bump.by <= most)) {
    throw new Failure('usage', `the revision can be moved by 1 to ${most}, not by ${bump.by}`);
  }
  return bump;
}

/** What a manifest says has to be so. @throws manifest-untrusted, snapshot-damaged */
function contentOf(source: DatadirSource): Pick<BuildOptions, 'source' | 'expectedSha256'> {
  if ('file' in source) return { source: { file: source.file } };
  if ('content' in source) return { source: source.content, expectedSha256: source.sha256 };
  const { repository, snapshot } = source;
  refuseUntrusted(snapshot);
  refuseDamaged(snapshot);
  const { sha256 } = snapshot.manifest.content;
  return { source: storedContent(repository, snapshot).source, expectedSha256: sha256 };
}

function labelOf(source: DatadirSource): string {
  if ('snapshot' in source) return source.snapshot.name;
  const content = 'content' in source ? source.content : source;
  return 'file' in content ? content.file : content.name;
}

/** What a manifest vouches for and is not what it says is a damaged snapshot, known by its name. */
async function asNamed<T>(source: DatadirSource, build: () => Promise<T>): Promise<T> {
  try {
    return await build();
  } catch (error) {
    if (
      !('snapshot' in source) ||
      !(isFailure(error, 'not-a-snapshot') || isFailure(error, 'object-damaged'))
    )
      throw error;
    throw new Failure('snapshot-damaged', error.why, { name: source.snapshot.name }, { cause: error });
  }
}

function reported({ id, name, peerUrls }: NewMember): RestoreDatadirReport['cluster']['members'][number] {
  return { id: formatHex64(id), name, peerUrls };
}

function tokenWarnings(token: string): string[] {
  if (token !== 'etcd-cluster') return [];
  return [
    "The token etcd-cluster is etcd's default: an old member that still runs would merge with this one",
  ];
}
