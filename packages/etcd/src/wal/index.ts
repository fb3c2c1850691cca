export { commitAll, type CommittedLog } from './commit-all.ts';
export { encodeFirstWal, firstWalName, walFileSize } from './first-file.ts';
export { walFiles } from './files.ts';
export { readWalSummary, type WalSummary } from './summary.ts';
