import { z } from 'zod';

/** The first record of a repository: it tells a Holdfast repository from any other folder. */
export const RepositoryRecord = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Repository'),
  id: z.uuid(),
  createdAt: z.iso.datetime(),
});
export type RepositoryRecord = z.infer<typeof RepositoryRecord>;
