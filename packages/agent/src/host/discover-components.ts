import { readlink } from 'node:fs/promises';
import { networkInterfaces, hostname } from 'node:os';
import { basename } from 'node:path';
import {
  componentKinds,
  type ComponentDescription,
  type ComponentKind,
  type MemberDescription,
} from '@holdfast/model';
import { flagsOf } from './etcd-settings.ts';
import { ownPlace } from './listeners.ts';
import { executableOf, processIds, userOf, variablesOf, wordsOf } from './processes.ts';
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
 * @param own the members that are described
 * @param others further etcds of this machine: an API server that keeps its data there is not described
 */
export async function discoverComponents(
  own: readonly MemberDescription[],
  others: readonly MemberDescription[],
): Promise<Found> {
  const found: Found = { components: [], notes: [] };
  for (const pid of await processIds()) {
    // A process that ends while it is looked at is none of ours.
    const words = await wordsOf(pid).catch(() => []);
    const executable = (await executableOf(pid)) ?? words[0] ?? '';
    const component = componentKinds.find((kind) =>
      [words[0] ?? '', executable].some((path) => basename(path) === kind),
    );
    if (component === undefined) continue;
    const one = await describe(pid, component, words, executable).catch((error: Error) => error.message);
    if (typeof one === 'string')
      found.notes.push(`process ${pid} is a ${component} and is not described: ${one}`);
    else if (await isOfOthers(words, own, others))
      found.notes.push(`process ${pid} is a ${component} of another cluster and is not described`);
    else {
      found.notes.push(...one.notes);
      found.components.push(named(one.component, found.components));
    }
  }
  found.components.sort((a, b) => order(a) - order(b));
  return found;
}

function order({ component }: ComponentDescription): number {
  return componentKinds.indexOf(component);
}

/** Machines' descriptions can be put together into one, so the machine is in the name. */
function named(one: ComponentDescription, before: readonly ComponentDescription[]): ComponentDescription {
  const again = before.filter(({ component }) => component === one.component).length;
  const name = `${one.component}.${hostname()}`;
  return { ...one, name: again === 0 ? name : `${name}.${again + 1}` };
}

interface Described {
  readonly component: ComponentDescription;
  readonly notes: readonly string[];
}

/** A string tells why it is not described. */
async function describe(
  pid: number,
  component: ComponentKind,
  words: readonly string[],
  executable: string,
): Promise<Described | string> {
  const name = component;
  const run = await runOf({
    pid,
    command: words,
    executable,
    environment: await variablesOf(pid, (name) => described.test(name) && !secretive.test(name)),
    workingDir: await readlink(`/proc/${pid}/cwd`),
    logFile: `/var/log/${component}.log`,
  });
  if (run === undefined)
    return 'it runs in a container; stop it before a restore and start it after it, by hand';
  const urls = [urlOf(component, flagsOf(words.slice(1)))];
  if (run.driver === 'systemd') return { component: { name, component, urls, run }, notes: [] };
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
 * which machine it is of. One that is told to serve nothing (port 0) has the usual port named, where nobody will be found.
 */
function urlOf(component: ComponentKind, flags: ReadonlyMap<string, string>): string {
  const port = Number(flags.get('secure-port') ?? 0) || usualPorts[component];
  const bound = [flags.get('bind-address'), flags.get('advertise-address')].find(
    (address) => address !== undefined && address !== '' && address !== '0.0.0.0' && address !== '::',
  );
  const host = bound ?? ownFirst() ?? '127.0.0.1';
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function ownFirst(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** Whether an API server keeps its data in an etcd of this machine that is of another cluster. */
async function isOfOthers(
  words: readonly string[],
  own: readonly MemberDescription[],
  others: readonly MemberDescription[],
): Promise<boolean> {
  const servers = flagsOf(words.slice(1)).get('etcd-servers');
  if (servers === undefined) return false;
  const asked = await portsOf(servers.split(','));
  const has = async (members: readonly MemberDescription[]): Promise<boolean> =>
    (await portsOf(members.flatMap(({ clientUrls }) => clientUrls))).some((port) => asked.includes(port));
  return (await has(others)) && !(await has(own));
}

/** The ports of this machine among the URLs: one etcd of it has several addresses, and each port once. */
async function portsOf(urls: readonly string[]): Promise<number[]> {
  const places = await Promise.all(urls.map((url) => ownPlace(url).catch(() => undefined)));
  return places.flatMap((place) => (place === undefined ? [] : [place.port]));
}
