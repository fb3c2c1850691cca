import { readFile } from 'node:fs/promises';
import type { Clock } from '@holdfast/base';
import {
  runBy,
  type ComponentDescription,
  type MemberDescription,
  type PlannedChange,
} from '@holdfast/model';
import { componentHost, etcdHost, type HostAccess } from '../host/driver.ts';
import { nowhere, placeOfManifest } from '../host/held-manifest.ts';
import { kubernetesProgram, taggedVersion } from '../host/kubernetes-version.ts';
import { imageOfManifest } from '../host/pod-manifest.ts';
import { kubelets } from '../host/kubelets.ts';
import { systemdDriver } from '../host/systemd-driver.ts';

/** What is compared, and with which version of Kubernetes. */
export interface VersionOrder {
  readonly version: string;
  readonly members: readonly MemberDescription[];
  readonly components: readonly ComponentDescription[];
  readonly clock: Clock;
  readonly access: HostAccess;
  readonly signal: AbortSignal;
}

/** What of a machine is of another version of Kubernetes. Each program is told once, whatever parts it has. */
export async function versionChanges(order: VersionOrder): Promise<PlannedChange[]> {
  const { members, components } = order;
  const parts = [...components, ...members.filter(({ run }) => run.driver === 'k3s-rke2')];
  const changes: PlannedChange[] = [];
  for (const part of parts) {
    const change = await changeOf(order, part);
    const isTold =
      change?.how === 'binary' && changes.some(({ path }) => path !== null && path === change.path);
    if (change !== undefined && !isTold) changes.push(change);
  }
  const [carrier] = components.filter(({ run }) => run.driver === 'static-pods');
  if (carrier !== undefined) changes.push(...(await kubeletChanges(order, carrier.name)));
  return changes;
}

/** The image with the tag of a version; undefined where its tag cannot tell one. */
export function retagged(image: string, version: string): string | undefined {
  // No tag can have a plus.
  if (taggedVersion(image) === undefined) return undefined;
  return image.replace(/:[^:/]+$/, `:${version.replace('+', '-')}`);
}

/** Where a program of that version is looked for, beside the one that is run. */
export function besideProgram(path: string, version: string): string {
  return `${path}-${version}`;
}

type Part = ComponentDescription | MemberDescription;

async function changeOf(order: VersionOrder, part: Part): Promise<PlannedChange | undefined> {
  const { run } = part;
  if (run.driver === 'static-pods' && 'component' in part) return ofManifest(order, part, run.manifest);
  if (run.driver === 'docker' && 'component' in part) return ofContainer(order, part);
  return ofProgram(order, part);
}

function changed(
  { name, ...part }: Part,
  version: string,
  more: Pick<PlannedChange, 'path' | 'from' | 'how' | 'why'>,
): PlannedChange {
  const { run } = part;
  const what = run.driver === 'k3s-rke2' ? run.runtime : 'component' in part ? part.component : 'etcd';
  return {
    at: name,
    kind: 'version',
    what,
    to: version,
    absent: false,
    applies: more.why === '',
    diff: null,
    ...more,
  };
}

async function ofManifest(
  { version }: VersionOrder,
  part: ComponentDescription,
  manifest: string,
): Promise<PlannedChange | undefined> {
  const byHand = `write the image of ${version} into ${manifest}`;
  const told = (from: string | null, why: string): PlannedChange =>
    changed(part, version, { path: manifest, from, how: 'manifest', why });
  const place = await placeOfManifest(manifest);
  if (place.at === 'nowhere') return told(null, nowhere(manifest));
  let image: string;
  try {
    ({ image } = imageOfManifest(await readFile(place.path, 'utf8'), manifest, part.component));
  } catch (error) {
    return told(null, `${(error as Error).message}: ${byHand}`);
  }
  const from = taggedVersion(image);
  const wanted = retagged(image, version);
  if (wanted === image) return undefined;
  // Its provider counts its versions in a way of its own.
  if (part.component === 'cloud-controller-manager')
    return told(from ?? null, `its versions are its provider's own: ${byHand}, where it needs another one`);
  if (image.includes('@')) return told(null, `its image is pinned by a digest: ${byHand}`);
  if (from === undefined || wanted === undefined)
    return told(null, `the tag of its image tells no version: ${byHand}`);
  return told(from, '');
}

async function ofContainer(
  { version, clock, access, signal }: VersionOrder,
  part: ComponentDescription,
): Promise<PlannedChange | undefined> {
  const found = await componentHost(part, clock, access)
    .driver.version?.()
    .catch(() => null);
  signal.throwIfAborted();
  if (found !== undefined && found !== null && version.replace(/^v/, '').split(/[+-]/)[0] === found)
    return undefined;
  const why = `a container keeps the image that it was made of: after the restore, rke up with kubernetes_version ${version} in cluster.yml makes it anew`;
  return changed(part, version, { path: null, from: found ? `v${found}` : null, how: 'binary', why });
}

async function ofProgram(order: VersionOrder, part: Part): Promise<PlannedChange | undefined> {
  const { version, signal } = order;
  const path = await programOf(order, part);
  const from = path === undefined ? undefined : await kubernetesProgram(path, signal);
  if (from === version) return undefined;
  const told = (why: string): PlannedChange =>
    changed(part, version, { path: path ?? null, from: from ?? null, how: 'binary', why });
  if (path === undefined)
    return told(`which program it is cannot be told: install ${version} after the restore`);
  if (from === undefined)
    return told(`${path} does not tell its version: put that of ${version} in its place where it is another`);
  const beside = besideProgram(path, version);
  if ((await kubernetesProgram(beside, signal)) === version) return told('');
  const { run } = part;
  const upper = run.driver === 'k3s-rke2' ? run.runtime.toUpperCase() : '';
  const installer =
    upper === ''
      ? ''
      : `, or run its installer with INSTALL_${upper}_VERSION=${version} and INSTALL_${upper}_SKIP_START=true while the restore waits`;
  return told(`there is no ${beside}: put that program there and plan again${installer}`);
}

async function programOf({ clock, access }: VersionOrder, part: Part): Promise<string | undefined> {
  const { hosted, driver } =
    'component' in part ? componentHost(part, clock, access) : etcdHost(part, clock, access);
  // The unit of K3s and RKE2 has a program, though none of its parts is one.
  const run = part.run.driver === 'k3s-rke2' ? systemdDriver(hosted, runBy(part.run), clock, access) : driver;
  return run.program().catch(() => undefined);
}

/** A kubelet is of the machine's packages; static pods run under it. */
async function kubeletChanges({ version, signal }: VersionOrder, at: string): Promise<PlannedChange[]> {
  const changes: PlannedChange[] = [];
  for (const path of await kubelets()) {
    const from = await kubernetesProgram(path, signal);
    if (from === version) continue;
    const why = `it is of this machine's packages: install kubelet ${version.replace(/^v/, '')} with them, since none may be newer than its API server`;
    changes.push({
      ...{ at, kind: 'version', what: 'kubelet', path, from: from ?? null, to: version, absent: false },
      ...{ how: 'binary', applies: false, why, diff: null },
    });
  }
  return changes;
}
