export { type EtcdBinaries } from './obtain/etcd-folder.ts';
export { etcdBinaries } from './obtain/etcd.ts';
export { type EtcdMinor, etcdMinors, isEtcdMinor } from './obtain/versions.ts';
export { cacheFolder } from './obtain/cache.ts';
export { type GoToolchain, goToolchain } from './obtain/go.ts';
export { PartUnavailable, type Progress } from './obtain/ways.ts';
export { type ClusterCertificates, makeCertificates } from './cluster/certificates.ts';
export { type EtcdCluster, startCluster, startPlanned } from './cluster/cluster.ts';
export { type EtcdMember } from './cluster/member.ts';
export { type ClusterOptions, type Credentials } from './cluster/options.ts';
export { type ClusterPlan, defaultClusterToken, planCluster, type PlannedMember } from './cluster/plan.ts';
export { memberCommand, memberEnvironment } from './cluster/member-command.ts';
export { freePort, reservePort } from './cluster/ports.ts';
export { targetOf } from './cluster/setup.ts';
export { etcdsUnder, killEtcdsUnder, type RunningEtcd } from './cluster/strays.ts';
export { parseExactly, type ToolOptions, type Tools } from './cluster/tools.ts';
export { inTurn } from './turn.ts';
export { type ClusterCalls, type ListedMember, type MemberStatus } from './gateway/cluster-calls.ts';
export { type Gateway, openGateway } from './gateway/gateway.ts';
export { type KeyCalls, type RangeAnswer, type RangeRequest } from './gateway/key-calls.ts';
export { GatewayError } from './gateway/grpc.ts';
export { type GatewayTarget } from './gateway/transport.ts';
export { type Bytes, type Condition, type KeyValue, type Operation, prefixEnd } from './gateway/values.ts';
export {
  churn,
  type ChurnOptions,
  fillKubernetes,
  type Filled,
  type FillOptions,
} from './kubernetes/fill.ts';
export {
  kubernetesObject,
  kubeSystemUid,
  namespaceObjects,
  namespaces,
  objectKey,
  type StoredObject,
} from './kubernetes/objects.ts';
export { seededRandom, type SeededRandom } from './kubernetes/random.ts';
export { type ConfigMap, kubeClient, type KubeClient } from './kube-apiserver/client.ts';
export { type KubeApiserverPlan, planKubeApiserver } from './kube-apiserver/plan.ts';
export { type KubeApiserver, startKubeApiserver } from './kube-apiserver/start.ts';
export { kubeApiserverOrSkip } from './kube-apiserver/require.ts';
export { etcdOrSkip, type EtcdOrSkip, goOrSkip } from './require.ts';
export { unzipOrSkip, unzipProgram } from './archive/unzip.ts';
export { postgresqlOrSkip } from './postgresql/require.ts';
export { type PostgresqlServer, startPostgresql } from './postgresql/start.ts';
export { sealingPrograms, type SealingPrograms, sealingProgramsOrSkip } from './sealing/programs.ts';
export { type Host } from './hosts/host.ts';
export { type Lan } from './hosts/lan.ts';
export { hostsOrSkip } from './hosts/require.ts';
export { type SystemdMachine } from './systemd/machine.ts';
export { systemdOrSkip, type SystemdOrSkip } from './systemd/require.ts';
export { testReceiver, type TestReceiver } from './http/receiver.ts';
export { faultProxy } from './s3/fault-proxy.ts';
export { type FaultProxy, type FaultRule } from './s3/faults.ts';
export { minioOn, type HostedMinio } from './s3/on-host.ts';
export { rcloneCommand, rcloneEnvironment } from './s3/rclone.ts';
export { s3OrSkip } from './s3/require.ts';
export { type S3Keys, type S3Kind, s3Kinds, type S3Server } from './s3/server.ts';
export { s3Server } from './s3/start.ts';
