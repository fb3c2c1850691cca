import type { Inventory } from '@holdfast/model/fleet';

/** What the agent of one machine with one member tells. */
export function inventoryOf(
  member: string,
  address: string,
  more: Partial<Inventory['members'][number]> & { readonly notes?: string[] } = {},
): Inventory {
  const { notes = [], ...rest } = more;
  return {
    ...{ hostname: member, addresses: [address], system: 'linux x64 6.1.0', driver: 'systemd' },
    members: [
      {
        description: {
          ...{ name: member, peerUrls: [`https://${address}:2380`], clientUrls: [`https://${address}:2379`] },
          ...{ dataDir: '/var/lib/etcd', run: { driver: 'systemd', unit: 'etcd.service' } },
        },
        ...{ running: true, answers: true, inQuorum: true, isLeader: false, isLearner: false },
        ...{
          id: '1',
          clusterId: 'cafe',
          version: '3.5.9',
          revision: 7,
          raftIndex: 9,
          dbBytes: 1,
          alarms: [],
        },
        ...rest,
      },
    ],
    components: [
      {
        ...{ name: `apiserver-${member}`, component: 'kube-apiserver', urls: [`https://${address}:6443`] },
        run: { driver: 'systemd', unit: 'kube-apiserver.service' },
      },
    ],
    ...{ kubernetesVersion: 'v1.30.2', disks: [], certificates: [], notes },
  };
}
