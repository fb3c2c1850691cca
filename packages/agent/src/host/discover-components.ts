import { readlink } from 'node:fs/promises';
import { networkInterfaces, hostname } from 'node:os';
import { basename } from 'node:path';
import {
  componentKinds,
  type ComponentDescription,
  type ComponentKind,
  type MemberDescription,
} from '@holdfast/model';
import { containedRun } from './contained-run.ts';
import { flagsOf } from './etcd-settings.ts';
import { ownAddress, ownPlace } from './listeners.ts';
import { executableOf, processIds, userOf, variablesOf, wordsOf } from './processes.ts';
import type { HostAccess } from './run-command.ts';
import { runOf } from './run-of.ts';

/** The ports that they serve at where they are told no other (their flag --secure-port). */
const usualPorts: Readonly<Record<ComponentKind, number>> = {
  'kube-apiserver': 6443,
  'kube-controller-manager': 10257,
  'kube-scheduler': 10259,
  'cloud-controller-manager': 10258,
};

/** Variables that they and their runtime read, and that hold no secrets. */
const described = /^(?:GO[A-Z]+|KUBE\w*|SSL_CERT_\w+|TZ|no_proxy|NO_PROXY)$/;
const secretive = /TOKEN|SECRET|PASSW|CREDENTIAL|_KEY|_PROXY$/i;

interface Found {
  readonly components: ComponentDescription[];
  readonly notes: string[];
}

/**
 * Describes the parts of a control plane that run on this machine.
 *
 * @param own the members that are described: an API server that keeps its data elsewhere is another cluster's
 * @param besides parts that have no process of their own, and are described already but for their names
 */
export async function discoverComponents(
  own: readonly Pick<MemberDescription, 'clientUrls'>[],
  besides: readonly Omit<ComponentDescription, 'name'>[] = [],
  access: HostAccess = {},
): Promise<Found> {
  const found: Found = { components: [], notes: [] };
  for (const each of besides) found.components.push(named(each, found.components));
  const parts = await partsHere(own);
  const foreign = parts.some(({ isForeign }) => isForeign);
  for (const part of parts) {
    const { pid, component } = part;
    const one = await describe(part, foreign, access).catch((error: Error) => error.message);
    if (typeof one === 'string')
      found.notes.push(`process ${pid} is a ${component} and is not described: ${one}`);
    else {
      found.notes.push(...one.notes);
      found.components.push(named(one.component, found.components));
    }
  }
  found.components.sort((a, b) => order(a) - order(b));
  return found;
}

/** A process that is a part of a control plane. */
interface Part {
  readonly pid: number;
  readonly component: ComponentKind;
  readonly words: readonly string[];
  readonly executable: string;
  /** Whether it is an API server whose data lies in none of the described members. */
  readonly isForeign: boolean;
}

async function partsHere(own: readonly Pick<MemberDescription, 'clientUrls'>[]): Promise<Part[]> {
  const parts: Part[] = [];
  for (const pid of await processIds()) {
    // A process that ends while it is looked at is none of ours.
    const words = await wordsOf(pid).catch(() => []);
    const executable = (await executableOf(pid)) ?? words[0] ?? '';
    const component = componentKinds.find((kind) =>
      [words[0] ?? '', executable].some((path) => basename(path) === kind),
    );
    if (component === undefined) continue;
    const isForeign = component === 'kube-apiserver' && (await isOfOthers(words, own));
    parts.push({ pid, component, words, executable, isForeign });
  }
  return parts;
}

function order({ component }: ComponentDescription): number {
  return componentKinds.indexOf(component);
}

/** Machines' descriptions can be put together into one, so the machine is in the name. */
function named(
  one: Omit<ComponentDescription, 'name'>,
  before: readonly ComponentDescription[],
): ComponentDescription {
  const again = before.filter(({ component }) => component === one.component).length;
  const name = `${one.component}.${hostname()}`;
  return { ...one, name: again === 0 ? name : `${name}.${again + 1}` };
}

interface Described {
  readonly component: ComponentDescription;
  readonly notes: readonly string[];
}

/**
 * A string tells why it is not described.
 *
 * @param foreign whether another cluster's API server runs here: whose the other parts are can then not be told
 */
async function describe(
  { pid, component, words, executable, isForeign }: Part,
  foreign: boolean,
  access: HostAccess,
): Promise<Described | string> {
  const name = component;
  const own = await runOf({
    pid,
    command: words,
    executable,
    environment: await variablesOf(pid, (name) => described.test(name) && !secretive.test(name)),
    workingDir: await readlink(`/proc/${pid}/cwd`),
    logFile: `/var/log/${component}.log`,
  });
  const run = own ?? (await containedRun(pid, component, words, access))?.run;
  if (run === undefined)
    return 'it runs in a container; stop it before a restore and start it after it, by hand';
  if (isForeign) return 'it keeps its data in another etcd than the described members';
  if (foreign && component !== 'kube-apiserver')
    return 'an API server of another cluster runs here, and this may be a part of that one';
  const urls = [await urlOf(component, flagsOf(words.slice(1)))];
  if (run.driver !== 'process') return { component: { name, component, urls, run }, notes: [] };
  const left = Object.keys(await variablesOf(pid, (name) => secretive.test(name)));
  const notes =
    left.length === 0
      ? []
      : [`variables of ${component} (process ${pid}) that may hold secrets are left out: ${left.join(', ')}`];
  const command = [...(await asUserOf(pid)), ...run.command];
  return { component: { name, component, urls, run: { ...run, command } }, notes };
}

/** The words before a command that have it run as who runs it now, where that is not root. */
async function asUserOf(pid: number): Promise<string[]> {
  const { uid, gid, groups } = await userOf(pid);
  if (uid === process.geteuid?.()) return [];
  const also = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, also];
}

/**
 * Where it listens. Without an address it listens on all; then the machine's own is named, so that the description tells
 * which machine it is of: the one that it tells others, unless that is only what leads to it. One that is told to serve
 * nothing (port 0) has the usual port named, where nobody will be found.
 */
async function urlOf(component: ComponentKind, flags: ReadonlyMap<string, string>): Promise<string> {
  const port = Number(flags.get('secure-port') ?? 0) || usualPorts[component];
  const told = oneAddress(flags.get('advertise-address'));
  const advertised = told !== undefined && (await ownAddress(told)) !== undefined ? told : undefined;
  const host = oneAddress(flags.get('bind-address')) ?? advertised ?? ownFirst() ?? '127.0.0.1';
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Undefined for what stands for all addresses. */
function oneAddress(address: string | undefined): string | undefined {
  return address === '' || address === '0.0.0.0' || address === '::' ? undefined : address;
}

function ownFirst(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** Whether an API server tells where it keeps its data, and that is in none of these members. */
async function isOfOthers(
  words: readonly string[],
  own: readonly Pick<MemberDescription, 'clientUrls'>[],
): Promise<boolean> {
  const servers = flagsOf(words.slice(1)).get('etcd-servers')?.split(',');
  if (servers === undefined) return false;
  const clientUrls = own.flatMap((member) => member.clientUrls);
  // A name may stand for a member that does not lead to this machine.
  const places = new Set(clientUrls.map(placeOf));
  if (servers.some((url) => places.has(placeOf(url)))) return false;
  const ports = await portsOf(clientUrls);
  return !(await portsOf(servers)).some((port) => ports.includes(port));
}

/** Host and port of a URL. */
function placeOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}

/** The ports of this machine among the URLs: one etcd of it has several addresses, and each port once. */
async function portsOf(urls: readonly string[]): Promise<number[]> {
  const places = await Promise.all(urls.map((url) => ownPlace(url).catch(() => undefined)));
  return places.flatMap((place) => (place === undefined ? [] : [place.port]));
}
