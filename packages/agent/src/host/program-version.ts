import { open } from 'node:fs/promises';
import { isFailure } from '@holdfast/base';
import { etcdProgram } from '@holdfast/engine';

/**
 * Which version of etcd a program is; null when that cannot be told. A script is not asked: it may pass on no argument, and
 * start an etcd.
 *
 * @throws only the signal's reason
 */
export async function programVersion(path: string | undefined, signal: AbortSignal): Promise<string | null> {
  if (path === undefined || (await isScript(path))) return null;
  try {
    return (await etcdProgram(path, signal)).version;
  } catch (error) {
    if (isFailure(error)) return null;
    throw error;
  }
}

/** What cannot be read is taken for one. */
async function isScript(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead < 2 || buffer.toString('latin1') === '#!';
  } catch {
    return true;
  }
}
