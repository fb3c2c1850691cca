/**
 * The fleet: what server, agents and their clients say to each other.
 *
 * - cluster, node, repository, policy, snapshot, operation, people, alert: the nouns as the REST API shows them.
 * - node-part: what runs Kubernetes on a node, and how its restart ended.
 * - roles:  what somebody may do, and where.
 * - restore-request: a restore as it is asked for, and which node carries which member.
 * - order:  what a node is told to do.
 * - sync:   the words between agent and server.
 */
export * from './ids.ts';
export * from './roles.ts';
export * from './cluster.ts';
export * from './node-part.ts';
export * from './node.ts';
export * from './repository.ts';
export * from './policy.ts';
export * from './snapshot.ts';
export * from './operation.ts';
export * from './people.ts';
export * from './alert.ts';
export * from './restore-request.ts';
export * from './order.ts';
export * from './sync.ts';
