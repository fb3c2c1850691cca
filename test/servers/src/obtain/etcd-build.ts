import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWithGo } from './go-build.ts';
import { goToolchain } from './go.ts';
import type { Progress } from './ways.ts';

/** The folder of each command inside etcd's modules; each is the `main` package of its module. */
const modules = ['server', 'etcdctl', 'etcdutl'] as const;

/** Builds etcd, etcdctl and etcdutl of one exact version into `folder`/bin; tells the version of the Go that did. */
export async function buildEtcd(version: string, folder: string, progress: Progress): Promise<string> {
  const toolchain = await goToolchain(progress);
  const packages = modules.map((name) => `go.etcd.io/etcd/${name}/v3`);
  const requires = packages.map((path) => `${path} v${version}`);
  await buildWithGo(toolchain, { what: `etcd ${version}`, requires, packages }, folder, progress);
  await rename(join(folder, 'bin', 'server'), join(folder, 'bin', 'etcd'));
  return toolchain.version;
}
