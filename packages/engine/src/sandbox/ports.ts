import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * Ports of 127.0.0.1 that nobody listens on at this moment, as the kernel hands them out; all are held until each is
 * known, so that they differ.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    const ports: number[] = [];
    for (const server of servers) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      ports.push((server.address() as AddressInfo).port);
    }
    return ports;
  } finally {
    await Promise.all(servers.filter((each) => each.listening).map((each) => once(each.close(), 'close')));
  }
}
