import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { limits, type Clock } from '@holdfast/base';
import type { Inventory } from '@holdfast/model/fleet';

type Certificate = Inventory['certificates'][number];

/** The certificates of files; of a file that is none, or cannot be read, nothing is told. */
export async function certificatesOf(paths: readonly string[]): Promise<Certificate[]> {
  const texts = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(path, 'latin1').catch(() => '') })),
  );
  return texts.flatMap(({ path, text }) => {
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    // Of a chain the first to end is the one that counts.
    const all = blocks.flatMap((block) => parsed(block) ?? []);
    const [first] = all.toSorted((a, b) => a.validToDate.getTime() - b.validToDate.getTime());
    return first === undefined ? [] : [certificateOf(path, first)];
  });
}

/** What an endpoint shows; undefined where it shows none. Nothing is sent, so nobody has to be trusted. */
export async function shownBy(endpoint: string, clock: Clock): Promise<Certificate | undefined> {
  if (!endpoint.startsWith('https:')) return undefined;
  const { hostname, port } = new URL(endpoint);
  const done = new AbortController();
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  try {
    const shown = await new Promise<X509Certificate | undefined>((resolve) => {
      socket.once('secureConnect', () => resolve(socket.getPeerX509Certificate()));
      socket.once('error', () => resolve(undefined));
      clock.sleep(limits.etcdProbeMs, done.signal).then(
        () => resolve(undefined),
        () => undefined,
      );
    });
    return shown && certificateOf(endpoint, shown);
  } finally {
    done.abort();
    socket.destroy();
  }
}

function certificateOf(of: string, { subject, validToDate }: X509Certificate): Certificate {
  return { of, subject: subject.replaceAll('\n', ', '), notAfter: validToDate.toISOString() };
}

function parsed(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}
