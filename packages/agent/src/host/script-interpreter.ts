import { open, readlink, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

/** So much of a script Linux reads for its first line (include/uapi/linux/binfmts.h: BINPRM_BUF_SIZE). */
const firstBytes = 256;

/**
 * The words that Linux puts before the path of a script that a process runs, by its first line: `#!/bin/sh -e` has two, the
 * program and the rest as one (execve(2)). `env` is gone once it has found the program. None of what is no script.
 *
 * @param script as the process names it
 */
export async function interpreterOf(pid: number, script: string): Promise<string[]> {
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '/');
  const line = await firstLine(resolve(folder, script)).catch(() => '');
  const [, program, rest = ''] = /^#![ \t]*(\S+)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (program === undefined) return [];
  if (basename(program) !== 'env') return rest === '' ? [program] : [program, rest];
  const words = rest.split(/[ \t]+/);
  return words.slice(words.findIndex((word) => !/^-|^\w+=/.test(word)));
}

async function firstLine(path: string): Promise<string> {
  // To open a pipe would be to wait for whoever writes into it.
  if (!(await stat(path)).isFile()) return '';
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(firstBytes), 0, firstBytes, 0);
  return buffer.subarray(0, bytesRead).toString().split('\n')[0] ?? '';
}
