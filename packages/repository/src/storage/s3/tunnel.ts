import type { Agent } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';

/**
 * An agent whose connections go through an http or https proxy by CONNECT, and are kept for the next request.
 *
 * @param secure whether TLS is spoken through the tunnel
 */
export function tunnelAgent(proxy: URL, secure: boolean, tls: ConnectionOptions): Agent {
  const agent = new HttpsProxyAgent(proxy, { keepAlive: true, ...tls });
  // What the agent is given counts for the connection to the proxy; this, for the one through it.
  Object.assign(agent.options, tls);
  // It would look at the stack, differently at the beginning and at the end of a request, and so keep nothing.
  agent.isSecureEndpoint = () => secure;
  return agent;
}
