import { isManifestFile, repositoryKey } from '@holdfast/repository';
import type { ForeignFile } from './foreign.ts';

/** Holdfast's own repositories among the files of a place. */
interface OwnRepositories {
  /** Their folders, or the folders of snapshots where only a part of one is seen; `''` is the place itself. */
  readonly folders: readonly string[];
  /** The paths of all files that belong to them. */
  readonly taken: ReadonlySet<string>;
}

/**
 * Finds what Holdfast itself keeps by its names (docs/format.md): a plain snapshot of a repository is not etcd's, and what lies
 * beside a repository in the same folder may be anybody's.
 */
export function ownRepositories(files: readonly ForeignFile[]): OwnRepositories {
  const paths = files.map(({ path }) => path);
  const roots = paths.filter((path) => baseOf(path) === repositoryKey).map(folderOf);
  const kept = /^(?:clusters|keys)\//;
  const isBelow = (path: string): boolean =>
    roots.some((root) => {
      const rest = path.slice(root === '' ? 0 : root.length + 1);
      return path === within(root, rest) && (rest === repositoryKey || kept.test(rest));
    });
  const taken = new Set(paths.filter(isBelow));
  const left = paths.filter((path) => !taken.has(path));
  const parts = snapshotFolders(left);
  for (const path of left) if (foldersAbove(path).some((folder) => parts.has(folder))) taken.add(path);
  return { folders: [...new Set([...roots, ...[...parts].map(folderOf)])].toSorted(), taken };
}

/** Folders with a manifest and its snapshot, which are seen without their repository where a folder of it is the place. */
function snapshotFolders(paths: readonly string[]): Set<string> {
  const all = new Set(paths);
  const objects = ['snapshot.db', 'snapshot.db.zst', 'snapshot.db.zst.age'];
  const folders = paths.filter((path) => isManifestFile(baseOf(path))).map(folderOf);
  return new Set(
    folders.filter((folder) => folder !== '' && objects.some((each) => all.has(within(folder, each)))),
  );
}

function foldersAbove(path: string): string[] {
  const words = path.split('/');
  return words.slice(1).map((_, at) => words.slice(0, at + 1).join('/'));
}

function within(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
