import type { Generated } from 'kysely';

/**
 * The rows as both databases have them: what is a list or a record is JSON in text, a yes is 1, moments are ISO texts that
 * are compared byte by byte.
 */
export interface Rows {
  clusters: {
    id: string;
    name: string;
    spec: string;
    created_at: string;
    updated_at: string;
    version: number;
    held_by: string | null;
  };
  nodes: {
    id: string;
    cluster: string;
    name: string;
    joined_at: string;
    certificate_not_after: string | null;
    inventory: string | null;
    inventory_hash: string;
  };
  /** Beside the nodes, since these few bytes change every few seconds. */
  sightings: {
    node: string;
    seen_at: string | null;
    agent_version: string | null;
    clock_skew_ms: number | null;
  };
  join_tokens: {
    id: string;
    hash: string;
    cluster: string;
    expires_at: string;
    uses_left: number | null;
    created_by: string;
  };
  repositories: {
    name: string;
    spec: string;
    secret_names: string;
    sealed: Uint8Array | null;
    created_at: string;
    version: number;
    repository_id: string | null;
    reachable: number | null;
    why: string;
    scanned_at: string | null;
  };
  policies: {
    cluster: string;
    name: string;
    policy: string;
    created_at: string;
    updated_at: string;
    version: number;
    /** Canonical, so that the same times are the same text. */
    times: string;
    /** The earliest of the next times. */
    next_due: string | null;
    last_outcome: string | null;
  };
  snapshots: {
    cluster: string;
    id: string;
    repository: string;
    policy: string | null;
    state: string;
    finished_at: string;
    stored_bytes: number;
    missing: number;
    /** 1: verified, trusted, not degraded and not `pre-restore`. */
    good: number;
    data: string;
  };
  operations: {
    id: string;
    cluster: string;
    kind: string;
    state: string;
    /** '' for none, so that it counts among what is unique. */
    policy: string;
    scheduled_for: string | null;
    created_at: string;
    ended_at: string | null;
    runner: string | null;
    /** From when on anybody may claim it; '' for at once. */
    free_at: string;
    next_event: number;
    progress: string | null;
    data: string;
  };
  operation_events: { operation: string; n: number; at: string; type: string; data: string };
  orders: {
    id: string;
    operation: string;
    order_key: string;
    node: string;
    created_at: string;
    cancelled: number;
    outcome: string | null;
    settled_at: string | null;
    next_event: number;
    progress: string | null;
    data: string;
  };
  order_events: { order_id: string; n: number; at: string; type: string; data: string };
  users: {
    id: string;
    name: string;
    created_at: string;
    disabled: number;
    grants: string;
    version: number;
    password: string;
  };
  tokens: {
    id: string;
    user_id: string;
    description: string;
    created_at: string;
    expires_at: string | null;
    last_used_at: string | null;
    grants: string | null;
    hash: string;
    login: number;
  };
  audit: { n: number; at: string; by_whom: string; cluster: string | null; data: string };
  /** One row: who appends takes it first. */
  audit_head: { one: number; n: number; hash: string };
  alerts: {
    number: Generated<number>;
    alert_key: string;
    cluster: string | null;
    since: string;
    resolved_at: string | null;
    data: string;
  };
  notices: {
    number: Generated<number>;
    receiver: string;
    alert: string;
    attempts: number;
    due_at: string;
    free_at: string;
  };
  receivers: { id: string; spec: string; sealed: Uint8Array | null; last_told: string | null };
  settings: { name: string; value: Uint8Array };
  duties: { duty: string; replica: string; until_at: string };
  replies: {
    user_id: string;
    reply_key: string;
    request: string;
    reply: string | null;
    expires_at: string;
  };
}
