import { z } from 'zod';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const distribution = z.enum(['kubeadm', 'k3s', 'rke2', 'rke', 'plain']);

/** A file of the node: its absolute path there, what it is for, whether it is secret, and its bytes. */
const file = { path: z.string(), why: z.string(), secret: z.boolean(), size: z.int().min(0) };

/** What is there and could not be taken, and why. */
const left = z.array(z.object({ path: z.string(), why: z.string() }));

/** What a check found: `unknown` where it could not be made. */
const outcomes = ['ok', 'unknown', 'warned', 'failed'] as const;
export type CompanionsOutcome = (typeof outcomes)[number];

/**
 * What was kept beside a snapshot, and whether it would bring it to life. It stands in the manifest, which everybody reads
 * who reads the repository, so it holds nothing secret: of secret files not even a hash, by which a short password could be
 * guessed.
 */
export const CompanionsRecord = z.object({
  distribution,
  /** The node that the files are of. */
  node: z.string(),
  collectedAt: z.iso.datetime(),
  /** The Kubernetes that the snapshot is of; null where neither files nor snapshot tell. `uid` is that of kube-system. */
  kubernetes: z.object({ version: z.string().nullable(), uid: z.string().nullable() }),
  /** What was taken; `sha256` is null where the file is secret. */
  files: z.array(z.object({ ...file, sha256: Sha256.nullable() })),
  left,
  /** Each check with one sentence for people; the names of the checks are those of @holdfast/kube, and more will come. */
  findings: z.array(
    z.object({
      check: z.string(),
      outcome: z.enum(outcomes),
      sentence: z.string(),
      evidence: z.record(
        z.string(),
        z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly()]),
      ),
    }),
  ),
});
export type CompanionsRecord = z.infer<typeof CompanionsRecord>;

/** The worst that was found. Without one finding nothing was checked. */
export function companionsOutcome({ findings }: Pick<CompanionsRecord, 'findings'>): CompanionsOutcome {
  if (findings.length === 0) return 'unknown';
  return outcomes.findLast((outcome) => findings.some((each) => each.outcome === outcome))!;
}

/** The list of what is in a tar of companions: its first entry, sealed with it. */
export const CompanionsList = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Companions'),
  distribution,
  node: z.string(),
  collectedAt: z.iso.datetime(),
  /** `entry` is the name in the tar: the path without its leading slash, in most cases. */
  files: z.array(z.object({ ...file, entry: z.string(), sha256: Sha256, modifiedAt: z.iso.datetime() })),
  left,
});
export type CompanionsList = z.infer<typeof CompanionsList>;
