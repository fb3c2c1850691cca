import { readFile } from 'node:fs/promises';
import { buildWithGo } from '../obtain/go-build.ts';
import { type GoToolchain, goToolchain } from '../obtain/go.ts';
import { run } from '../obtain/run.ts';
import type { Progress } from '../obtain/ways.ts';

const module = 'k8s.io/kubernetes';

/**
 * Builds kube-apiserver of one exact version into `folder`/bin; tells the version of the Go that did. The modules that its
 * go.mod takes from its own `staging` folder are released apart, as v0.x.y for v1.x.y.
 */
export async function buildKubeApiserver(
  version: string,
  folder: string,
  progress: Progress,
): Promise<string> {
  const toolchain = await goToolchain(progress);
  const [major, minor] = version.split('.');
  const staging = await stagingModules(toolchain, version, folder);
  await buildWithGo(
    toolchain,
    {
      what: `kube-apiserver ${version}`,
      requires: [`${module} v${version}`],
      replaces: staging.map((path) => `${path} => ${path} v${version.replace(/^1\./, '0.')}`),
      packages: [`${module}/cmd/kube-apiserver`],
      // Else it calls itself v0.0.0.
      stamps: [`gitVersion=v${version}`, `gitMajor=${major}`, `gitMinor=${minor}`].map(
        (stamp) => `k8s.io/component-base/version.${stamp}`,
      ),
    },
    folder,
    progress,
  );
  return toolchain.version;
}

async function stagingModules({ go, env }: GoToolchain, version: string, cwd: string): Promise<string[]> {
  const answer = await run(go, ['mod', 'download', '-json', `${module}@v${version}`], { cwd, env });
  const { GoMod: path } = JSON.parse(answer) as { GoMod: string };
  return [...(await readFile(path, 'utf8')).matchAll(/^\s*(\S+) => \.\/staging\//gm)].map(
    ([, name = '']) => name,
  );
}
