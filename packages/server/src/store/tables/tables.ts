import type { Tables } from '../store.ts';
import type { Access } from './access.ts';
import { alertTable } from './alerts.ts';
import { auditTable } from './audit.ts';
import { clusterTable } from './clusters.ts';
import { joinTokenTable } from './join-tokens.ts';
import { nodeTable } from './nodes.ts';
import { operationTable } from './operations.ts';
import { orderTable } from './orders.ts';
import { policyTable } from './policies.ts';
import { receiverTable } from './receivers.ts';
import { replyTable } from './replies.ts';
import { repositoryTable } from './repositories.ts';
import { settingTable } from './settings.ts';
import { snapshotTable } from './snapshots.ts';
import { tokenTable } from './tokens.ts';
import { userTable } from './users.ts';

/** All tables, over one way to reach the database. */
export function tablesOf(access: Access): Tables {
  return {
    clusters: clusterTable(access),
    nodes: nodeTable(access),
    joinTokens: joinTokenTable(access),
    repositories: repositoryTable(access),
    policies: policyTable(access),
    snapshots: snapshotTable(access),
    operations: operationTable(access),
    orders: orderTable(access),
    users: userTable(access),
    tokens: tokenTable(access),
    audit: auditTable(access),
    alerts: alertTable(access),
    receivers: receiverTable(access),
    settings: settingTable(access),
    replies: replyTable(access),
  };
}
