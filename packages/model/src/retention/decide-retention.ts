import type { Retention } from '../policy/index.ts';
import type { RetainedSnapshot, RetentionDecision, RetentionQuestion } from './facts.ts';
import { byNode } from './nodes.ts';
import { beyondRoom } from './room.ts';
import { everythingStays, keepsAll, keptByRules, rulesOf, type Reasons } from './rules.ts';
import { isYounger, standingOf, type Standing } from './standing.ts';

/** What is known of all snapshots once and for every decision. */
interface Sight {
  readonly retention: Retention;
  readonly question: RetentionQuestion;
  /** Newest first. */
  readonly all: readonly RetainedSnapshot[];
  readonly standings: ReadonlyMap<RetainedSnapshot, Standing>;
  /** The newest verified one of each cluster. */
  readonly proven: ReadonlyMap<string, RetainedSnapshot>;
  /** Why each is kept by what is above the rules. */
  readonly held: Reasons;
}

/**
 * Decides for every snapshot whether a policy keeps it, and says why: the one decision that both a preview shows and a
 * prune acts upon. It depends on nothing but what it is given; deciding again over what is left removes nothing more.
 *
 * Only what is sound is counted: what is damaged, degraded, untrusted or from the future never makes another one go.
 *
 * @param snapshots all that the repository holds of the cluster, whosever they are; of all clusters where the scope is
 *   the repository
 * @returns a decision for each, in the order of `snapshots`
 * @throws RangeError for a time zone that is not known
 */
export function decideRetention(
  snapshots: readonly RetainedSnapshot[],
  retention: Retention,
  question: RetentionQuestion,
): RetentionDecision[] {
  const all = snapshots.toSorted(newestFirst);
  const standings = new Map(all.map((each) => [each, standingOf(each, retention, question)]));
  const proven = newestProven(all, question.now);
  const sound = all.filter((each) => standings.get(each)?.kind === 'sound');
  const held = heldAmong(all, sound, { retention, question, proven });
  const sight = { retention, question, all, standings, proven, held };
  const ruled = ruledAmong(sound, sight);
  return snapshots.map((each) => ({
    clusterId: each.clusterId,
    name: each.name,
    ...decisionOf(each, ruled, sight),
  }));
}

/** By their times; of one time, the name decides, as in listings. */
function newestFirst(a: RetainedSnapshot, b: RetainedSnapshot): number {
  return (
    Date.parse(b.finishedAt) - Date.parse(a.finishedAt) ||
    b.name.localeCompare(a.name) ||
    b.clusterId.localeCompare(a.clusterId)
  );
}

/** Whether a cluster could be brought back from it, as far as is known. */
function isProven({ state, trusted, degraded, trigger, finishedAt }: RetainedSnapshot, now: Date): boolean {
  const proven = trusted && state === 'verified' && !degraded && trigger !== 'pre-restore';
  return proven && Date.parse(finishedAt) <= now.getTime();
}

function newestProven(all: readonly RetainedSnapshot[], now: Date): Map<string, RetainedSnapshot> {
  const proven = all.filter((each) => isProven(each, now)).toReversed();
  // What another system made counts only where there is nothing better: its quorum is not known.
  const ranked = [
    ...proven.filter(({ imported }) => imported),
    ...proven.filter(({ imported }) => !imported),
  ];
  return new Map(ranked.map((each) => [each.clusterId, each]));
}

/** Why snapshots stay whatever the rules of the policy say. */
function heldAmong(
  all: readonly RetainedSnapshot[],
  sound: readonly RetainedSnapshot[],
  { retention, question: { now }, proven }: Pick<Sight, 'retention' | 'question' | 'proven'>,
): Reasons {
  const held: Reasons = new Map(all.map((each) => [each, []]));
  for (const [each, reasons] of held) {
    const { pin, lockedUntil, legalHold, clusterId } = each;
    if (pin !== null && (pin.until === null || Date.parse(pin.until) > now.getTime())) {
      const until = pin.until === null ? '' : ` until ${pin.until}`;
      reasons.push(`pinned${until}${pin.reason === '' ? '' : `: ${pin.reason}`}`);
    }
    if (lockedUntil !== null && Date.parse(lockedUntil) > now.getTime())
      reasons.push(`locked until ${lockedUntil}`);
    if (legalHold) reasons.push('under a legal hold');
    if (proven.get(clusterId) === each) reasons.push('the newest verified one of its cluster');
  }
  const { minimum } = retention;
  const perCluster = [...Map.groupBy(sound, ({ clusterId }) => clusterId).values()];
  for (const group of retention.scope === 'node' ? byNode(sound) : perCluster) {
    for (const each of group.toSorted(newestFirst).slice(0, minimum))
      held.get(each)!.push(`one of the newest ${minimum} (minimum)`);
  }
  return held;
}

interface Ruled {
  readonly kept: Reasons;
  readonly noRoom: ReadonlyMap<RetainedSnapshot, string>;
}

/** What the rules keep, each group counted by itself. */
function ruledAmong(sound: readonly RetainedSnapshot[], { retention, question, held }: Sight): Ruled {
  const { scope } = retention;
  const groups =
    scope === 'node'
      ? byNode(sound)
      : scope === 'cluster'
        ? [...Map.groupBy(sound, ({ clusterId }) => clusterId).values()]
        : [[...sound]];
  const isHeld = (each: RetainedSnapshot): boolean => held.get(each)!.length > 0;
  const ruled = groups.map((members) => {
    const group = members.toSorted(newestFirst);
    const of = scope === 'node' ? ` of ${group[0]?.node.name || 'a node without a name'}` : '';
    const kept = keptByRules(group, retention, { now: question.now, of });
    const stays = group.filter((each) => isHeld(each) || kept.get(each)!.length > 0);
    return { kept, noRoom: beyondRoom(stays, retention.maxBytes, isHeld) };
  });
  return {
    kept: new Map(ruled.flatMap(({ kept }) => [...kept])),
    noRoom: new Map(ruled.flatMap(({ noRoom }) => [...noRoom])),
  };
}

function decisionOf(
  snapshot: RetainedSnapshot,
  { kept, noRoom }: Ruled,
  sight: Sight,
): Omit<RetentionDecision, 'clusterId' | 'name'> {
  const { question } = sight;
  const { kind, why = '' } = sight.standings.get(snapshot)!;
  if (question.clusterId !== null && snapshot.clusterId !== question.clusterId)
    return { concerned: false, keep: true, reasons: ["another cluster's"] };
  if (kind === 'other') return { concerned: false, keep: true, reasons: [why] };
  const held = sight.held.get(snapshot)!;
  const keeping = [...held, ...ownReasons(snapshot, { kind, why }, { kept, noRoom }, sight)];
  if (keeping.length > 0) return { concerned: true, keep: true, reasons: keeping };
  return { concerned: true, keep: false, reasons: [whyGone(snapshot, kind, noRoom, sight)] };
}

/** Why it is kept by what it is, or by a rule. */
function ownReasons(
  snapshot: RetainedSnapshot,
  { kind, why = '' }: Standing,
  { kept, noRoom }: Ruled,
  sight: Sight,
): string[] {
  if (kind === 'sound') return noRoom.has(snapshot) ? [] : kept.get(snapshot)!;
  if (kind === 'doubtful') return doubtfulReasons(snapshot, why, sight);
  return why === '' ? [] : [why];
}

/** What is damaged or degraded is better than nothing, until something newer is proven. */
function doubtfulReasons(snapshot: RetainedSnapshot, why: string, sight: Sight): string[] {
  const { retention, question, proven } = sight;
  const { within } = retention;
  const newest = proven.get(snapshot.clusterId);
  const reasons =
    newest === undefined || newestFirst(newest, snapshot) > 0
      ? [`${why}, and nothing newer is verified`]
      : [];
  if (within !== undefined && isYounger(snapshot.finishedAt, within, question.now))
    reasons.push(`younger than ${within}`);
  if (keepsAll(retention)) reasons.push(everythingStays);
  return reasons;
}

function whyGone(
  snapshot: RetainedSnapshot,
  kind: Standing['kind'],
  noRoom: Ruled['noRoom'],
  { standings, retention }: Sight,
): string {
  if (kind === 'doubtful') return `${standings.get(snapshot)?.why}, and a newer one is verified`;
  if (kind === 'extra') return `saved before an upgrade, and not younger than ${retention.preUpgrade}`;
  return noRoom.get(snapshot) ?? `no rule keeps it (${rulesOf(retention)})`;
}
