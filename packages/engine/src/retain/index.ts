/**
 * What a policy keeps of a repository.
 *
 * - preview: what a prune would do, and why; by the decision of model/retention.
 * - prune:   does it, in two cycles.
 */
export { previewRetention, type PreviewedSnapshot, type RetentionPreview } from './preview.ts';
export { prune, type PrunedSnapshot, type PruneResult } from './prune.ts';
export type { RetainRequest } from './retain-request.ts';
