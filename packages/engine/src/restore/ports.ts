import type { EtcdClient } from '@holdfast/etcd/client';
import type { MemberDescription } from '@holdfast/model';
import type { RestoreNode } from './node.ts';

/** The machine of a member, however it is reached; the same member always gives the same machine. */
export type NodeOf = (member: MemberDescription) => RestoreNode;

/** A client for endpoints of etcd; the caller has put TLS and the login into it. */
export type Connect = (endpoints: readonly string[]) => EtcdClient;
