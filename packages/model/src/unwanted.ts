import { limits } from '@holdfast/base';
import { z } from 'zod';

/** The mark of a snapshot that retention does not keep: it is deleted when it is still unwanted some time later. */
export const Unwanted = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Unwanted'),
  since: z.iso.datetime(),
  /** The policy that does not keep it; null: a person asked, for what no policy has. */
  policy: z.string().nullable(),
  /** In words. */
  why: z.string().max(limits.unwantedWhyLength),
});
export type Unwanted = z.infer<typeof Unwanted>;
