export { encodeFirstWal, firstWalName, walFileSize, type FirstWal } from './first-file.ts';
