export { Pause, Policy, PolicyFile, policyNamePattern, PolicyTarget } from './policy.ts';
export { Retention, Span } from './retention.ts';
export { Schedule } from './schedule.ts';
