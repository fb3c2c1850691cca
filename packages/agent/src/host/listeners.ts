import { lookup } from 'node:dns/promises';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';

const connectMs = 1_000;

/**
 * Of the given URLs those whose host is an address of this machine and on whose port somebody listens. A port that takes
 * no connection and does not refuse one either counts: behind it may be a process that hangs.
 */
export async function listeningUrls(urls: readonly string[]): Promise<string[]> {
  const listens = await Promise.all(
    [...new Set(urls)].map(async (url) => ((await isListening(url)) ? [url] : [])),
  );
  return listens.flat();
}

async function isListening(url: string): Promise<boolean> {
  const place = await ownPlace(url);
  return place !== undefined && connects(place.address, place.port);
}

/** Of the given URLs those whose host is an address of this machine. */
export async function ownUrls(urls: readonly string[]): Promise<string[]> {
  const own = await Promise.all(urls.map(async (url) => ((await ownPlace(url)) ? [url] : [])));
  return own.flat();
}

/** The address and port of this machine that a URL stands for; undefined where it is another machine's. */
export async function ownPlace(
  url: string,
): Promise<{ readonly address: string; readonly port: number } | undefined> {
  const { hostname, port, protocol } = new URL(url);
  if (hostname === '') return undefined;
  const address = await ownAddress(hostname.replace(/^\[|\]$/g, ''));
  // A URL has no port where it is that of its scheme.
  const usual = protocol === 'https:' ? 443 : 80;
  return address === undefined ? undefined : { address, port: port === '' ? usual : Number(port) };
}

/** The address of this machine that a host's name or address stands for; undefined where it is another machine's. */
export async function ownAddress(host: string): Promise<string | undefined> {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '::1';
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
  );
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.find(({ address }) => own.has(address) || address.startsWith('127.'))?.address;
}

async function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: connectMs });
    const answer = (listens: boolean) => () => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', answer(true));
    socket.once('timeout', answer(true));
    socket.once('error', answer(false));
  });
}
