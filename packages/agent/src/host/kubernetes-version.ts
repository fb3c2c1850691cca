import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { componentKinds } from '@holdfast/model';
import { runCommand } from './run-command.ts';

/** Milliseconds that a program is given to say its version. */
const patienceMs = 10_000;
const known: readonly string[] = [...componentKinds, 'kubelet', 'k3s', 'rke2'];

/** The version in an image's tag, as v1.34.1; undefined where it has none. */
export function taggedVersion(image: string): string | undefined {
  return /:(v\d+\.\d+\.\d+[\w.-]*)$/.exec(image)?.[1];
}

/**
 * Which Kubernetes a program is of, as v1.34.1 or v1.34.1+k3s1; undefined where that cannot be told. Asked is only what is
 * called as one of them, or `<name>-<version>`, and no script: it may pass on no argument, and start something.
 */
export async function kubernetesProgram(path: string, signal: AbortSignal): Promise<string | undefined> {
  const name = basename(path).replace(/-v\d.*$/, '');
  if (!known.includes(name) || !(await isProgram(path))) return undefined;
  const { status, stdout } = await runCommand(
    [path, '--version'],
    AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
  );
  signal.throwIfAborted();
  return status === 0 ? /\bv\d+\.\d+\.\d+[\w.+-]*/.exec(stdout)?.[0] : undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1') === '\x7fELF';
  } catch {
    return false;
  }
}
