import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { CompanionsList } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import { extractCompanions } from '../companions/index.ts';
import { refuseUntrusted } from '../content/index.ts';
import type { VerbContext } from '../context.ts';
import { showSnapshot, type SnapshotChoice } from './show.ts';

/** A folder with the companions of a snapshot. */
export interface TakenCompanions {
  readonly name: string;
  /** The name of the cluster whose secrets they are. */
  readonly cluster: string;
  readonly path: string;
  readonly list: CompanionsList;
}

/**
 * Opens the companions of a snapshot into a new folder for this user only. They are the private keys of a cluster.
 *
 * @throws as `showSnapshot`; manifest-untrusted, companions-missing, key-missing, key-not-matching, object-damaged,
 *   file-exists, file-unwritable, disk-full
 */
export async function takeCompanions(
  context: VerbContext,
  repository: Repository,
  request: SnapshotChoice & { readonly to: string },
): Promise<TakenCompanions> {
  const entry = await showSnapshot(context, repository, request);
  const { name, cluster } = entry;
  refuseUntrusted(entry);
  const stream = repository.readCompanions(entry);
  if (stream === undefined) throw new Failure('companions-missing', 'none were saved with it', { name });
  const path = resolve(request.to);
  const list = await extractCompanions(stream, path, { path: `the companions of ${name}` });
  return { name, cluster: cluster.name, path, list };
}
