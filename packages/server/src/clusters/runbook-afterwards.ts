import type { ClusterSpec } from '@holdfast/model/fleet';
import type { StoredNode } from '../store/nodes.ts';
import { commandLine, fenced } from './runbook-words.ts';

type Distribution = ClusterSpec['distribution'];

/** What a cluster of each distribution has to be restarted through the API; only what there is has to be. */
const workloads: Readonly<Record<Distribution, readonly string[]>> = {
  etcd: [],
  kubeadm: [
    'kubectl -n kube-system rollout restart daemonset,deployment',
    '# where network or ingress are in namespaces of their own, for each that there is:',
    'for ns in calico-system kube-flannel cilium ingress-nginx; do kubectl -n "$ns" rollout restart daemonset,deployment; done',
  ],
  k3s: ['kubectl -n kube-system rollout restart daemonset,deployment'],
  rke2: [
    'kubectl -n kube-system rollout restart daemonset,deployment',
    '# where the network is Calico:',
    'kubectl -n calico-system rollout restart daemonset,deployment',
  ],
  rke: [
    'kubectl -n kube-system rollout restart daemonset,deployment',
    'kubectl -n ingress-nginx rollout restart daemonset,deployment',
  ],
};

/** Rancher's own agents, on clusters that it manages. */
const rancherAgents = 'kubectl -n cattle-system rollout restart daemonset,deployment';

/** Each machine remembers its password; K3s and RKE2 keep what it has to be in a secret that a removed node leaves. */
const nodePasswords: Partial<Record<Distribution, string>> = {
  k3s: 'kubectl -n kube-system delete secret NODE.node-password.k3s --ignore-not-found',
  rke2: 'kubectl -n kube-system delete secret NODE.node-password.rke2 --ignore-not-found',
};

/**
 * What is left to a person after a restore, as Markdown: the nodes' part of Kubernetes, which has seen a future that is no more,
 * then what only the API can restart or remove. Holdfast has no credentials of it.
 */
export function afterwardsOnNodes(distribution: Distribution, nodes: readonly StoredNode[]): string[] {
  const parts = nodes.flatMap(({ name, inventory }) =>
    (inventory?.nodeParts ?? []).map((part) => `- ${name}: \`${restartLine(part)}\``),
  );
  if (distribution === 'etcd' && parts.length === 0) return [];
  const password = nodePasswords[distribution];
  return [
    '### The nodes',
    `Restart what runs Kubernetes on every machine, workers too, one after the other, each when the one before is Ready again. A unit that was stopped and started above is done.${parts.length === 0 ? ' No agent told of any: on most machines it is `systemctl restart kubelet`.' : ''}`,
    ...(parts.length === 0 ? [] : [parts.join('\n')]),
    '### Through the API',
    'Then, with `kubectl` and the credentials of an administrator, network first: pods that were started before go on by what they had read then, and nothing tells them.',
    fenced(
      'sh',
      [...workloads[distribution === 'etcd' ? 'kubeadm' : distribution], rancherAgents].join('\n'),
    ),
    'Nodes that joined before the snapshot and are gone now are back, as objects without a machine. Look at each before it goes: its pods are made anew elsewhere.',
    fenced(
      'sh',
      [
        'kubectl get nodes -o wide   # NotReady, and no machine of that name: stale',
        'kubectl delete node NODE',
        ...(password === undefined ? [] : [password]),
        'kubectl get endpoints kubernetes   # API servers that are there, and no other',
      ].join('\n'),
    ),
  ];
}

function restartLine(part: string): string {
  return part.startsWith('docker/')
    ? commandLine(['docker', 'restart', part.slice('docker/'.length)])
    : commandLine(['systemctl', 'restart', part]);
}
