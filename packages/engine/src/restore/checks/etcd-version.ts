import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isFailure, limits } from '@holdfast/base';
import type { MemberDescription } from '@holdfast/model';
import type { Subject } from './request.ts';

/** Which etcd runs, or would be started, on a member; undefined where nobody can tell. */
export async function etcdVersion(subject: Subject, member: MemberDescription): Promise<string | undefined> {
  return (await runningVersion(subject, member)) ?? (await installedVersion(subject, member));
}

async function runningVersion({ connect }: Subject, member: MemberDescription): Promise<string | undefined> {
  await using client = connect(member.clientUrls);
  for (const endpoint of client.endpoints) {
    try {
      return (await client.status(endpoint)).version;
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }
  return undefined;
}

/** Asks the program, where the member is one of this machine and is started by its command. */
async function installedVersion(
  { context }: Subject,
  { run, dataDir }: MemberDescription,
): Promise<string | undefined> {
  const program = run.driver === 'process' ? run.command[0] : undefined;
  if (program === undefined) return undefined;
  try {
    await stat(dataDir);
    const { stdout } = await promisify(execFile)(program, ['--version'], {
      signal: context.signal,
      timeout: limits.etcdCallMs,
    });
    return /^etcd Version: (\S+)/m.exec(stdout)?.[1];
  } catch {
    context.signal.throwIfAborted();
    return undefined;
  }
}

/** The figure that counts for the form of the data: 3.5.12 is 5. */
export function minorOf(version: string): number | undefined {
  const minor = /^3\.(\d+)/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}
