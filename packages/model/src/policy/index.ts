export { Pause, Policy, PolicyFile, policyNamePattern, PolicyTarget, type WrittenPolicy } from './policy.ts';
export { Retention, Span } from './retention.ts';
export { Schedule } from './schedule.ts';
export { spanMs, spanOf } from './span.ts';
export { policyFaults, type PolicyFault } from './policy-fault.ts';
export { defaultContent, presets, type PresetContent, type PresetName } from './presets.ts';
export { overdueMs, pauseOf, promisedMs } from './promise.ts';
export { rancher16Policy, type Rancher16Wish } from './rancher16.ts';
