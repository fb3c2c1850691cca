/**
 * Where the plain content of a sealed snapshot lies while it is read by position: in memory, and what is more than that
 * in a file without a name whose key is never stored. Nothing of it outlives the process.
 *
 * - scratch:      memory first, then the file; read as a source.
 * - fill:         a stream into a scratch, hashed on the way.
 * - hidden-file:  the file.
 * - counter-mode: its cipher.
 */
export { fillScratch } from './fill.ts';
export { openScratch, type Scratch } from './scratch.ts';
