/** For drizzle-kit, which writes the SQL of drizzle/ from src/schema: `npx drizzle-kit generate` in libs/db. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './src/schema/index.ts', out: './drizzle' });
