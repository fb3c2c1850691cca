import { X509Certificate } from 'node:crypto';

const begin = '-----BEGIN CERTIFICATE-----';

/** The certificates of PEM text, or of base64 of it; undefined when there is none or one cannot be read. */
export function decodeCa(text: string): string[] | undefined {
  const pem = text.includes(begin) ? text : Buffer.from(text, 'base64').toString('latin1');
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  try {
    found?.forEach((each) => new X509Certificate(each));
  } catch {
    return undefined;
  }
  return found ?? undefined;
}
