import { z } from 'zod';
import { ComponentDescription, MemberDescription } from '../restore/cluster-description.ts';
import { ClusterId, Moment, NodeId } from './ids.ts';
import { NodePart } from './node-part.ts';

/** What is seen of the member of a node, by its agent. */
const MemberInventory = z.object({
  description: MemberDescription,
  /** Null when nobody could tell. */
  running: z.boolean().nullable(),
  answers: z.boolean(),
  inQuorum: z.boolean(),
  isLeader: z.boolean(),
  isLearner: z.boolean(),
  id: z.string().nullable(),
  clusterId: z.string().nullable(),
  version: z.string().nullable(),
  revision: z.int().nullable(),
  raftIndex: z.int().nullable(),
  /** Bytes of the database. */
  dbBytes: z.int().nullable(),
  alarms: z.array(z.string()),
});

const Certificate = z.object({
  /** The file, or the endpoint that shows it. */
  of: z.string(),
  subject: z.string(),
  notAfter: Moment,
});

/** What an agent tells of its machine. */
export const Inventory = z.object({
  hostname: z.string(),
  /** By which other nodes may reach it, without loopback. */
  addresses: z.array(z.string()),
  /** The kernel and machine, as `linux x64 6.1.0`. */
  system: z.string(),
  driver: z.enum(['process', 'systemd', 'static-pods', 'k3s-rke2', 'docker']).nullable(),
  members: z.array(MemberInventory),
  components: z.array(ComponentDescription),
  /** What runs Kubernetes' part of this node; absent where an older agent tells. */
  nodeParts: z.array(NodePart).optional(),
  kubernetesVersion: z.string().nullable(),
  /** Of the file system of each data directory and of the agent's own folder. */
  disks: z.array(z.object({ path: z.string(), totalBytes: z.int(), freeBytes: z.int() })),
  certificates: z.array(Certificate),
  /** What could not be told, a sentence each. */
  notes: z.array(z.string()),
});
export type Inventory = z.infer<typeof Inventory>;

/** A node of the fleet: a machine with an agent. */
export const FleetNode = z.object({
  id: NodeId,
  cluster: ClusterId,
  /** Its host name when it joined, unless it was named. */
  name: z.string(),
  joinedAt: Moment,
  /** When its agent was last heard; null: never. */
  seenAt: Moment.nullable(),
  connected: z.boolean(),
  agentVersion: z.string().nullable(),
  /** Milliseconds by which its clock is ahead of the server's. */
  clockSkewMs: z.int().nullable(),
  /** Of the agent's own certificate. */
  certificateNotAfter: Moment.nullable(),
  inventory: Inventory.nullable(),
});
export type FleetNode = z.infer<typeof FleetNode>;
