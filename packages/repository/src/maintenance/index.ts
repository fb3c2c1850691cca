/**
 * Looking after a repository: whether every chain of manifests is whole, whether what is stored is still what was stored,
 * what belongs to nobody, and how the record of commits is had back. Nothing here touches a snapshot.
 */
export { checkStoredChain, readChain, type CheckedChain, type ReadChain } from './chain.ts';
export { completeUncommitted } from './complete.ts';
export { findLeftovers, type Leftover } from './leftovers.ts';
export { readAgain, type ReadAgain } from './read-again.ts';
export { lostCommits, rebuildCommits } from './rebuild.ts';
