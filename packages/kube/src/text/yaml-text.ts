import { parseAllDocuments, LineCounter } from 'yaml';

/** A document of YAML or JSON, or why it cannot be read; the reason names a line and never quotes it. */
export type YamlText =
  | { readonly value: unknown; readonly fault?: never }
  | { readonly value?: never; readonly fault: string };

/** Bytes of a configuration file; a larger one is none. */
const most = 4 * 1024 * 1024;

/** Reads a file with one document, as kube-apiserver and kubelet do. */
export function readYaml(content: Uint8Array): YamlText {
  if (content.length > most) return { fault: 'it is too large for a configuration' };
  const lines = new LineCounter();
  const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString('utf8');
  // The library's own messages quote the line, which may hold a key.
  const documents = parseAllDocuments(text, { prettyErrors: false, lineCounter: lines, logLevel: 'silent' });
  const [document, ...more] = documents;
  if (document === undefined) return { fault: 'it is empty' };
  if (more.length > 0) return { fault: 'it holds more than one document' };
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    return { fault: `it is not YAML: line ${line} (${error.code})` };
  }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown };
  } catch {
    return { fault: 'its aliases cannot be followed' };
  }
}
