import { z } from 'zod';
import { Policy } from '../policy/policy.ts';
import { JournalRecord } from '../restore/operation.ts';
import { ClusterId, Moment, NodeId, OrderId } from './ids.ts';
import { Inventory } from './node.ts';
import { NodeCall, Order, OrderOutcome, SaveResult } from './order.ts';
import { RepositorySecrets, RepositorySpec } from './repository.ts';

/**
 * What agent and server say to each other: JSON over HTTPS, the agent always asking, under `/agent/v1`. All but `join` are
 * asked with the agent's client certificate, which names node and cluster.
 */

/** `POST /agent/v1/join`: a join token for a certificate. Asked again with the same key, it is answered the same. */
export const JoinRequest = z.strictObject({
  token: z.string().min(1).max(200),
  /** PEM of a PKCS #10 request; only its public key counts. */
  csr: z.string().max(8_192),
  /** It is shown in tables, mails and Markdown: without control characters, line ends and marks of direction. */
  name: z.string().regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,253}$/u, 'a name has 1 to 253 characters that can be seen'),
});
export const JoinReply = z.object({
  node: NodeId,
  cluster: ClusterId,
  clusterName: z.string(),
  /** PEM: the agent's certificate, and the CA of server and agents. */
  certificate: z.string(),
  ca: z.string(),
});

/** `POST /agent/v1/renew`: a new certificate before the old one ends. */
export const RenewRequest = z.strictObject({ csr: z.string().max(8_192) });
export const RenewReply = JoinReply.pick({ certificate: true, ca: true });

/** What an agent did by itself, as its ledger of runs has it; told once, and again until it is acknowledged. */
export const OwnRun = z.strictObject({
  /** Its own id. */
  id: z.string(),
  policy: z.string(),
  job: z.enum(['save', 'prune', 'check', 'drill']),
  scheduledFor: Moment.nullable(),
  startedAt: Moment,
  endedAt: Moment,
  result: SaveResult.partial({ snapshot: true, storedIn: true }),
});
export type OwnRun = z.infer<typeof OwnRun>;

/** `POST /agent/v1/sync`: what is new here, and what is to be done. Answered at once with news, else after `waitMs`. */
export const SyncRequest = z.strictObject({
  agentVersion: z.string(),
  /** The agent's own time, for the skew. */
  now: Moment,
  waitMs: z.int().min(0).max(55_000),
  /** SHA-256 of the inventory; the inventory itself only when the server asked for it or it changed. */
  inventoryHash: z.string().max(100),
  inventory: Inventory.optional(),
  /** Version of the assignment that the agent works by; '' for none. */
  assignment: z.string(),
  /** Orders that it knows of and has not told the end of. */
  running: z.array(OrderId).max(1_000),
  outcomes: z.array(z.strictObject({ order: OrderId, ...{ outcome: OrderOutcome } })).max(100),
  events: z
    .array(
      z.strictObject({
        order: OrderId,
        /** From 0 in each order, without holes; known ones are passed over. */
        n: z.int().min(0),
        at: Moment,
        type: z.enum(['record', 'progress', 'note']),
        data: z.record(z.string(), z.unknown()),
      }),
    )
    .max(1_000),
  ownRuns: z.array(OwnRun).max(100),
});
export type SyncRequest = z.infer<typeof SyncRequest>;

/** What a node works by, also while the server is away. Its version is a hash of the rest. */
export const Assignment = z.object({
  version: z.string(),
  clusterName: z.string(),
  repositories: z.array(z.object({ spec: RepositorySpec, secrets: RepositorySecrets })),
  policies: z.array(
    z.object({
      policy: Policy,
      /** When the newest run that anybody began was due, by job. */
      lastScheduledFor: z.partialRecord(z.enum(['save', 'check', 'drill']), Moment),
    }),
  ),
  /** Whether this node carries the policies out while the server is away: one node of a cluster does. */
  standsIn: z.boolean(),
  /** Milliseconds without an answer of the server after which it does. */
  standInAfterMs: z.int().min(1),
});
export type Assignment = z.infer<typeof Assignment>;

export const SyncReply = z.object({
  now: Moment,
  orders: z.array(Order),
  /** Orders that are to be given up. */
  cancel: z.array(OrderId),
  /** Told again until the request names its version. */
  assignment: Assignment.optional(),
  wantsInventory: z.boolean(),
  /** The certificate is to be renewed now. */
  renew: z.boolean(),
  /** Outcomes, events and own runs that are stored: not to be told again. */
  storedOutcomes: z.array(OrderId),
  storedEvents: z.array(z.object({ order: OrderId, upTo: z.int().min(0) })),
  storedRuns: z.array(z.string()),
});
export type SyncReply = z.infer<typeof SyncReply>;

/**
 * `POST /agent/v1/calls`: the leader of a restore has another node of its cluster do something. `key` is the caller's own:
 * asked again with it, no second order is made. `order` is the lead order that the caller carries out.
 */
export const CallRequest = z.strictObject({
  key: z.string().min(1).max(100),
  order: OrderId,
  node: NodeId,
  call: NodeCall,
  /** Milliseconds until it is given up. */
  limitMs: z.int().min(1),
});
export type CallRequest = z.infer<typeof CallRequest>;
export const CallReply = z.object({ call: OrderId });

/** `GET /agent/v1/calls/:call?waitMs=`: how it ended; null while it has not. `DELETE` gives it up. */
export const CallState = z.object({
  outcome: OrderOutcome.nullable(),
  /** The newest progress of it. */
  progress: z.record(z.string(), z.unknown()).nullable(),
});
export type CallState = z.infer<typeof CallState>;

/** The data of an event of type `record`. */
export const RecordEvent = z.object({ record: JournalRecord });
