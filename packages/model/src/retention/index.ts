/** Which snapshots a policy keeps, and why. One pure decision, for previews and for prunes. */
export { decideRetention } from './decide-retention.ts';
export type { RetainedSnapshot, RetentionDecision, RetentionQuestion } from './facts.ts';
