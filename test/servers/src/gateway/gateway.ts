import { clusterCalls, type ClusterCalls } from './cluster-calls.ts';
import { type KeyCalls, keyCalls } from './key-calls.ts';
import { type GatewayTarget, type GatewayTransport, gatewayTransport } from './transport.ts';

/**
 * A client of one member for tests, over its JSON gateway: apart from the product's own client, so that
 * neither hides an error of the other.
 */
export interface Gateway extends GatewayTransport, KeyCalls, ClusterCalls {}

/** Opens a client of one member. */
export function openGateway(target: GatewayTarget): Gateway {
  const transport = gatewayTransport(target);
  return { ...transport, ...keyCalls(transport), ...clusterCalls(transport) };
}
