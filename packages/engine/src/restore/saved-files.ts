import { createHash, randomBytes } from 'node:crypto';
import { Failure, limits } from '@holdfast/base';
import type { WantedConfiguration } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { readCompanions, type OpenedCompanions } from '../companions/index.ts';
import { refuseUntrusted } from '../content/index.ts';
import type { ArtefactSource } from './node.ts';
import { plannedEntry, type PlannedSnapshot } from './planned-content.ts';

/**
 * Bytes of chance before the tar: its hash, by which nodes get it and which a server stores, then tells nobody anything of
 * the secrets in it. Not 32: a snapshot ends with so many beyond its sectors, and the two must never be taken for one another.
 */
const saltBytes = 64;
/** Bytes that it may have: the files, and what a tar has besides. */
const mostBytes = limits.companionsBytes + 17 * 1024 * 1024;

/** The sealed object with the companions of a snapshot, as plans name it; undefined where none were saved. */
export function companionsOf({ manifest }: SnapshotEntry): WantedConfiguration['companions'] {
  const object = manifest.objects.find(({ role }) => role === 'companions');
  return object === undefined || manifest.companions === null
    ? null
    : { node: manifest.companions.node, sha256: object.sha256 };
}

/**
 * The companions of a plan's snapshot, in memory, to be given to nodes. What is opened is the very object that was planned.
 *
 * @throws Failure companions-missing where there are none any more, or others; manifest-untrusted, key-missing,
 *   key-not-matching, object-damaged, what storages throw
 */
export async function savedFiles(
  source: PlannedSnapshot,
  wanted: WantedConfiguration,
  repository: Repository | undefined,
): Promise<ArtefactSource> {
  const name = source.label;
  const missing = (why: string): Failure => new Failure('companions-missing', why, { name });
  if (repository === undefined) throw missing('they are opened by their repository, and none is named');
  const entry = await plannedEntry(source, repository);
  if (entry === undefined) throw missing(`${repository.location} has no such snapshot any more`);
  refuseUntrusted(entry);
  if (companionsOf(entry)?.sha256 !== wanted.companions?.sha256)
    throw missing('they are not those that were planned with');
  const stream = repository.readCompanions(entry);
  if (stream === undefined) throw missing('none were saved with it');
  const parts: Uint8Array[] = [randomBytes(saltBytes)];
  let size = saltBytes;
  for await (const part of stream) {
    size += part.length;
    if (size > mostBytes) throw missing('they are too large to be any');
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size,
    async *open(signal, from = 0) {
      signal.throwIfAborted();
      yield bytes.subarray(from);
    },
  };
}

/**
 * Opens what {@link savedFiles} gives, wherever it has come through.
 *
 * @throws Failure object-damaged when it is not what was promised
 */
export async function openSavedFiles(
  artefact: ArtefactSource,
  signal: AbortSignal,
): Promise<OpenedCompanions> {
  const path = 'the saved configuration';
  const damaged = (why: string): Failure => new Failure('object-damaged', why, { path });
  if (artefact.size > mostBytes) throw damaged(`it has ${artefact.size} bytes`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of artefact.open(signal)) {
    size += part.length;
    if (size > artefact.size) throw damaged(`it is longer than the ${artefact.size} bytes that were told`);
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== artefact.sha256) throw damaged(`its SHA-256 is ${sha256}, not ${artefact.sha256}`);
  return readCompanions(one(bytes.subarray(saltBytes)), { path });
}

// oxlint-disable-next-line require-await
async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
