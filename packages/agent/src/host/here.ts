import { hostOf, isLoopback, type ComponentDescription, type MemberDescription } from '@holdfast/model';
import { ownAddress } from './listeners.ts';

/**
 * Why a member is not one of this machine, in words; undefined where it is: one of its addresses is the machine's. A
 * loopback address says so only among the peer URLs, by which the other members reach it: every machine has one.
 */
export async function whyElsewhere({ peerUrls, clientUrls }: MemberDescription): Promise<string | undefined> {
  const clients = clientUrls.filter((url) => !isLoopback(machineOf(url)));
  return whyNotHere([...peerUrls, ...clients]);
}

/**
 * The same of a part of the control plane. One that listens on loopback alone, as schedulers do, is taken to be here: there
 * is nothing to tell by.
 */
export async function whyComponentElsewhere({ urls }: ComponentDescription): Promise<string | undefined> {
  const telling = urls.filter((url) => !isLoopback(machineOf(url)));
  return telling.length === 0 ? undefined : whyNotHere(telling);
}

async function whyNotHere(urls: readonly string[]): Promise<string | undefined> {
  const hosts = new Set(urls.map(machineOf));
  for (const host of hosts) if ((await ownAddress(host)) !== undefined) return undefined;
  return `it is of another machine: none of ${[...hosts].join(', ')} is an address of this one`;
}

function machineOf(url: string): string {
  return hostOf(url) ?? '';
}
