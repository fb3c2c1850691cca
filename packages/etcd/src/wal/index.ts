export { encodeFirstWal, firstWalName, walFileSize } from './first-file.ts';
