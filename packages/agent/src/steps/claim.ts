import { readFile } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { HostDescription } from '@holdfast/model';
import type { ProcessRun } from '../host/process-driver.ts';
import { stepFailed, type Act } from './step.ts';

/** What `lock` found before anything was touched. */
export interface Found {
  /** Whether etcd ran. */
  readonly wasRunning: boolean;
  /** Whether it went on running from its data for a while: one that only dies again and again does not. */
  readonly served: boolean;
  /** How it ran, where that is not how its description would start it. */
  readonly ran?: ProcessRun;
  /** The same, but why nobody keeps how: one sentence without a full stop. */
  readonly ranUnkept?: string;
  /** Whether anything had the name `member`. */
  readonly hadMember: boolean;
  /** Whether the data directory had to be made. */
  readonly madeDataDir: boolean;
  /** Folders that were made, topmost first: of the data directory, and of a log outside of it. */
  readonly madeFolders: readonly string[];
  readonly madeLogFolders: readonly string[];
}

/** The content of `holdfast-restore.json`: who holds a data directory, since when, and what was there before. */
export interface Claim extends Found {
  readonly id: string;
  readonly cluster: string;
  readonly member: string;
  /** user@host. */
  readonly by: string;
  /** ISO text. */
  readonly at: string;
}

/** The claim on a data directory, whoever's; undefined when there is none. */
export async function readClaim(path: string): Promise<Claim | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  return parseClaim(text);
}

/** A claim gets its name when it is whole, so one that is not was damaged: it holds all the same. */
function parseClaim(text: string): Claim {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = {};
  }
  const claim = (typeof value === 'object' && value !== null ? value : {}) as Partial<Claim>;
  return {
    id: word(claim.id),
    cluster: word(claim.cluster),
    member: word(claim.member),
    by: word(claim.by),
    at: word(claim.at),
    ...foundIn(claim),
  };
}

/** What `lock` found, from its evidence or from the claim. */
export function foundIn(evidence: Partial<Record<keyof Found, unknown>>): Found {
  const ran = HostDescription.safeParse(evidence.ran).data;
  return {
    wasRunning: evidence.wasRunning === true,
    served: evidence.served === true,
    ...(ran?.driver === 'process' && { ran }),
    ...(typeof evidence.ranUnkept === 'string' && { ranUnkept: evidence.ranUnkept }),
    hadMember: evidence.hadMember === true,
    madeDataDir: evidence.madeDataDir === true,
    madeFolders: words(evidence.madeFolders),
    madeLogFolders: words(evidence.madeLogFolders),
  };
}

function word(each: unknown): string {
  return typeof each === 'string' ? each : 'unknown';
}

function words(each: unknown): string[] {
  return Array.isArray(each) ? each.map(String) : [];
}

/** The text of this restore's claim. */
export function claimText({ order, context }: Act, found: Found): string {
  const { id, cluster, by } = order.plan;
  const at = context.clock.now().toISOString();
  const claim: Claim = { id, cluster: cluster.name, member: order.member.name, by, at, ...found };
  return `${JSON.stringify(claim)}\n`;
}

/** Whether it is that of this restore on this member. */
export function isOwn({ order }: Act, { id, member }: Claim): boolean {
  return id === order.plan.id && member === order.member.name;
}

/**
 * Refuses a claim that is not that of this restore on this member.
 *
 * @throws Failure restore-held when another restore has it, node-failed when another member has
 */
export function refuseOthers({ order, places }: Act, claim: Claim): void {
  if (claim.id !== order.plan.id) throw held(places.claim, claim);
  if (claim.member === order.member.name) return;
  throw stepFailed(order, `${places.dataDir} is the data directory of member ${claim.member} too`);
}

/** Somebody else's restore is at work there. */
function held(path: string, { id, by, at }: Claim): Failure {
  return new Failure('restore-held', `${by} began that restore at ${at}`, { path, id });
}

/**
 * The claim of this restore.
 *
 * @throws Failure restore-held when another restore has it, node-failed when another member or nobody has
 */
export async function ownClaim(act: Act): Promise<Claim> {
  const claim = await readClaim(act.places.claim);
  if (claim === undefined) throw stepFailed(act.order, `its claim ${act.places.claim} is gone`);
  refuseOthers(act, claim);
  return claim;
}
