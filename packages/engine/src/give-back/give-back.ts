import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { showSnapshot, type SnapshotChoice } from '../catalog/index.ts';
import { refuseDamaged, refuseUntrusted, storedContent } from '../content/index.ts';
import type { VerbContext } from '../context.ts';
import { besideOf } from './beside.ts';
import { givenBackForms, type GivenBackForm, givenBackName, type GivenBackTo } from './file-name.ts';
import { writeNewFiles, type WrittenFile } from './new-files.ts';
import { packed } from './packed.ts';

/** To whom a snapshot is given back, and where. */
export interface GiveBackRequest extends SnapshotChoice {
  readonly as: GivenBackTo;
  /** Made where it is not there yet. */
  readonly folder: string;
  /** The system's own way when absent. */
  readonly form?: GivenBackForm | undefined;
  /** The node's name, for Alauda its IP, where it is not to be taken from the snapshot. */
  readonly node?: string | undefined;
}

/** What another system's own tool restores. */
export interface GivenBack {
  /** The snapshot's in the repository. */
  readonly name: string;
  readonly as: GivenBackTo;
  readonly form: GivenBackForm;
  /** As that system's command wants it. */
  readonly givenName: string;
  readonly snapshot: WrittenFile;
  /** What K3s and RKE2 keep beside a snapshot for Rancher; null where there is none. */
  readonly metadata: WrittenFile | null;
  /** Whether the state of an RKE cluster lies in the same zip; null for other systems. */
  readonly withState: boolean | null;
}

/**
 * Writes a snapshot, and what belongs beside it, as another system would have left it, so that its own tool restores it:
 * new files under that system's names for this user only. The SHA-256 of the content is compared with the manifest before
 * anything gets its name, and on failure no file is left. What is damaged is not given back.
 *
 * @throws as `showSnapshot`; manifest-untrusted, key-missing, key-not-matching, file-exists, snapshot-damaged, usage,
 *   disk-full, file-unwritable
 */
export async function giveBack(
  context: VerbContext,
  repository: Repository,
  request: GiveBackRequest,
): Promise<GivenBack> {
  const { as, form = givenBackForms[as][0], node } = request;
  if (!(givenBackForms[as] as readonly string[]).includes(form))
    throw new Failure('usage', `${as} takes ${givenBackForms[as].join(' or ')}, and no ${form}`);
  const entry = await showSnapshot(context, repository, request);
  const { name, manifest } = entry;
  refuseUntrusted(entry);
  refuseDamaged(entry);
  const { file, bare } = givenBackName({ manifest, as, form, node });
  const path = join(resolve(request.folder), file);
  try {
    const { metadata, state } = await besideOf(repository, entry, { as, form }, context.signal);
    const { size } = manifest.content;
    const takenAt = new Date(manifest.times.startedAt);
    const content = packed({
      as,
      form,
      bare,
      size,
      takenAt,
      content: proven(context, repository, entry),
      state,
    });
    const [snapshot, beside = null] = (
      await writeNewFiles([
        ...(metadata === undefined ? [] : [{ path: metadataPath(path), content: [metadata] }]),
        { path, content },
      ])
    ).toReversed();
    const withState = as === 'rke' ? state !== undefined : null;
    return { name, as, form, givenName: bare, withState, snapshot: snapshot!, metadata: beside };
  } catch (error) {
    if (!isFailure(error, 'object-damaged') && !isFailure(error, 'not-a-snapshot')) throw error;
    throw new Failure('snapshot-damaged', error.why, { name }, { cause: error });
  }
}

/** As in a bucket of theirs: below the snapshots. On a node they keep it beside the folder of the snapshots. */
function metadataPath(path: string): string {
  return join(dirname(path), '.metadata', path.slice(dirname(path).length));
}

/** The snapshot's bytes; it fails at their end where they are not those that were saved. */
async function* proven(
  { signal, onProgress }: VerbContext,
  repository: Repository,
  entry: SnapshotEntry,
): AsyncGenerator<Uint8Array> {
  const { name, path, manifest } = entry;
  const { size: total, sha256 } = manifest.content;
  const hash = createHash('sha256');
  let done = 0;
  for await (const block of storedContent(repository, entry).stream(signal)) {
    hash.update(block);
    done += block.length;
    yield block;
    onProgress?.({ phase: 'export', done, total });
  }
  const found = hash.digest('hex');
  if (found === sha256) return;
  const why = `the SHA-256 of ${path} is ${found}, its manifest says ${sha256}`;
  throw new Failure('snapshot-damaged', why, { name });
}
