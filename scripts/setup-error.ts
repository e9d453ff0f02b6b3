/** Something that a set-up script needs is missing or wrong; the message names it and the fix. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
