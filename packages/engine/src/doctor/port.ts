import { connect } from 'node:net';
import { limits, type Clock } from '@holdfast/base';

/** Whether somebody listens at an endpoint's port: what does not answer is then no matter of the network. */
export async function portIsOpen(endpoint: string, clock: Clock): Promise<boolean> {
  const { hostname, port } = new URL(endpoint);
  const done = new AbortController();
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      clock.sleep(limits.etcdProbeMs, done.signal).then(
        () => resolve(false),
        () => undefined,
      );
    });
  } finally {
    done.abort();
    socket.destroy();
  }
}
