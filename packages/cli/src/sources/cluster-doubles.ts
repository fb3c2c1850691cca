import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  hostOf,
  isLoopbackOnly,
  runBy,
  type ClusterDescription,
  type ComponentDescription,
  type HostDescription,
  type MemberDescription,
} from '@holdfast/model';

/** What is wrong with a description, and in which field. */
export interface Mistake {
  readonly field: readonly PropertyKey[];
  readonly problem: string;
}

/** What is written twice a restore would do twice; undefined where nothing is. */
export function firstDouble(description: ClusterDescription): Mistake | undefined {
  return (
    sharedData(description) ??
    sharedUnit(description) ??
    sharedUrl(description) ??
    withoutMachine(description)
  );
}

/** Two members in one directory are one member. */
function sharedData({ members }: ClusterDescription): Mistake | undefined {
  for (const [at, member] of members.entries()) {
    const housed = members
      .slice(0, at)
      .find((other) => resolve(other.dataDir) === resolve(member.dataDir) && sameMachine(other, member));
    if (housed === undefined) continue;
    return { field: ['members', at, 'dataDir'], problem: `it is that of member ${housed.name} too` };
  }
  return undefined;
}

/** Whoever stops or starts the one has stopped or started the member as well, at the wrong time. */
function sharedUnit({ members, controlPlane }: ClusterDescription): Mistake | undefined {
  const all = [
    ...members.map((each, at) => ({
      each,
      field: ['members', at, 'run'],
      of: members.slice(0, at).filter((other) => sameMachine(other, each)),
    })),
    ...controlPlane.map((each, at) => ({
      each,
      field: ['controlPlane', at, 'run'],
      of: members.filter((member) => mayBeBeside(each, member)),
    })),
  ];
  for (const { each, field, of } of all) {
    const owner = of.find((other) => isShared(each, other));
    if (owner !== undefined)
      return { field, problem: `${runBy(each.run)} ${whatIs(each.run)} of member ${owner.name} too` };
  }
  return undefined;
}

/** A server of K3s or RKE2 has the control plane and its etcd in one unit, and is described so. */
function isShared(
  one: MemberDescription | ComponentDescription,
  { run: theirs }: MemberDescription,
): boolean {
  const { run } = one;
  if (run.driver === 'process' || theirs.driver === 'process' || runBy(run) !== runBy(theirs)) return false;
  return !('component' in one && run.driver === 'k3s-rke2' && theirs.driver === 'k3s-rke2');
}

function whatIs({ driver }: HostDescription): string {
  if (driver === 'docker') return 'is that';
  return driver === 'static-pods' ? 'is the manifest' : 'is the unit';
}

/** What answers there for one API server would be taken for the other. The others listen on loopback, on each machine. */
function sharedUrl({ controlPlane }: ClusterDescription): Mistake | undefined {
  for (const [at, { component, urls }] of controlPlane.entries()) {
    if (component !== 'kube-apiserver') continue;
    const other = controlPlane
      .slice(0, at)
      .find((each) => each.component === component && each.urls.some((url) => urls.includes(url)));
    if (other === undefined) continue;
    const problem = `${other.name} listens there too; name where this one listens, not what stands before them`;
    return { field: ['controlPlane', at, 'urls'], problem };
  }
  return undefined;
}

/** One that only loopback addresses tell of is taken to be here: the one that is stopped here would pass for all. */
function withoutMachine({ controlPlane }: ClusterDescription): Mistake | undefined {
  for (const [at, part] of controlPlane.entries()) {
    if (!isLoopbackOnly(part)) continue;
    const alike = controlPlane.find(
      (other) =>
        other !== part && other.component === part.component && isDeepStrictEqual(other.run, part.run),
    );
    if (alike === undefined) continue;
    const problem = `nothing tells it from ${alike.name}: both are run in the same way, and this one is said to listen on loopback only; name the address of its machine`;
    return { field: ['controlPlane', at, 'urls'], problem };
  }
  return undefined;
}

/** Members on different machines may well have the same path. */
function sameMachine(one: MemberDescription, other: MemberDescription): boolean {
  return haveCommonHost(one.peerUrls, other.peerUrls);
}

/** Every machine has a loopback address: a part that names no other may be on any of them. */
function mayBeBeside(part: ComponentDescription, { peerUrls, clientUrls }: MemberDescription): boolean {
  return isLoopbackOnly(part) || haveCommonHost(part.urls, [...peerUrls, ...clientUrls]);
}

function haveCommonHost(some: readonly string[], others: readonly string[]): boolean {
  const known = new Set(some.map(placeOf));
  return others.some((url) => known.has(placeOf(url)));
}

function placeOf(url: string): string {
  return hostOf(url) ?? url;
}
