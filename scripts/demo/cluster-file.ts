import { writeFileSync } from 'node:fs';
import { type ClusterPlan, memberCommand, memberEnvironment } from '@holdfast/test-servers';
import { clusterFile } from './place.ts';

/** Writes what a restore has to know of the cluster, as docs/restore.md says. */
export function writeClusterFile(plan: ClusterPlan): void {
  const { ETCD_UNSUPPORTED_ARCH: arch } = memberEnvironment(plan);
  const description = {
    apiVersion: 'holdfast.dev/v1',
    kind: 'ClusterDescription',
    name: 'demo',
    members: plan.members.map((member) => ({
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
    })),
  };
  writeFileSync(clusterFile, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
}
