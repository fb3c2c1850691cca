import type { CollectedCompanion } from '../companions/collect.ts';

/** What a companion is to a machine that has its configuration brought back. */
export interface ConfigurationUse {
  /**
   * `identity`: keys, certificates, tokens and logins: what others know the cluster by. Never put over what is there, since
   * what trusts the present ones would not know the old ones. `etcd`: how etcd is run, which the restore itself decides.
   */
  readonly kind: 'configuration' | 'identity' | 'etcd';
  /** Whether every machine of the control plane has the same one; else it is of the one machine that it was taken from. */
  readonly shared: boolean;
}

const identityFolders =
  /^\/etc\/(?:kubernetes\/(?:pki|ssl)|etcd\/(?:pki|ssl)|ssl\/etcd)\/|\/server\/(?:tls|cred)\//;
const identityFiles = /\.(?:crt|key|pem|pub|rkestate)$|^\/etc\/kubernetes\/[^/]+\.conf$|\/(?:agent-)?token$/;
const ofEtcd = /^\/etc\/(?:etcd\/|etcd\.conf$|default\/etcd$|systemd\/system\/etcd\.service$)/;
/** The same on every machine, as kubeadm, K3s and RKE2 make them. */
const sharedFiles =
  /\/(?:ca|front-proxy-ca|etcd\/ca)\.(?:crt|key)$|\/sa\.(?:key|pub)$|\/server\/(?:token|agent-token)$|\/server\/cred\/encryption-config\.json$|\/server\/manifests\//;
const encryption = /\/(?:encryption-config\.json|encryption\.yaml)$/;
/** Flags of kube-apiserver whose files say what holds for the cluster, whichever machine serves it. */
const sharedFlags =
  /\(--(?:admission-control-config-file|audit-policy-file|authentication-config|authorization-(?:config|policy-file)|encryption-provider-config|egress-selector-config-file|tracing-config-file)\)$/;
const secretFlags = /\(--[\w-]*(?:token-auth-file|(?:cert|key|ca)[\w-]*file|client-(?:certificate|key))\)$/;

/** Tells it by the companion's path, and by the flag that names it. */
export function configurationUse({ path, why }: Pick<CollectedCompanion, 'path' | 'why'>): ConfigurationUse {
  const shared = sharedFiles.test(path) || sharedFlags.test(why);
  if (encryption.test(path)) return { kind: 'configuration', shared };
  if (identityFolders.test(path) && !sharedFlags.test(why)) return { kind: 'identity', shared };
  if (identityFiles.test(path) || secretFlags.test(why)) return { kind: 'identity', shared };
  return { kind: ofEtcd.test(path) ? 'etcd' : 'configuration', shared };
}
