/**
 * @holdfast/agent/fleet: a node that works for a server, and keeps the schedule while that is away.
 *
 * - agent:     all of it together.
 * - identity:  the key and the certificate by which the node is known; how it joins.
 * - sync:      what agent and server say to each other, and the journal of orders.
 * - orders:    how each kind is carried out.
 * - restore:   how this node leads one: the others are reached by way of the server.
 * - peer:      how the bytes of a snapshot come from another node.
 * - inventory: what the agent tells of its machine.
 * - stand-in:  what it does by itself, and tells afterwards.
 */
export { FleetAgent, type FleetAgentParts } from './agent.ts';
export type { JoinOptions } from './identity/join.ts';
