import { expect, test } from 'vitest';
import { ClusterDescription } from './cluster-description.ts';

const run = { driver: 'systemd', unit: 'x.service' };
const member = (name: string) => ({
  name,
  peerUrls: [`https://${name}:2380`],
  clientUrls: [`https://${name}:2379`],
  dataDir: '/var/lib/etcd',
  run,
});
const apiServer = (name: string) => ({ name, component: 'kube-apiserver', urls: ['https://m1:6443'], run });
const described = (members: readonly string[], parts?: readonly string[]): unknown => ({
  apiVersion: 'holdfast.dev/v1',
  kind: 'ClusterDescription',
  name: 'prod',
  members: members.map(member),
  ...(parts && { controlPlane: parts.map(apiServer) }),
});

test('a control plane is described beside the members, or not at all', () => {
  expect(ClusterDescription.parse(described(['m1', 'm2'], ['api-1', 'api-2'])).controlPlane).toHaveLength(2);
  expect(ClusterDescription.parse(described(['m1'])).controlPlane).toEqual([]);
});

test.each([
  [['m1', 'm1'], [], ['members', 1, 'name'], 'two members have it'],
  [['m1'], ['a', 'b', 'a'], ['controlPlane', 2, 'name'], 'two parts of the control plane have it'],
  [['m1', 'm2'], ['m2'], ['controlPlane', 0, 'name'], 'a member has it too'],
])('a name is that of one member or part: %j %j', (members, parts, path, message) => {
  const { error } = ClusterDescription.safeParse(described(members, parts));
  expect(error?.issues).toMatchObject([{ path, message }]);
});
