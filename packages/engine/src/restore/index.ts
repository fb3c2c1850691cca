export { restoreDatadir, type RestoreDatadirOptions, type RestoreDatadirReport } from './restore-datadir.ts';
export { agreedToken, uniqueToken } from './token.ts';
