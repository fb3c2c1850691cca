export { expandGzip } from './expand-gzip.ts';
export { listTar, readTarEntry, type TarForm } from './tar.ts';
export { openZip } from './zip.ts';
