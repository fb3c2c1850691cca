import type { EtcdClient } from '@holdfast/etcd/client';
import type { ComponentDescription, MemberDescription } from '@holdfast/model';
import type { RestoreNode } from './node.ts';

/** The machine of a member or of a part of the control plane, however it is reached; the same one always gives the same machine. */
export type NodeOf = (what: MemberDescription | ComponentDescription) => RestoreNode;

/** A client for endpoints of etcd; the caller has put TLS and the login into it. */
export type Connect = (endpoints: readonly string[]) => EtcdClient;
