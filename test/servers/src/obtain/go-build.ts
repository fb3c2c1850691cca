import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoToolchain } from './go.ts';
import { run } from './run.ts';
import { oldestGo } from './versions.ts';
import type { Progress } from './ways.ts';

/** Commands of released modules, and what it takes to build them. */
export interface GoCommands {
  /** For the person who waits, as `etcd 3.6.16`. */
  readonly what: string;
  /** Modules with their versions, as `go.etcd.io/etcd/server/v3 v3.6.16`. */
  readonly requires: readonly string[];
  /** Lines as `k8s.io/api => k8s.io/api v0.36.3`. */
  readonly replaces?: readonly string[];
  /** The `main` packages; each becomes a command that is called as the last part of its path. */
  readonly packages: readonly string[];
  /** Variables that the linker sets, as `k8s.io/component-base/version.gitVersion=v1.36.3`. */
  readonly stamps?: readonly string[];
}

/**
 * Builds commands into `folder`/bin. Their own go.mod files have `replace` lines, which `go install` refuses in a module
 * that it installs but ignores in one that it merely requires: so a module is generated that requires theirs, and the
 * commands are built inside it.
 */
export async function buildWithGo(
  toolchain: GoToolchain,
  { what, requires, replaces = [], packages, stamps = [] }: GoCommands,
  folder: string,
  progress: Progress,
): Promise<void> {
  const module = ['module holdfast.test/parts', `go ${oldestGo}`, ...block('require', requires)];
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'go.mod'), `${[...module, ...block('replace', replaces)].join('\n\n')}\n`);
  const ldflags = ['-s', '-w', ...stamps.map((stamp) => `-X ${stamp}`)].join(' ');
  await run(toolchain.go, ['build', '-trimpath', `-ldflags=${ldflags}`, '-o', 'bin/', ...packages], {
    cwd: folder,
    env: { ...toolchain.env, CGO_ENABLED: '0', GOFLAGS: `-mod=mod ${toolchain.env['GOFLAGS'] ?? ''}`.trim() },
    progress,
    label: `building ${what} with Go ${toolchain.version}`,
  });
  await rm(join(folder, 'go.mod'));
  await rm(join(folder, 'go.sum'), { force: true });
}

function block(word: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${word} (\n${lines.map((line) => `\t${line}\n`).join('')})`];
}
