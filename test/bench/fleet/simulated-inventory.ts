import type { Inventory } from '@holdfast/model/fleet';
import type { AgentPlan } from './messages.ts';

const day = 24 * 3_600_000;
const certificates = ['server', 'peer', 'client', 'apiserver', 'apiserver-etcd-client', 'front-proxy'];

const manifest = (file: string) => ({
  podLogs: '/var/log/pods',
  driver: 'static-pods' as const,
  manifest: `/etc/kubernetes/manifests/${file}`,
});

/** What the agent of a kubeadm node with an etcd of 100 MiB tells: about 3 KB. */
export function simulatedInventory({ name, address }: AgentPlan, figure: number): Inventory {
  const isFirst = name.endsWith('-1');
  const notAfter = new Date(Date.now() + 200 * day).toISOString();
  return {
    ...{ hostname: name, addresses: [address], system: 'linux x64 6.1.0', driver: 'static-pods' },
    members: [
      {
        description: {
          ...{ name, peerUrls: [`https://${address}:2380`], clientUrls: [`https://${address}:2379`] },
          ...{ dataDir: '/var/lib/etcd', run: manifest('etcd.yaml') },
        },
        ...{ running: true, answers: true, inQuorum: true, isLeader: isFirst, isLearner: false },
        ...{ id: '8e9e05c52164694d', clusterId: 'cdf818194e3a8c32', version: '3.6.4', alarms: [] },
        ...{ revision: 1_000_000 * figure, raftIndex: 1_200_000 * figure, dbBytes: 100 * 2 ** 20 + figure },
      },
    ],
    components: [
      {
        ...{ name: `apiserver-${name}`, component: 'kube-apiserver', urls: [`https://${address}:6443`] },
        run: manifest('kube-apiserver.yaml'),
      },
    ],
    kubernetesVersion: 'v1.34.1',
    disks: ['/var/lib/etcd', '/var/lib/holdfast'].map((path) => ({
      path,
      totalBytes: 100 * 2 ** 30,
      freeBytes: 60 * 2 ** 30,
    })),
    certificates: certificates.map((each) => ({
      of: `/etc/kubernetes/pki/${each}.crt`,
      subject: `CN=${each}`,
      notAfter,
    })),
    notes: [],
  };
}
