import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { limits, type Clock } from '@holdfast/base';
import { mountOf, type Mount } from './mounts.ts';
import type { Findings } from './report.ts';

/** File systems that are on another machine. */
const remoteTypes = /^(?:nfs4?|cifs|smb3|ceph|glusterfs|fuse\.(?:sshfs|s3fs|glusterfs|rclone))$/;

/** What is known of where a local repository is. */
export interface FolderMount {
  /** Whether it would outlive this machine. */
  readonly isRemote: boolean;
  /** Whether the file system answers at all; one that does not would hold up whoever touches it. */
  readonly answers: boolean;
}

/**
 * Whether a folder is on the file system that it should be on: one of /etc/fstab that is not mounted is the fault that
 * nobody sees, since everything is written to the disk beneath. A file system of another machine that does not answer
 * within `limits.mountAnswerMs` is told, and not touched again.
 */
export async function checkMount(findings: Findings, folder: string, clock: Clock): Promise<FolderMount> {
  const [fstab, mountinfo] = await Promise.all([textOf('/etc/fstab'), textOf('/proc/self/mountinfo')]);
  const { mounted: above } = mountOf(folder, fstab, mountinfo);
  if (above !== undefined && remoteTypes.test(above.type) && !(await answers(folder, clock))) {
    const found = `${above.point} (${above.type}) does not answer`;
    findings.failed(
      'mount',
      found,
      'network',
      'Bring its server back, or unmount it (`umount -l`) and mount it again.',
    );
    return { isRemote: true, answers: false };
  }
  const { mounted, missing } = mountOf(await resolved(folder), fstab, mountinfo);
  if (missing !== undefined) {
    const found = `${missing.point} is in /etc/fstab and not mounted: what is written goes to the disk beneath`;
    findings.failed(
      'mount',
      found,
      'setup',
      `Run \`mount ${missing.point}\`, and move what lies beneath there.`,
    );
  } else if (mounted === undefined) {
    findings.skipped('mount', 'the kernel does not tell what is mounted');
  } else describe(findings, mounted);
  return { isRemote: mounted !== undefined && remoteTypes.test(mounted.type), answers: true };
}

function describe(findings: Findings, { point, type, options }: Mount): void {
  const found = `on ${point} (${type})`;
  if (options.includes('ro')) {
    const fix = 'Mount it for writing, or save to a bucket, which needs no disk of this machine.';
    findings.failed('mount', `${found}, which is read-only`, 'permissions', fix);
  } else if (type === 'tmpfs' || type === 'ramfs') {
    findings.warning('mount', `${found}: gone with the next boot`, 'setup', 'Use a folder on a disk.');
  } else findings.ok('mount', found);
}

async function answers(folder: string, clock: Clock): Promise<boolean> {
  const done = new AbortController();
  const asked = stat(folder).then(
    () => true,
    () => true,
  );
  const late = clock.sleep(limits.mountAnswerMs, done.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    done.abort();
  }
}

/** Of what is not there yet, where its nearest folder is. */
async function resolved(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    const parent = dirname(folder);
    return parent === folder ? folder : await resolved(parent);
  }
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
