import { clusterCalls, type ClusterCalls } from './cluster-calls.ts';
import { type KeyCalls, keyCalls } from './key-calls.ts';
import { type GatewayTarget, gatewayTransport } from './transport.ts';

/**
 * A client of one member for tests, over its JSON gateway: apart from the product's own client, so that
 * neither hides an error of the other.
 */
export interface Gateway extends KeyCalls, ClusterCalls {
  /** Any other call. */
  post<T>(path: string, body: object, timeoutMs?: number): Promise<T>;
  /** What `GET path` answers. */
  get(path: string, timeoutMs?: number): Promise<{ status: number; text: string }>;
  close(): void;
}

/** Opens a client of one member. */
export function openGateway(target: GatewayTarget): Gateway {
  const transport = gatewayTransport(target);
  return { ...transport, ...keyCalls(transport), ...clusterCalls(transport) };
}
