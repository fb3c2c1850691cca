/** Bytes as they were given: PostgreSQL's come as a Buffer over memory that is others' too. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
