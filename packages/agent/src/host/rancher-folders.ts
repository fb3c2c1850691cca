import type { HostDescription } from '@holdfast/model';

export type RancherRun = Extract<HostDescription, { driver: 'k3s-rke2' }>;

/** The folder of K3s or RKE2 on a machine: their `--data-dir`. */
export function rancherFolder({ runtime, dataDir }: Pick<RancherRun, 'runtime' | 'dataDir'>): string {
  return dataDir ?? `/var/lib/rancher/${runtime}`;
}
