import type { Distribution, RootReader } from '../distribution.ts';
import { readYaml } from '../text/yaml-text.ts';

/**
 * Where the configuration of K3s or RKE2 (`data-dir`) puts the server's files; undefined where it says nothing, and for the
 * others. Files of `config.yaml.d` go before `config.yaml`, the last one by name first. What cannot be read says nothing.
 */
export async function configuredDataDir(
  distribution: Distribution,
  root: RootReader,
): Promise<string | undefined> {
  if (distribution !== 'k3s' && distribution !== 'rke2') return undefined;
  const file = `/etc/rancher/${distribution}/config.yaml`;
  const more = (await root.list(`${file}.d`)).filter((name) => /\.ya?ml$/.test(name)).toSorted();
  for (const path of [...more.toReversed().map((name) => `${file}.d/${name}`), file]) {
    const content = await root.read(path).catch(() => undefined);
    const value =
      content && (readYaml(content).value as { readonly 'data-dir'?: unknown } | null | undefined);
    const dataDir = value?.['data-dir'];
    if (typeof dataDir === 'string' && dataDir.startsWith('/')) return dataDir.replace(/\/+$/, '');
  }
  return undefined;
}
