import { z } from 'zod';

/** How much is brought back: etcd alone, the Kubernetes version as well, or the cluster's configuration too. */
export const restoreScopes = ['none', 'kubernetesVersion', 'all'] as const;
export const RestoreScope = z.enum(restoreScopes);
export type RestoreScope = z.infer<typeof RestoreScope>;

/** Where the saved configuration comes from. */
export const WantedConfiguration = z.object({
  /** Of Kubernetes, as v1.34.1 or v1.34.1+k3s1; null where the snapshot does not tell. */
  version: z.string().nullable(),
  /** With `all`: the node that the files are of, and the SHA-256 of the sealed object that they are in. */
  companions: z.object({ node: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).nullable(),
});
export type WantedConfiguration = z.infer<typeof WantedConfiguration>;

/** Something of a machine that is not as it was when the snapshot was taken. */
export const PlannedChange = z.object({
  /** The part of the control plane, or the member, that it is changed by. */
  at: z.string(),
  kind: z.enum(['version', 'file']),
  /** Whose version, as `kube-apiserver`; or what the file is for. */
  what: z.string(),
  /** The file that is changed; null where none is known. */
  path: z.string().nullable(),
  /** A version, or the SHA-256 of a file; null where it is not known, is not there, or is a secret's. */
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** Whether the file is not on the machine yet. */
  absent: z.boolean().default(false),
  how: z.enum(['manifest', 'binary', 'file']),
  applies: z.boolean(),
  /** Where it is not applied: why, and what a person has to do; one sentence without a full stop. '' otherwise. */
  why: z.string(),
  /** What changes in a text, as a unified diff with every secret masked; null where it is not shown. */
  diff: z.string().nullable(),
});
export type PlannedChange = z.infer<typeof PlannedChange>;
