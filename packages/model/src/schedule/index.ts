export { careRetryMs, saveRetryMs } from './back-off.ts';
export { dueRun, type DueAnswer, type DueQuestion, type Missed } from './due-run.ts';
export { jitterMs } from './jitter.ts';
export { longestGap } from './longest-gap.ts';
export { nextTimes, scheduleFault } from './schedule-times.ts';
export { timeZoneFault } from './cron.ts';
