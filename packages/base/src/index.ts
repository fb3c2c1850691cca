/**
 * @holdfast/base: the few words that everyone shares. A fixed list; nothing else belongs here.
 *
 * - failure: what can go wrong, as one table: code, exit status, what, what next.
 * - clock:   the only source of time; tests bring their own.
 * - limits:  every safety margin and bound, named in one object.
 * - bytes:   sizes, hexadecimal and durations as people read them.
 */
export { Failure, isFailure, type FailureDetails } from './failure.ts';
export { failureTable, type ExitCode, type FailureCode, type FailureEntry } from './failure-table.ts';
export { systemClock, type Clock } from './clock.ts';
export { limits } from './limits.ts';
export { formatBytes, formatDuration, formatHex64, parseHex64 } from './bytes.ts';
