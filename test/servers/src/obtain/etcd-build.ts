import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goToolchain } from './go.ts';
import { run } from './run.ts';
import { oldestGo } from './versions.ts';
import type { Progress } from './ways.ts';

/** The folder of each command inside etcd's modules; each is the `main` package of its module. */
const modules = ['server', 'etcdctl', 'etcdutl'] as const;

/**
 * Builds etcd, etcdctl and etcdutl of one exact version into `folder`/bin. Their own go.mod files have
 * `replace` lines, which `go install` refuses in a module that it installs but ignores in one that it merely
 * requires: so a module is generated that requires the three, and their commands are built inside it.
 */
export async function buildEtcd(version: string, folder: string, progress: Progress): Promise<string> {
  const toolchain = await goToolchain(progress);
  const required = modules.map((name) => `\tgo.etcd.io/etcd/${name}/v3 v${version}\n`).join('');
  await mkdir(join(folder, 'bin'));
  await writeFile(
    join(folder, 'go.mod'),
    `module holdfast.test/etcd\n\ngo ${oldestGo}\n\nrequire (\n${required})\n`,
  );
  const packages = modules.map((name) => `go.etcd.io/etcd/${name}/v3`);
  await run(toolchain.go, ['build', '-trimpath', '-ldflags=-s -w', '-o', `bin/`, ...packages], {
    cwd: folder,
    env: { ...toolchain.env, CGO_ENABLED: '0', GOFLAGS: `-mod=mod ${toolchain.env['GOFLAGS'] ?? ''}`.trim() },
    progress,
    label: `building etcd ${version} with Go ${toolchain.version}`,
  });
  await rename(join(folder, 'bin', 'server'), join(folder, 'bin', 'etcd'));
  await rm(join(folder, 'go.mod'));
  await rm(join(folder, 'go.sum'), { force: true });
  return toolchain.version;
}
