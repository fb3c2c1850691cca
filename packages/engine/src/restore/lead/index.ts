/**
 * Leads a restore through the steps of its plan, so that a crash at any moment leaves something to go on from.
 *
 * - lead:     run, resume, abort and rollback.
 * - forward, back: the loops; a failure forward leads back.
 * - way-back: whether a person may still have it undone.
 * - vouched:  machines that are gone for good while it is at work.
 * - act:      one step, within its time, on its node or in the cluster.
 * - report:   what became of it, by plan and journal alone.
 * - read:     where restores stand; later: which of them stands on another.
 * - release:  the end of what was kept.
 * - adopt:    a restore that was led elsewhere.
 */
export { adoptRestore } from './adopt.ts';
export { abortRestore, resumeRestore, rollbackRestore, runRestore } from './lead.ts';
export type { LeadOptions } from './leader.ts';
export { laterRestore } from './later.ts';
export { listRestores, readRestore, type RestoreEntry } from './read.ts';
export { releaseRestore } from './release.ts';
