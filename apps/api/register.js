/** Lets plain Node load this package's TypeScript: its decorators are beyond Node's own type stripping. */
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register({ tsconfig: fileURLToPath(new URL('./tsconfig.json', import.meta.url)) });
