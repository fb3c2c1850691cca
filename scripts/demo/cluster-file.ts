import { writeFileSync } from 'node:fs';
import {
  type ClusterPlan,
  memberCommand,
  memberEnvironment,
  type PlannedMember,
} from '@holdfast/test-servers';

/** Writes what an agent has to know of the one member beside it: on one machine it would discover all three. */
export function writeClusterFile(path: string, plan: ClusterPlan, member: PlannedMember): void {
  const { ETCD_UNSUPPORTED_ARCH: arch } = memberEnvironment(plan);
  const description = {
    apiVersion: 'holdfast.dev/v1',
    kind: 'ClusterDescription',
    name: 'demo',
    members: [
      {
        name: member.name,
        peerUrls: [member.peerUrl],
        clientUrls: [member.clientUrl],
        dataDir: member.dataDir,
        run: {
          driver: 'process',
          command: memberCommand(plan, member),
          ...(arch !== undefined && { environment: { ETCD_UNSUPPORTED_ARCH: arch } }),
          logFile: member.logFile,
        },
      },
    ],
  };
  writeFileSync(path, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
}
