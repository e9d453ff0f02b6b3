/** A file under a temporary name, whole and on the disk before it gets its own: a reader never sees half of one. */
import { open, rm } from 'node:fs/promises';

/** Writes beside `file` and returns the temporary name; removes it again if that fails. */
export async function writeTemporary(file: string, parts: Uint8Array[]): Promise<string> {
  const name = `${file}.${process.pid}.tmp`;
  const handle = await open(name, 'w');
  try {
    for (const part of parts) await handle.writeFile(part);
    await handle.sync();
    await handle.close();
    return name;
  } catch (cause) {
    await handle.close().catch(() => undefined);
    await rm(name, { force: true });
    throw cause;
  }
}
