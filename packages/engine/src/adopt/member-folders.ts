import type { ForeignFile } from './foreign.ts';

/** The files of an etcd member, or a copy of them. */
export interface MemberFolder {
  /** Of etcd's data: it holds `member`. Where that folder has another name, that one itself; `''` for the place. */
  readonly folder: string;
  /** `datadir` with the database of version 3, `v2-backup` with nothing but what version 2 has. */
  readonly form: 'datadir' | 'v2-backup';
  /** `snap/db`. */
  readonly db: ForeignFile | null;
  /** `wal/*.wal`, in their order. */
  readonly wal: readonly ForeignFile[];
  /** `snap/*.snap`, in their order. */
  readonly snap: readonly ForeignFile[];
  /** All files of the member; what lies beside it may be anything. */
  readonly files: readonly ForeignFile[];
}

/** The folders among files that are an etcd member's, by what lies in them: `snap/db`, `snap/*.snap` and `wal/*.wal`. */
export function memberFolders(files: readonly ForeignFile[]): MemberFolder[] {
  const members = new Map<string, ForeignFile[]>();
  for (const { path } of files) {
    const [, member] = /^(|.*\/)(?:snap\/(?:db|[^/]+\.snap)|wal\/[^/]+\.wal)$/.exec(path) ?? [];
    if (member !== undefined) members.set(member, []);
  }
  for (const file of files) for (const folder of foldersAbove(file.path)) members.get(folder)?.push(file);
  return [...members].flatMap(([member, below]) => {
    const found = memberOf(member, below);
    return found === undefined ? [] : [found];
  });
}

/** Every folder that a path is below, each with a slash at its end; the place itself is `''`. */
function foldersAbove(path: string): string[] {
  const folders = [''];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    folders.push(path.slice(0, at + 1));
  return folders;
}

/** @param member the folder of a member, with a slash at its end */
function memberOf(member: string, below: readonly ForeignFile[]): MemberFolder | undefined {
  const those = (pattern: RegExp): ForeignFile[] =>
    below
      .filter(({ path }) => pattern.test(path.slice(member.length)))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const [db = null] = those(/^snap\/db$/);
  const [wal, snap] = [those(/^wal\/[^/]+\.wal$/), those(/^snap\/[^/]+\.snap$/)];
  // A folder of somebody's own that is called `snap`.
  const named = /^(|.*\/)member\/$/.test(member);
  if (!named && (wal.length === 0 || (db === null && snap.length === 0))) return undefined;
  const folder = member.replace(/(^|\/)(member\/)?$/, '');
  const form = db === null ? 'v2-backup' : 'datadir';
  return { folder, form, db, wal, snap, files: those(/^(snap|wal)\//) };
}
