import { limits } from '@holdfast/base';
import { inParallel } from '@holdfast/repository';
import type {
  ForeignCompanion,
  ForeignFile,
  ForeignLayout,
  ForeignPlace,
  ForeignSnapshot,
} from '../foreign.ts';
import { readSmall } from '../place/read-part.ts';
import { type ImageInFile, imageInFile } from './image-in-file.ts';
import { type K3sName, nodeIn, parseK3sName } from './k3s-name.ts';
import { type K3sSidecar, parseK3sSidecar } from './k3s-sidecar.ts';

/**
 * What `k3s etcd-snapshot` and `rke2 etcd-snapshot` leave (k3s pkg/etcd/snapshot.go, pkg/etcd/s3/s3.go): a database as it is
 * or as the only entry of a zip, and what is known of it in `.metadata`: beside the files in a bucket, beside their folder on
 * a node. In a bucket more stands in the object's own metadata.
 */
export const k3s: ForeignLayout = {
  system: 'k3s',
  async recognise(place, files) {
    const sidecars = new Map(files.filter(isSidecar).map((file) => [file.path, file]));
    const candidates = files.flatMap((file) => {
      const name = parseK3sName(lastPart(file.path));
      const sidecar = sidecarPaths(file.path).find((path) => sidecars.has(path));
      if (isSidecar(file) || (name === undefined && sidecar === undefined)) return [];
      return [{ file, name, sidecar: sidecar === undefined ? undefined : sidecars.get(sidecar) }];
    });
    const seen = await inParallel(candidates, (candidate) => look(place, candidate));
    const nodes = new Set(seen.map(ownNode).filter((node) => node !== null));
    const own = seen.filter((each) => isOwn(place, each, nodes));
    const taken = new Set(
      own.flatMap(({ file, sidecar }) => (sidecar === undefined ? [file.path] : [file.path, sidecar.path])),
    );
    const alone = [...sidecars.values()].filter(({ path }) => !taken.has(path));
    const failed = await failedSaves(place, alone);
    for (const { path } of failed) taken.add(path);
    return { snapshots: [...own.map((each) => snapshotOf(place, each, nodes)), ...failed], taken };
  },
};

interface Candidate {
  readonly file: ForeignFile;
  readonly name: K3sName | undefined;
  readonly sidecar: ForeignFile | undefined;
}

interface Seen extends Candidate {
  /** Null when it is no database. */
  readonly image: ImageInFile | null;
  readonly told: K3sSidecar | undefined;
  /** Of the object, the `K3s-` or `Rke2-` taken off its names. */
  readonly marks: Marks;
}

interface Marks {
  readonly system?: 'k3s' | 'rke2';
  /** The UID of kube-system. */
  readonly cluster?: string;
  readonly node?: string;
  readonly tokenHash?: string;
}

async function look(place: ForeignPlace, candidate: Candidate): Promise<Seen> {
  const { file, sidecar } = candidate;
  const [image, told, metadata] = await Promise.all([
    imageInFile(place, file),
    sidecar === undefined ? undefined : readSidecar(place, sidecar),
    place.metadata?.(file.path) ?? {},
  ]);
  return { ...candidate, image, told, marks: marksIn(metadata) };
}

async function readSidecar(place: ForeignPlace, sidecar: ForeignFile): Promise<K3sSidecar> {
  if (sidecar.size > limits.sidecarBytes)
    return {
      system: null,
      spec: false,
      failed: null,
      fault: 'Its file in .metadata is too large to be one.',
    };
  return parseK3sSidecar(await readSmall(place, sidecar, limits.sidecarBytes));
}

function marksIn(metadata: Readonly<Record<string, string>>): Marks {
  for (const system of ['k3s', 'rke2'] as const) {
    const [cluster, node, tokenHash] = ['cluster-id', 'node-name', 'token-hash'].map(
      (name) => metadata[`${system}-${name}`],
    );
    if (cluster ?? node ?? tokenHash) {
      return { system, ...(cluster && { cluster }), ...(node && { node }), ...(tokenHash && { tokenHash }) };
    }
  }
  return {};
}

/** The node of a snapshot that bears it beyond doubt. */
function ownNode({ name, marks }: Seen): string | null {
  return marks.node ?? name?.node ?? null;
}

/** Others may call their files so as well: a name alone is not enough, unless its base is K3s's own. */
function isOwn(place: ForeignPlace, seen: Seen, nodes: ReadonlySet<string>): boolean {
  const { file, name, told, marks, image } = seen;
  if (marks.system !== undefined) return true;
  if (told !== undefined && image !== null) return true;
  if (name === undefined) return false;
  if (name.trigger !== null || folderOf(place, file) !== null) return true;
  if (image === null) return false;
  return isOwnZip(file, image) || nodeIn(name, nodes) !== null;
}

/** Whether the only entry of a zip is called as K3s calls it. */
function isOwnZip({ path }: ForeignFile, { entry }: ImageInFile): boolean {
  return entry !== undefined && `${entry}.zip` === lastPart(path);
}

/** The system in whose own folder a place is. */
function folderOf({ location }: ForeignPlace, { path }: ForeignFile): 'k3s' | 'rke2' | null {
  const found = /\/rancher\/(k3s|rke2)\/server\//.exec(`${location}/${path}`)?.[1];
  return found === 'k3s' || found === 'rke2' ? found : null;
}

function snapshotOf(place: ForeignPlace, seen: Seen, nodes: ReadonlySet<string>): ForeignSnapshot {
  const { file, name, told, marks, image, sidecar } = seen;
  const system = marks.system ?? told?.system ?? folderOf(place, file);
  const unfinished = name?.unfinished === true;
  const companions: ForeignCompanion[] = [];
  if (sidecar !== undefined && told?.spec === true)
    companions.push({ what: 'cluster-spec', path: sidecar.path, within: false });
  if (marks.tokenHash !== undefined) companions.push({ what: 'token-hash', path: file.path, within: true });
  const restorable = image?.restorable === true && !unfinished && (told?.failed ?? null) === null;
  return {
    system: system ?? 'k3s',
    name: lastPart(file.path),
    path: file.path,
    form: image?.form ?? 'db',
    ...(image?.entry !== undefined && { entry: image.entry }),
    size: file.size,
    takenAt: name?.takenAt ?? file.modifiedAt,
    takenAtFrom: name === undefined ? 'file' : 'name',
    node: marks.node ?? (name === undefined ? null : nodeIn(name, nodes)),
    cluster: marks.cluster ?? null,
    trigger: name?.trigger ?? null,
    companions,
    restorable,
    notes: notesOn(seen, { system, restorable }),
  };
}

function notesOn(
  { name, told, image, file }: Seen,
  { system, restorable }: { readonly system: string | null; readonly restorable: boolean },
): string[] {
  const notes: string[] = [];
  if (image !== null) notes.push(...image.notes);
  else notes.push(file.size === 0 ? emptyNote : strangeNote);
  if (name?.unfinished === true)
    notes.push('The save that wrote it did not end: a process was killed, or is still at it.');
  if (typeof told?.failed === 'string') notes.push(failedNote(told.failed));
  if (told !== undefined && told.fault !== null) notes.push(told.fault);
  if (image?.entry !== undefined && !isOwnZip(file, image))
    notes.push('It was renamed: the database in it has another name, and K3s itself would not find it.');
  if (system === null)
    notes.push('K3s and RKE2 name their files alike, and nothing tells which of the two wrote it.');
  if (restorable)
    notes.push(
      'What K3s keeps of certificates in it is encrypted with the server token of the cluster, which is not in it.',
    );
  return notes;
}

/** Records of saves that left no file. */
async function failedSaves(
  place: ForeignPlace,
  sidecars: readonly ForeignFile[],
): Promise<ForeignSnapshot[]> {
  const found = await inParallel(sidecars, async (file) => ({ file, told: await readSidecar(place, file) }));
  return found.flatMap(({ file, told }) => {
    if (told.failed === null) return [];
    const name = parseK3sName(lastPart(file.path));
    return [
      {
        ...{ system: told.system ?? 'k3s', name: lastPart(file.path), path: file.path, form: 'db', size: 0 },
        takenAt: name?.takenAt ?? file.modifiedAt,
        takenAtFrom: name === undefined ? 'file' : 'name',
        node: name?.node ?? null,
        cluster: null,
        trigger: name?.trigger ?? null,
        companions: told.spec ? [{ what: 'cluster-spec', path: file.path, within: false }] : [],
        restorable: false,
        notes: [failedNote(told.failed), 'Only the record of it is there, no database.'],
      } satisfies ForeignSnapshot,
    ];
  });
}

function failedNote(message: string): string {
  return message === ''
    ? 'Its record says that the save failed.'
    : `Its record says that the save failed: ${oneLine(message)}`;
}

/** Of a text that anybody may have written: no lines that could pass for ours, and not without end. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}

const emptyNote = 'It is empty: the save or the upload failed.';
const strangeNote = 'Its content is no etcd database: it is damaged, or something else under this name.';

const metadataFolder = '.metadata';

function isSidecar({ path }: ForeignFile): boolean {
  return path.split('/').at(-2) === metadataFolder;
}

/** Where the sidecar of a file may be: beside it in a bucket, beside its folder on a node. */
function sidecarPaths(path: string): string[] {
  const parts = path.split('/');
  const name = parts.at(-1)!;
  return [parts.slice(0, -1), ...(parts.length > 1 ? [parts.slice(0, -2)] : [])].map((folder) =>
    [...folder, metadataFolder, name].join('/'),
  );
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
