import type { ForeignSnapshot, ForeignSystem } from '../foreign.ts';

/** What a restore needs, and what of a snapshot's companions would do. */
interface Need {
  readonly what: string;
  readonly by: readonly string[];
}

const token: Need = {
  what: "the servers' token, which the CAs and keys in the database are sealed with",
  by: [],
};
const state: Need = {
  what: "the cluster's state (.rkestate) or its pki.bundle.tar.gz, with all certificates and keys",
  by: ['cluster-state', 'pki'],
};
const pki: Need = {
  what: 'the certificates and keys of /etc/kubernetes, and its encryption configuration where Secrets are encrypted',
  by: ['pki'],
};
const maybe: Need = { ...pki, what: `if it is a Kubernetes, ${pki.what}` };

const needs: Readonly<Record<ForeignSystem, Need>> = {
  k3s: token,
  rke2: token,
  rke: state,
  alauda: pki,
  'rancher-1.6': maybe,
  etcd: maybe,
  gardener: maybe,
};

/**
 * What a restore of a cluster needs beside this snapshot and does not find with it, a phrase each: the database alone brings
 * etcd back, not what trusted its certificates. Nothing of one that cannot be restored: its notes say why.
 */
export function missingForRestore({ system, companions, restorable }: ForeignSnapshot): string[] {
  const { what, by } = needs[system];
  return restorable && !companions.some((each) => by.includes(each.what)) ? [what] : [];
}
