import { createHash } from 'node:crypto';
import { limits } from '@holdfast/base';
import {
  checkCompanions,
  type CompanionFinding,
  kubernetesVersion,
  type SnapshotFacts,
} from '@holdfast/kube';
import type { CompanionsRecord } from '@holdfast/model';
import type { CollectedNode } from './collect-node.ts';

/**
 * Tries whether the collected files would bring a snapshot to life, and says so as a manifest may have it: nothing that is
 * returned is secret, and it is of a size that a manifest takes, whatever the snapshot holds.
 * @param names DNS names and addresses that API servers have to be reached by
 */
export function checkCollected(
  collected: CollectedNode,
  snapshot: SnapshotFacts,
  now: Date,
  names: readonly string[] = [],
): CompanionsRecord {
  const { distribution, dataDir, node, collectedAt } = collected;
  const files = new Map(collected.files.map(({ path, content }) => [path, content]));
  const place = dataDir === undefined ? {} : { dataDir };
  const left = new Map(collected.left.map(({ path, why }) => [path, why]));
  const findings = checkCompanions({ distribution, ...place, files, snapshot, now, names }).map((finding) =>
    withReason(finding, left),
  );
  return {
    distribution,
    node,
    collectedAt: collectedAt.toISOString(),
    kubernetes: { version: kubernetesVersion({ files, snapshot }), uid: snapshot.uid },
    files: collected.files.map(({ path, why, secret, content }) => ({
      path,
      why,
      secret,
      size: content.length,
      // Who knows the hash of a short password can guess it.
      sha256: secret ? null : createHash('sha256').update(content).digest('hex'),
    })),
    left: atMost(collected.left, (more) => ({
      path: '…',
      why: `${more} others are named in the sealed list`,
    })),
    findings: atMost<Finding>(worstFirst(findings), (more) => ({
      check: 'findings',
      outcome: 'unknown',
      sentence: `${more} further findings are left out here.`,
      evidence: { more },
    })).map(short),
  };
}

/** A file that is missed may be there, and only not be among those that could be taken. */
function withReason(finding: CompanionFinding, left: ReadonlyMap<string, string>): CompanionFinding {
  const { path } = finding.evidence;
  const why = typeof path === 'string' ? left.get(path) : undefined;
  if (why === undefined) return finding;
  return { ...finding, sentence: `${finding.sentence} It could not be taken: ${why}.` };
}

const severity = { failed: 0, warned: 1, unknown: 2, ok: 3 } as const;

/** In their own order where there is room for all of them. */
function worstFirst(findings: readonly CompanionFinding[]): readonly CompanionFinding[] {
  if (findings.length <= limits.companionFindings) return findings;
  return findings.toSorted((a, b) => severity[a.outcome] - severity[b.outcome]);
}

type Finding = CompanionsRecord['findings'][number];

function atMost<T>(all: readonly T[], rest: (more: number) => T): T[] {
  const most = limits.companionFindings;
  return all.length <= most ? [...all] : [...all.slice(0, most), rest(all.length - most)];
}

/** Names of keys and resources come from etcd, where they may be of any length. */
function short({ check, outcome, sentence, evidence }: Finding): Finding {
  return {
    check,
    outcome,
    sentence: cut(sentence),
    evidence: Object.fromEntries(
      Object.entries(evidence).map(([name, value]) => [
        name,
        typeof value === 'string'
          ? cut(value)
          : Array.isArray(value)
            ? value.slice(0, limits.companionListLength).map(cut)
            : value,
      ]),
    ),
  };
}

/** Their names have the beginning of a token's hash, by which a short token could be guessed. */
const bootstrapKey = /(\/bootstrap\/)[0-9a-f]{12}/g;

function cut(text: string): string {
  const most = limits.companionTextLength;
  const shown = text.replaceAll(bootstrapKey, '$1…');
  return shown.length <= most ? shown : `${shown.slice(0, most - 1)}…`;
}
