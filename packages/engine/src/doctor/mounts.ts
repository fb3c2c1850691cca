/** A place in the tree of files where another file system is, or should be. */
export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** What is known of the file system that a folder is on. */
export interface MountOf {
  /** Where it is mounted now; undefined where the kernel's list cannot be read. */
  readonly mounted: Mount | undefined;
  /** The mount of /etc/fstab that the folder should be on and is not: what is written goes to the disk beneath. */
  readonly missing: Mount | undefined;
}

/**
 * The file system that a folder is on, and the one that it should be on.
 *
 * @param folder absolute, symbolic links resolved
 * @param fstab the text of /etc/fstab (fstab(5))
 * @param mountinfo the text of /proc/self/mountinfo (proc_pid_mountinfo(5))
 */
export function mountOf(folder: string, fstab: string, mountinfo: string): MountOf {
  const mounted = deepest(folder, parseMountinfo(mountinfo));
  // What is mounted by hand only need not be there.
  const wanted = deepest(
    folder,
    parseFstab(fstab).filter(({ options }) => !options.includes('noauto')),
  );
  const isMissing =
    wanted !== undefined && (mounted === undefined || wanted.point.length > mounted.point.length);
  return { mounted, missing: isMissing ? wanted : undefined };
}

/** The mount nearest above a folder; of two at one point the later one hides the other. */
function deepest(folder: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const isAbove = mount.point === '/' || folder === mount.point || folder.startsWith(`${mount.point}/`);
    if (isAbove && (found === undefined || mount.point.length >= found.point.length)) found = mount;
  }
  return found;
}

function parseMountinfo(text: string): Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [before, after] = line.split(' - ');
    const fields = before?.split(' ') ?? [];
    const [type] = after?.split(' ') ?? [];
    if (fields[4] === undefined || type === undefined) return [];
    return [{ point: plain(fields[4]), type, options: (fields[5] ?? '').split(',') }];
  });
}

function parseFstab(text: string): Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [device, point, type = '', options = ''] = line.trim().split(/\s+/);
    if (device === undefined || device === '' || device.startsWith('#')) return [];
    if (point === undefined || !point.startsWith('/')) return [];
    return [{ point: plain(point).replace(/(?<=.)\/+$/, ''), type, options: options.split(',') }];
  });
}

/** Both files write spaces and the like as `\040`. */
function plain(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
