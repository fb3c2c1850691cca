import type { Files } from '../pki/certificate-sight.ts';
import type { Distribution } from '../distribution.ts';
import { readYaml } from '../text/yaml-text.ts';

/** A file that a component's flags name: without it the component does not start. */
export interface Reference {
  readonly flag: string;
  /** Absolute, on the node. */
  readonly path: string;
}

/** Flags of kube-apiserver that name files. */
const fileFlags = new Set([
  'admission-control-config-file',
  'audit-policy-file',
  'audit-webhook-config-file',
  'authentication-config',
  'authentication-token-webhook-config-file',
  'authorization-config',
  'authorization-policy-file',
  'authorization-webhook-config-file',
  'client-ca-file',
  'egress-selector-config-file',
  'encryption-provider-config',
  'etcd-cafile',
  'etcd-certfile',
  'etcd-keyfile',
  'kubelet-certificate-authority',
  'kubelet-client-certificate',
  'kubelet-client-key',
  'oidc-ca-file',
  'peer-ca-file',
  'proxy-client-cert-file',
  'proxy-client-key-file',
  'requestheader-client-ca-file',
  'service-account-key-file',
  'service-account-signing-key-file',
  'tls-cert-file',
  'tls-private-key-file',
  'token-auth-file',
  'tracing-config-file',
]);

/** Of several files that a flag names for good: the keys that Secrets are encrypted with. */
export const encryptionFlag = 'encryption-provider-config';

/** The files that the API server's flags name, as far as its manifest or configuration is among the files. */
export function referencesOf(distribution: Distribution, files: Files): Reference[] {
  if (distribution === 'kubeadm')
    return ofManifest(files.get('/etc/kubernetes/manifests/kube-apiserver.yaml'));
  if (distribution !== 'k3s' && distribution !== 'rke2') return [];
  return [...files]
    .filter(([path]) => path.startsWith(`/etc/rancher/${distribution}/config.yaml`))
    .flatMap(([, content]) => ofRancherConfig(content));
}

interface StaticPod {
  readonly spec?: {
    readonly containers?: readonly {
      readonly command?: readonly unknown[];
      readonly args?: readonly unknown[];
      readonly volumeMounts?: readonly { readonly name?: unknown; readonly mountPath?: unknown }[];
    }[];
    readonly volumes?: readonly {
      readonly name?: unknown;
      readonly hostPath?: { readonly path?: unknown };
    }[];
  };
}

/** A static pod sees the node's files through hostPath volumes; what it names outside of them is in its image. */
function ofManifest(content: Uint8Array | undefined): Reference[] {
  const { spec } = (content === undefined ? {} : asMapping(readYaml(content).value)) as StaticPod;
  const [container] = asList(spec?.containers);
  const mounts = asList(container?.volumeMounts).flatMap(({ name, mountPath }) => {
    const host = asList(spec?.volumes).find((volume) => volume.name === name)?.hostPath?.path;
    return typeof mountPath === 'string' && typeof host === 'string' ? [{ mountPath, host }] : [];
  });
  return ofArguments([...asList(container?.command), ...asList(container?.args)]).flatMap(
    ({ flag, path }) => {
      const mount = mounts
        .filter(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`))
        .toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0];
      return mount === undefined ? [] : [{ flag, path: mount.host + path.slice(mount.mountPath.length) }];
    },
  );
}

/** K3s and RKE2 hand on what `kube-apiserver-arg` lists, and see the node's own files. */
function ofRancherConfig(content: Uint8Array): Reference[] {
  const config = asMapping(readYaml(content).value);
  const given = config['kube-apiserver-arg'] ?? config['kube-apiserver-arg+'];
  return ofArguments(asList(Array.isArray(given) ? given : [given]));
}

function ofArguments(args: readonly unknown[]): Reference[] {
  return args.flatMap((argument) => {
    const [, flag = '', path = ''] = /^(?:--)?([\w-]+)=(.+)$/.exec(String(argument)) ?? [];
    return fileFlags.has(flag) && path.startsWith('/') ? [{ flag, path }] : [];
  });
}

function asMapping(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** The entries of a list; nothing where a person has written something else. */
function asList<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]).filter((each) => each !== null) : [];
}
