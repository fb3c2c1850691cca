import type { EtcdMinor } from '../obtain/versions.ts';
import type { ClusterPlan, PlannedMember } from './plan.ts';

/** The arguments that a member is started with. */
export function memberArguments(plan: ClusterPlan, member: PlannedMember): string[] {
  const { options } = plan;
  return [
    `--name=${member.name}`,
    `--data-dir=${member.dataDir}`,
    ...(member.walDir === undefined ? [] : [`--wal-dir=${member.walDir}`]),
    `--listen-client-urls=${member.clientUrl}`,
    `--advertise-client-urls=${member.clientUrl}`,
    `--listen-peer-urls=${member.peerUrl}`,
    `--initial-advertise-peer-urls=${member.peerUrl}`,
    `--initial-cluster=${plan.initialCluster}${member.learner ? `,${member.name}=${member.peerUrl}` : ''}`,
    `--initial-cluster-state=${member.learner ? 'existing' : 'new'}`,
    `--initial-cluster-token=${plan.token}`,
    ...(options.quota === undefined ? [] : [`--quota-backend-bytes=${options.quota}`]),
    ...(options.fsync === true ? [] : withoutSync(options.version)),
    ...(options.version === '3.4' ? ['--logger=zap'] : []),
    ...tlsArguments(plan),
    ...quickArguments(plan),
    ...(options.extraArgs ?? []),
  ];
}

/** Program and arguments of a member, for whoever starts it elsewhere. */
export function memberCommand(plan: ClusterPlan, member: PlannedMember): string[] {
  return [plan.binaries.etcd, ...memberArguments(plan, member)];
}

/** The environment of a member: this process's, less what etcd would take for its own configuration. */
export function memberEnvironment(plan: ClusterPlan): NodeJS.ProcessEnv {
  return { ...withoutEtcdVariables(), ...plan.options.env };
}

/** This process's environment without the variables of etcd and its tools. */
export function withoutEtcdVariables(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('ETCD')) env[name] = value;
  }
  // 3.4 starts on other machines than x64 only when told which one it is.
  if (process.arch !== 'x64') env['ETCD_UNSUPPORTED_ARCH'] = process.arch;
  return env;
}

/** A member alone has nobody to wait for; and a learner is to be taken at once, not when all have been up for 5 s. */
function quickArguments({ members, options }: ClusterPlan): string[] {
  return [
    ...(members.length === 1 ? ['--heartbeat-interval=10', '--election-timeout=100'] : []),
    ...(options.learner === true ? ['--strict-reconfig-check=false'] : []),
  ];
}

function withoutSync(version: EtcdMinor): string[] {
  return version === '3.4' ? [] : ['--unsafe-no-fsync'];
}

function tlsArguments({ tls }: ClusterPlan): string[] {
  if (tls === undefined) return [];
  return ['', 'peer-'].flatMap((side) => [
    `--${side}cert-file=${tls.serverCert}`,
    `--${side}key-file=${tls.serverKey}`,
    `--${side}trusted-ca-file=${tls.cacert}`,
    `--${side}client-cert-auth`,
  ]);
}
