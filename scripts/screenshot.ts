import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoHome } from './demo/place.ts';
import { root } from './step.ts';

/**
 * Makes docs/images/demo.svg: what `npm run demo -- --script` prints, as it prints it. The terminal's few styles (bold,
 * dim, green) become classes; everything else is text.
 */
const styles: Readonly<Record<string, string>> = { '1': 'bold', '2': 'dim', '32': 'green', '31': 'red' };
/** A terminal's change of style; the parenthesis is its number. */
const escape = new RegExp(`${String.fromCharCode(27)}\\[(\\d*)m`);
const [lineHeight, charWidth, margin] = [19, 8.05, 18];

async function demoOutput(): Promise<string> {
  const env = { ...process.env, FORCE_COLOR: '1' };
  const child = spawn(process.execPath, ['scripts/demo.ts', '--script'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`the demo exited with ${String(status)}:\n${output}`);
  // Of nobody's machine.
  return output.trim().replaceAll(demoHome, '/tmp/holdfast-demo');
}

/** One line of the terminal as the spans of a text element. */
function spans(line: string): string {
  let open = '';
  return line
    .split(escape)
    .map((part, i) => {
      if (i % 2 === 1) {
        open = styles[part] ?? '';
        return '';
      }
      const text = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      return open === '' || text === '' ? text : `<tspan class="${open}">${text}</tspan>`;
    })
    .join('');
}

function picture(text: string): string {
  const lines = ['$ npm run demo -- --script', '', ...text.split('\n')];
  const columns = Math.max(...lines.map((line) => line.replaceAll(new RegExp(escape, 'g'), '').length));
  const [width, height] = [
    Math.ceil(columns * charWidth + 2 * margin),
    lines.length * lineHeight + 2 * margin,
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of the demo">`,
    '<style>text{font:13px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dce2;white-space:pre}.bold{font-weight:700;fill:#fff}.dim{fill:#8a94a0}.green{fill:#5bd18b}.red{fill:#ff6b6b}</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="#14181d"/>`,
    ...lines.map(
      (line, i) => `<text x="${margin}" y="${margin + (i + 0.8) * lineHeight}">${spans(line)}</text>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

writeFileSync(join(root, 'docs/images/demo.svg'), picture(await demoOutput()));
