import { parseSnapshotName } from '@holdfast/model';
import { inParallel } from '@holdfast/repository';
import type {
  ForeignCompanion,
  ForeignFile,
  ForeignLayout,
  ForeignPlace,
  ForeignSnapshot,
} from '../foreign.ts';
import { type ImageInFile, imageInFile } from './image-in-file.ts';
import { takenAtOf } from './taken-at.ts';

/**
 * What RKE and Rancher's clusters made by it leave in /opt/rke/etcd-snapshots and in buckets (rke-tools, main.go): zips whose
 * entries have the paths in its own container, `/backup/<name>` and `/etc/kubernetes/<name>.rkestate`; in old releases the
 * snapshot as it is.
 */
export const rke: ForeignLayout = {
  system: 'rke',
  async recognise(place, files) {
    const folders = Map.groupBy(files, ({ path }) => folderOf(path));
    const snapshots: ForeignSnapshot[] = [];
    const taken = new Set<string>();
    for (const inFolder of folders.values()) {
      const seen = await inParallel(inFolder, (file) => findIn(place, file));
      const found = seen.filter((each) => each !== undefined);
      if (found.length === 0) continue;
      const beside = besideOf(inFolder);
      for (const path of beside.all) taken.add(path);
      for (const each of found) {
        taken.add(each.file.path);
        snapshots.push(snapshotOf(each, beside));
      }
    }
    return { snapshots, taken };
  },
};

interface Found {
  readonly file: ForeignFile;
  /** Without folder and `.zip`. */
  readonly bare: string;
  readonly image: ImageInFile;
}

/** What lies in the folder of snapshots and belongs to one or to all of them. */
interface Beside {
  readonly all: readonly string[];
  /** States by the names of their snapshots. */
  readonly states: ReadonlyMap<string, string>;
  /** The newest state, for a snapshot without one of its own. */
  readonly newest: string | undefined;
  readonly pki: string | undefined;
}

const forms = new Set<string>(['rke-one-time', 'rke-recurring', 'rancher-rke1']);
const stateEnding = '.rkestate';

/** Old RKE made zips without an ending, so the ending tells nothing. */
async function findIn(place: ForeignPlace, file: ForeignFile): Promise<Found | undefined> {
  const bare = baseOf(file.path).replace(/\.zip$/, '');
  const isNamed = forms.has(parseSnapshotName(bare).form);
  if (!isNamed && !file.path.endsWith('.zip')) return undefined;
  const image = await imageInFile(place, file);
  if (image === null) return isNamed && file.size === 0 ? { file, bare, image: empty } : undefined;
  return isNamed || image.entry?.startsWith('/backup/') === true ? { file, bare, image } : undefined;
}

const empty: ImageInFile = {
  form: 'db',
  entries: [],
  restorable: false,
  notes: ['The file is empty: a disk was full, or a restore of RKE has cut it.'],
};

function besideOf(files: readonly ForeignFile[]): Beside {
  const states = files.filter(({ path }) => path.endsWith(stateEnding));
  const pki = files.find(({ path }) => baseOf(path) === 'pki.bundle.tar.gz')?.path;
  const newest = states.toSorted((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime()).at(-1);
  return {
    all: [...states.map(({ path }) => path), ...(pki === undefined ? [] : [pki])],
    states: new Map(states.map(({ path }) => [baseOf(path).slice(0, -stateEnding.length), path])),
    newest: newest?.path,
    pki,
  };
}

function snapshotOf({ file, bare, image }: Found, beside: Beside): ForeignSnapshot {
  // A zip that was renamed still has its own name inside.
  const inner = image.entry === undefined ? bare : baseOf(image.entry);
  const parsed = parseSnapshotName(forms.has(parseSnapshotName(inner).form) ? inner : bare);
  const companions = companionsOf(inner, image, beside);
  const { form, entry, restorable, notes } = image;
  return {
    system: 'rke',
    name: bare,
    path: file.path,
    form,
    ...(entry !== undefined && { entry }),
    size: file.size,
    ...takenAtOf(parsed.at, file.modifiedAt),
    node: null,
    cluster:
      parsed.form === 'rancher-rke1' ? (parsed.base?.replace(/-[rm][ls]-[a-z0-9]{5}$/, '') ?? null) : null,
    trigger: parsed.recurring === true ? 'recurring' : 'one-time',
    companions,
    restorable,
    notes: [...notes, ...renamed(bare, inner), ...onState(companions, inner)],
  };
}

function companionsOf(inner: string, { entries }: ImageInFile, beside: Beside): ForeignCompanion[] {
  const within = entries.find((name) => name.endsWith(stateEnding));
  const state = within ?? beside.states.get(inner) ?? beside.newest;
  return [
    ...(state === undefined
      ? []
      : [{ what: 'cluster-state' as const, path: state, within: within !== undefined }]),
    ...(beside.pki === undefined ? [] : [{ what: 'pki' as const, path: beside.pki, within: false }]),
  ];
}

function renamed(bare: string, inner: string): string[] {
  if (bare === inner) return [];
  return [
    `The file was renamed: the database in it is ${inner}, and rke finds it only in a file of that name.`,
  ];
}

function onState(companions: readonly ForeignCompanion[], inner: string): string[] {
  const state = companions.find(({ what }) => what === 'cluster-state');
  if (state === undefined)
    return [
      'There is no cluster state (.rkestate) with it: the certificates and keys of the cluster have to come from elsewhere.',
    ];
  if (state.within || baseOf(state.path) === `${inner}${stateEnding}`) return [];
  return [
    `It has no cluster state of its own: ${baseOf(state.path)}, the newest one there, may be of another time or another cluster.`,
  ];
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
