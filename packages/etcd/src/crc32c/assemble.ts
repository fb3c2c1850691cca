import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const source = new URL('./crc32c.wat', import.meta.url);
const target = fileURLToPath(new URL('./crc32c.gen.ts', import.meta.url));

/**
 * Assembles crc32c.wat. For the freshness check and `npm run generate`.
 * @returns the content of each generated file by its absolute path
 */
export async function generate(): Promise<Map<string, string>> {
  const assembler = await wabt();
  const module = assembler.parseWat('crc32c.wat', await readFile(source));
  try {
    const { buffer } = module.toBinary({});
    return new Map([[target, render(Buffer.from(buffer).toString('base64'))]]);
  } finally {
    module.destroy();
  }
}

function render(base64: string): string {
  const lines = base64.match(/.{1,100}/g) ?? [];
  return [
    '// Generated from crc32c.wat by assemble.ts; do not edit.',
    '',
    '/** The assembled module, in base64. */',
    'export const moduleBase64 =',
    ...lines.map((line, i) => `  '${line}'${i === lines.length - 1 ? ';' : ' +'}`),
    '',
  ].join('\n');
}
