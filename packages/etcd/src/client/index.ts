/**
 * @holdfast/etcd/client: asks running etcds, of 3.4 to 3.7, by gRPC.
 *
 * - connectEtcd: endpoints, TLS and login to a client; each question or change goes to one member.
 * - Survey:      the whole cluster at one moment, as the choice of a member needs it.
 */
export {
  connectEtcd,
  type EtcdClient,
  type EtcdOptions,
  type HashKvAnswer,
  type TakeBytes,
} from './client.ts';
export type { KeyAnswer } from './key-calls.ts';
export type { ListedMember, NewListedMember } from './member-calls.ts';
export type { Alarm, AlarmKind, MemberStatus } from './member-status.ts';
export type { Credentials } from './peer.ts';
export type { Survey, SurveyedMember } from './survey.ts';
export type { TlsFiles } from './tls.ts';
export type { WatchAnswer } from './watch.ts';
