import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { Failure } from '@holdfast/base';
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
  // Otherwise it would take what a proxy says that opens no tunnel for the server's answer, whose certificate nobody saw.
  agent.on('proxyConnect', ({ statusCode = 0 }: IncomingMessage, request: ClientRequest) => {
    if (statusCode === 200) return;
    const why =
      statusCode === 407 ? 'the proxy wants credentials' : `the proxy opens no way to it (${statusCode})`;
    request.destroy(
      new Failure('s3-unreachable', why, { endpoint: request.host, lasting: statusCode === 407 }),
    );
  });
  return agent;
}
