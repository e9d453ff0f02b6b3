import { DemurError } from '@demur/model';

/** A short name that cannot be one. */
export class SlugError extends DemurError {
  constructor(slug: string) {
    super(
      'INVALID_SLUG',
      `"${slug}" cannot be a slug; use 1 to 64 lower-case letters, digits, dots and hyphens, a letter or digit first`,
      { path: 'slug' },
    );
  }
}

/** `slug` if it is one. Throws `SlugError`. */
export function requireSlug(slug: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{0,63}$/.test(slug)) throw new SlugError(slug);
  return slug;
}

/** The nearest slug to a text. Throws `SlugError` where nothing of it can stand in a slug. */
export function slugOf(text: string): string {
  return requireSlug(
    text
      .toLowerCase()
      .replace(/[^a-z0-9.]+/g, '-')
      .replace(/^[-.]+|-+$/g, '')
      .slice(0, 64),
  );
}
