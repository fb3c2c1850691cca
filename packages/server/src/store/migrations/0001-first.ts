import type { Migration } from './migration.ts';

/** The first schema. */
export const first: Migration = {
  version: 1,
  statements: ({ text, bytes, long, numbered }) => [
    `create table clusters (id ${text} primary key, name ${text} not null unique, spec ${text} not null,
      created_at ${text} not null, updated_at ${text} not null, version integer not null, held_by ${text})`,

    `create table nodes (id ${text} primary key, cluster ${text} not null references clusters on delete cascade,
      name ${text} not null, joined_at ${text} not null, certificate_not_after ${text}, inventory ${text},
      inventory_hash ${text} not null)`,
    'create index nodes_cluster on nodes (cluster, name, id)',
    `create table sightings (node ${text} primary key references nodes on delete cascade, seen_at ${text},
      agent_version ${text}, clock_skew_ms ${long})`,

    `create table join_tokens (id ${text} primary key, hash ${text} not null,
      cluster ${text} not null references clusters on delete cascade, expires_at ${text} not null, uses_left integer,
      created_by ${text} not null)`,
    'create index join_tokens_cluster on join_tokens (cluster, expires_at)',

    `create table repositories (name ${text} primary key, spec ${text} not null, secret_names ${text} not null,
      sealed ${bytes}, created_at ${text} not null, version integer not null, repository_id ${text}, reachable integer,
      why ${text} not null, scanned_at ${text})`,

    `create table policies (cluster ${text} not null references clusters on delete cascade, name ${text} not null,
      policy ${text} not null, created_at ${text} not null, updated_at ${text} not null, version integer not null,
      times ${text} not null, next_due ${text}, last_outcome ${text}, primary key (cluster, name))`,
    'create index policies_due on policies (next_due) where next_due is not null',

    `create table snapshots (cluster ${text} not null references clusters on delete cascade, id ${text} not null,
      repository ${text} not null, policy ${text}, state ${text} not null, finished_at ${text} not null,
      stored_bytes ${long} not null, missing integer not null, good integer not null, data ${text} not null,
      primary key (cluster, id))`,
    'create index snapshots_newest on snapshots (cluster, finished_at, id)',
    'create index snapshots_good on snapshots (cluster, finished_at, id) where good = 1 and missing = 0',
    'create index snapshots_counted on snapshots (repository, cluster, missing, stored_bytes)',

    `create table operations (id ${text} primary key, cluster ${text} not null references clusters on delete cascade,
      kind ${text} not null, state ${text} not null, policy ${text} not null, scheduled_for ${text},
      created_at ${text} not null, ended_at ${text}, runner ${text}, free_at ${text} not null,
      next_event integer not null, progress ${text}, data ${text} not null)`,
    'create index operations_newest on operations (created_at, id)',
    'create index operations_cluster on operations (cluster, created_at, id)',
    `create index operations_claimable on operations (created_at, id) where state in ('waiting', 'running')`,
    `create unique index operations_due on operations (cluster, policy, kind, scheduled_for)
      where scheduled_for is not null`,
    'create index operations_ended on operations (kind, cluster, policy, ended_at) where ended_at is not null',
    `create table operation_events (operation ${text} not null references operations on delete cascade,
      n integer not null, at ${text} not null, type ${text} not null, data ${text} not null, primary key (operation, n))`,

    `create table orders (id ${text} primary key, operation ${text} not null references operations on delete cascade,
      order_key ${text} not null, node ${text} not null, created_at ${text} not null, cancelled integer not null,
      outcome ${text}, settled_at ${text}, next_event integer not null, progress ${text}, data ${text} not null)`,
    'create unique index orders_key on orders (operation, order_key)',
    'create index orders_open on orders (node, created_at, id) where outcome is null',
    `create table order_events (order_id ${text} not null references orders on delete cascade, n integer not null,
      at ${text} not null, type ${text} not null, data ${text} not null, primary key (order_id, n))`,

    `create table users (id ${text} primary key, name ${text} not null unique, created_at ${text} not null,
      disabled integer not null, grants ${text} not null, version integer not null, password ${text} not null)`,
    `create table tokens (id ${text} primary key, user_id ${text} not null references users on delete cascade,
      description ${text} not null, created_at ${text} not null, expires_at ${text}, last_used_at ${text}, grants ${text},
      hash ${text} not null, login integer not null)`,
    'create index tokens_user on tokens (user_id, created_at, id)',
    'create index tokens_expiring on tokens (expires_at) where expires_at is not null',

    `create table audit (n ${long} primary key, at ${text} not null, by_whom ${text} not null, cluster ${text},
      data ${text} not null)`,
    'create index audit_cluster on audit (cluster, n)',
    'create index audit_by on audit (by_whom, n)',
    'create index audit_at on audit (at)',
    `create table audit_head (one integer primary key, n ${long} not null, hash ${text} not null)`,
    `insert into audit_head (one, n, hash) values (1, 0, '${'0'.repeat(64)}')`,

    `create table alerts (number ${numbered}, alert_key ${text} not null,
      cluster ${text} references clusters on delete cascade, since ${text} not null, resolved_at ${text},
      data ${text} not null)`,
    'create unique index alerts_open on alerts (alert_key) where resolved_at is null',
    'create index alerts_cluster on alerts (cluster, number)',
    `create table receivers (id ${text} primary key, spec ${text} not null, sealed ${bytes}, last_told ${text})`,
    `create table notices (number ${numbered}, receiver ${text} not null references receivers on delete cascade,
      alert ${text} not null, attempts integer not null, due_at ${text} not null, free_at ${text} not null)`,
    'create index notices_due on notices (due_at, number)',
    'create index notices_receiver on notices (receiver)',

    `create table settings (name ${text} primary key, value ${bytes} not null)`,
    `create table duties (duty ${text} primary key, replica ${text} not null, until_at ${text} not null)`,
    `create table replies (user_id ${text} not null, reply_key ${text} not null, request ${text} not null, reply ${text},
      expires_at ${text} not null, primary key (user_id, reply_key))`,
    'create index replies_expiring on replies (expires_at)',
  ],
};
