const mask = '***';
/** Names of what is secret; those that end so name a file or a folder instead. */
const word = String.raw`[\w.-]*(?:token|passw|passphrase|secret|credential|private|bearer|api-?key|access-?key|cert-?data|(?:^|[-_.])key|Key|authorization|ca-?data)[\w.-]*`;
const places = /(?:file|path|dir|folder|ref|name|ttl|type|provider)s?$/i;
const quoted = new RegExp(
  String.raw`(["'])(${word})\1(\s*:\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,{}\[\]]+)`,
  'gi',
);
const assigned = new RegExp(String.raw`(${word})(\s*=\s*|:\s+)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+)`, 'gi');
const flagged = new RegExp(String.raw`(--${word})(\s+)([^\s-]\S*)`, 'gi');
const whole = new RegExp(String.raw`^(\s*(?:- )?(?:"|')?(${word})(?:"|')?\s*:\s*)(\S.*)$`, 'i');
const opened = new RegExp(String.raw`^(\s*)(?:- )?["']?(${word})["']?\s*:\s*[|>][+\-\d]*\s*$`, 'i');
const flagAlone = new RegExp(String.raw`^\s*- ["']?--(${word})["']?\s*$`, 'i');
/** Keys and tokens as they are written without a name: base64 and its kind for URLs, JSON Web Tokens. */
const blob = /(?<!sha256:)(?<![\w+/-])[\w+/-]{32,}={0,2}(?:\.[\w-]{8,}){0,2}/g;
const login = /(:\/\/)[^\s/@]+@/g;
/** No key: a path of short words, words with dashes, as a flag has, or a name in capitals, as a cipher suite has. */
const plain =
  /^\/?[a-z][\w.-]{0,24}(?:\/[a-z\d][a-z\d._-]{0,24})+\/?$|^-{0,2}[a-z]+(?:-[a-z]+)*=?$|^(?:[A-Z]+_)+(?:[A-Z\d]+_?)+$/;

/**
 * The lines of a configuration file with its secrets masked: values of keys that are called so, bodies of PEM, whatever else
 * looks like a key. What is masked in doubt is a little too much.
 */
export function maskedLines(lines: readonly string[]): string[] {
  let pem = false;
  let deeperThan: number | undefined;
  let afterFlag = false;
  return lines.map((line) => {
    const indent = line.length - line.trimStart().length;
    if (deeperThan !== undefined && (line.trim() === '' || indent > deeperThan))
      return `${line.slice(0, indent)}${mask}`;
    deeperThan = undefined;
    if (pem) {
      if (!line.includes('-----END ')) return `${line.slice(0, indent)}${mask}`;
      pem = false;
      return line.slice(line.indexOf('-----END ')).replace(/(-----END [A-Z ]+-----).*/, '$1');
    }
    if (line.includes('-----BEGIN ')) {
      pem = !line.includes('-----END ');
      return line.replace(/(-----BEGIN [A-Z ]+-----).*/, `$1${mask}`);
    }
    if (afterFlag) {
      afterFlag = false;
      return `${line.slice(0, indent)}- ${mask}`;
    }
    const [, space, name] = opened.exec(line) ?? [];
    if (space !== undefined && name !== undefined && !places.test(name)) deeperThan = space.length;
    const flag = flagAlone.exec(line)?.[1];
    afterFlag = flag !== undefined && !places.test(flag);
    return deeperThan === undefined ? maskedLine(line) : line;
  });
}

function maskedLine(line: string): string {
  const [, before, name = '', value = ''] = whole.exec(line) ?? [];
  const named =
    before !== undefined && !places.test(name) && !/^[[{]\s*$/.test(value) ? `${before}${mask}` : line;
  return named
    .replace(quoted, (all, quote: string, key: string, colon: string) =>
      places.test(key) ? all : `${quote}${key}${quote}${colon}${mask}`,
    )
    .replace(assigned, (all, key: string, sign: string) => (places.test(key) ? all : `${key}${sign}${mask}`))
    .replace(flagged, (all, key: string, space: string) => (places.test(key) ? all : `${key}${space}${mask}`))
    .replace(blob, (found) => (plain.test(found) ? found : mask))
    .replace(login, `$1${mask}@`);
}
