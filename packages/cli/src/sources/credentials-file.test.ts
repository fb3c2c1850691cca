import { expect, test } from 'vitest';
import { parseCredentials } from './credentials-file.ts';

test.each([
  ["AWS's own", '# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=S/+=\nregion = x\n'],
  ['the only section', '[backup]\naws_access_key_id = A\naws_secret_access_key = S/+=\n'],
  ['variables', 'export AWS_ACCESS_KEY_ID="A"\nAWS_SECRET_ACCESS_KEY=\'S/+=\'\n'],
  ['short names', 'ACCESS_KEY=A\r\nSECRET_KEY=S/+=\r\n'],
  ['[default] among others', '[a]\naccess_key=X\nsecret_key=Y\n[default]\naccess_key=A\nsecret_key=S/+=\n'],
])('keys as %s', (_, text) => {
  expect(parseCredentials(text, '/f')).toEqual({ accessKeyId: 'A', secretAccessKey: 'S/+=' });
});

test('temporary keys have a token', () => {
  const text = 'aws_access_key_id=A\naws_secret_access_key=S\naws_session_token=T==\n';
  expect(parseCredentials(text, '/f')).toMatchObject({ sessionToken: 'T==' });
});

test.each([
  ['', 'it holds no keys'],
  ['region = x\n', 'it holds no keys'],
  ['ACCESS_KEY=A\n', 'it holds no secret key'],
  ['SECRET_KEY=hunter2\n', 'it holds no access key'],
  ['ACCESS_KEY=A\nSECRET_KEY=hunter2 x\n', 'it holds no secret key, or one with white space'],
  ['A:hunter2\n', 'line 1 is not of the form name = value'],
  ['[a]\naccess_key=X\n[b]\naccess_key=Y\n', 'none is [default]'],
])('%j is refused', (text, why) => {
  const refused = (): unknown => parseCredentials(text, '/f');
  expect(refused).toThrow(
    expect.objectContaining({ code: 'credentials-file-invalid', why: expect.stringContaining(why) }),
  );
  try {
    refused();
  } catch (error) {
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  }
});
