import { z } from 'zod';
import { clusterNamePattern } from '../cluster.ts';

/** An absolute path of the member's own machine. */
const Path = z.string().regex(/^\//, 'must be an absolute path');
const Urls = z.array(z.string().min(1)).min(1);

const Unit = z
  .string()
  .regex(/^[\w:.@\\-]+\.service$/, 'must be the name of a service unit, as etcd.service');

/**
 * How etcd or a part of the control plane is run on a node. `driver` names the host driver; the rest is what that one needs.
 * docs/guides/hosts.md says of each what it does.
 */
export const HostDescription = z.discriminatedUnion('driver', [
  z.strictObject({
    driver: z.literal('process'),
    /** Program and arguments, as they are started. */
    command: z.array(z.string()).min(1),
    environment: z.record(z.string(), z.string()).default({}),
    /** Takes what etcd prints; appended to. */
    logFile: Path,
  }),
  z.strictObject({ driver: z.literal('systemd'), unit: Unit }),
  z.strictObject({
    driver: z.literal('static-pods'),
    /** The pod's file in the folder that the kubelet watches, as `/etc/kubernetes/manifests/etcd.yaml`. */
    manifest: Path,
    /** Where the kubelet keeps what containers print. */
    podLogs: Path.default('/var/log/pods'),
  }),
  z.strictObject({
    driver: z.literal('k3s-rke2'),
    runtime: z.enum(['k3s', 'rke2']),
    /** Its unit, where that is not `k3s.service` or `rke2-server.service`. */
    unit: Unit.optional(),
    /** Its `--data-dir`, where that is not `/var/lib/rancher/k3s` or `/var/lib/rancher/rke2`. */
    dataDir: Path.optional(),
  }),
  z.strictObject({
    driver: z.literal('docker'),
    /** The container's name, as `etcd`. */
    container: z.string().regex(/^[a-zA-Z0-9][\w.-]*$/, "must be a container's name, as etcd"),
    /** The restart policy that it has while it runs; taken off while it must not run. RKE gives `always`. */
    restart: z
      .string()
      .regex(/^(?:no|always|unless-stopped|on-failure(?::\d+)?)$/, 'must be a restart policy of Docker')
      .default('always'),
  }),
]);
export type HostDescription = z.infer<typeof HostDescription>;

/** One member: how it is called and reached, where its data lies, and how its etcd is run. */
export const MemberDescription = z.strictObject({
  name: z.string().min(1),
  peerUrls: Urls,
  clientUrls: Urls,
  dataDir: Path,
  /** The write-ahead log, where it lies outside of the data directory. */
  walDir: Path.optional(),
  run: HostDescription,
});
export type MemberDescription = z.infer<typeof MemberDescription>;

/** One that is none would be found out when the API server is started again, which is too late. */
function isHttp(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '');
}

/** The parts of a Kubernetes control plane that read or write through etcd, in the order in which they are started. */
export const componentKinds = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'cloud-controller-manager',
] as const;
export type ComponentKind = (typeof componentKinds)[number];

/** One part of the control plane on one machine: it must not see the old data turn into the new. */
export const ComponentDescription = z.strictObject({
  /** Its own among all components and members, as `apiserver-1`. */
  name: z.string().min(1),
  component: z.enum(componentKinds),
  /**
   * Where it listens, as `https://10.0.0.1:6443`; an API server is asked there whether it is ready. They tell its machine:
   * one that only loopback addresses stand for is taken to be on the machine that acts.
   */
  urls: z.array(z.string().refine(isHttp, 'must be a URL, as https://10.0.0.1:6443')).min(1),
  run: HostDescription,
});
export type ComponentDescription = z.infer<typeof ComponentDescription>;

/** A cluster as a restore needs to know it: the file that a person writes, or what was discovered. */
export const ClusterDescription = z
  .strictObject({
    apiVersion: z.literal('holdfast.dev/v1'),
    kind: z.literal('ClusterDescription'),
    name: z.string().regex(clusterNamePattern, 'must be one word of letters, digits and . _ -'),
    members: z.array(MemberDescription).min(1),
    /** What is stopped before etcd and started after it; none where etcd serves no Kubernetes. */
    controlPlane: z.array(ComponentDescription).default([]),
  })
  .superRefine(({ members, controlPlane }, context) => {
    const taken = new Map<string, string>();
    for (const [field, named] of Object.entries({ members, controlPlane })) {
      for (const [at, { name }] of named.entries()) {
        const by = taken.get(name);
        if (by !== undefined)
          context.addIssue({ code: 'custom', path: [field, at, 'name'], message: sharedName(by, field) });
        taken.set(name, by ?? field);
      }
    }
  });
export type ClusterDescription = z.infer<typeof ClusterDescription>;

/** Steps are told apart by kind and name: one name for two would be one step for two. */
function sharedName(by: string, of: string): string {
  if (by !== of) return 'a member has it too';
  return of === 'members' ? 'two members have it' : 'two parts of the control plane have it';
}
