import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { ownPlace } from './listeners.ts';
import { executableOf, processIds, wordsOf } from './processes.ts';

/** The state of a socket that takes connections, in the tables of the kernel (include/net/tcp_states.h: TCP_LISTEN). */
const listening = '0A';

/** The processes that listen at a URL of this machine; none where that cannot be told, as of another user's without root. */
export async function listenersAt(url: string): Promise<number[]> {
  const place = await ownPlace(url);
  if (place === undefined) return [];
  const sockets = new Set(await socketsAt(place.address, place.port));
  if (sockets.size === 0) return [];
  const pids: number[] = [];
  for (const pid of await processIds()) if (await hasSocket(pid, sockets)) pids.push(pid);
  return pids;
}

/** A process in words: `process 812 (nginx)`. */
export async function processInWords(pid: number): Promise<string> {
  const [word] = await wordsOf(pid).catch(() => []);
  const program = (await executableOf(pid)) ?? word;
  return program === undefined ? `process ${pid}` : `process ${pid} (${basename(program)})`;
}

/** Lines of proc_net_tcp(5), as `0: 0100007F:094B 00000000:0000 0A … 0 0 41237 …`: the tenth field is the socket's inode. */
async function socketsAt(address: string, port: number): Promise<string[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/self/net/${name}`, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [host = '', at = ''] = local.split(':');
      if (state !== listening || Number.parseInt(at, 16) !== port) return [];
      return isAny(host) || addressOf(host) === canonical(address) ? [inode] : [];
    }),
  );
}

function isAny(host: string): boolean {
  return /^0+$/.test(host);
}

/** Words of four bytes, each with its last byte first. An IPv4 address may stand in one of IPv6, as ::ffff:127.0.0.1. */
function addressOf(host: string): string {
  const bytes = (host.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  const hex = bytes.join('').toLowerCase();
  const v4 = /^(?:0{20}ffff)?(.{8})$/.exec(hex)?.[1];
  if (v4 !== undefined) return (v4.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.');
  return canonical((hex.match(/.{4}/g) ?? []).join(':'));
}

/** One spelling of each IPv6 address, without a zone. */
function canonical(address: string): string {
  if (!address.includes(':')) return address;
  return URL.parse(`http://[${address.replace(/%.*/, '')}]`)?.hostname ?? address;
}

async function hasSocket(pid: number, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const name of await readdir(folder).catch(() => [])) {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(await readlink(`${folder}/${name}`).catch(() => '')) ?? [];
    if (inode !== undefined && sockets.has(inode)) return true;
  }
  return false;
}
