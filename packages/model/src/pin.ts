import { limits } from '@holdfast/base';
import { z } from 'zod';

/** A pin keeps a snapshot from being deleted, by a person or by retention. */
export const Pin = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Pin'),
  at: z.iso.datetime(),
  reason: z.string().max(limits.pinReasonLength),
  /** When it ends by itself; null: when somebody takes it off. */
  until: z.iso.datetime().nullable().default(null),
});
export type Pin = z.infer<typeof Pin>;
