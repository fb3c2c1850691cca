import { Failure } from '@holdfast/base';
import type { S3Credentials } from '@holdfast/repository';

/** What each part is called: by AWS's tools in files and in variables, by MinIO, by Rancher and others. */
const names: Readonly<Record<string, keyof S3Credentials>> = {
  aws_access_key_id: 'accessKeyId',
  access_key_id: 'accessKeyId',
  access_key: 'accessKeyId',
  accesskey: 'accessKeyId',
  aws_secret_access_key: 'secretAccessKey',
  secret_access_key: 'secretAccessKey',
  secret_key: 'secretAccessKey',
  secretkey: 'secretAccessKey',
  aws_session_token: 'sessionToken',
  session_token: 'sessionToken',
};

/**
 * Reads lines `name = value`, as AWS's credentials files and files of variables have them. Of several sections only
 * `[default]` counts; empty lines and lines that begin with # or ; count for nothing.
 *
 * @param path of the file in messages, which hold nothing of its content
 * @throws credentials-file-invalid
 */
export function parseCredentials(text: string, path: string): S3Credentials {
  const invalid = (why: string): Failure => new Failure('credentials-file-invalid', why, { path });
  const sections = new Map<string, Partial<Record<keyof S3Credentials, string>>>();
  let section = 'default';
  for (const [at, line] of text.split('\n').entries()) {
    const words = line.trim();
    if (words === '' || /^[#;]/.test(words)) continue;
    const [, header] = /^\[\s*(.*?)\s*\]$/.exec(words) ?? [];
    if (header !== undefined) {
      section = header;
      continue;
    }
    const [, name, value = ''] = /^(?:export\s+)?(\w+)\s*=\s*(.*)$/.exec(words) ?? [];
    if (name === undefined) throw invalid(`line ${at + 1} is not of the form name = value`);
    const part = names[name.toLowerCase()];
    // Others stand there as well: a region, an output.
    if (part === undefined) continue;
    const [, quoted] = /^(?:"(.*)"|'(.*)')$/.exec(value)?.filter((each) => each !== undefined) ?? [];
    sections.set(section, { ...sections.get(section), [part]: quoted ?? value });
  }
  const found = sections.size === 1 ? [...sections.values()][0]! : sections.get('default');
  if (found === undefined) {
    throw invalid(sections.size === 0 ? 'it holds no keys' : 'of its sections none is [default]');
  }
  const { accessKeyId = '', secretAccessKey = '', sessionToken } = found;
  if (!/^\S+$/.test(accessKeyId)) throw invalid('it holds no access key, or one with white space');
  if (!/^\S+$/.test(secretAccessKey)) throw invalid('it holds no secret key, or one with white space');
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
