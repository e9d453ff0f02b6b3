/** The API token that a server asks for beyond its own machine: entered once, and kept by this browser. No React here. */

const storageKey = 'demur.token';

/** What a request carries; nothing where no token is kept, or storage is forbidden. */
export function tokenHeaders(): { authorization?: string } {
  try {
    const token = localStorage.getItem(storageKey);
    return token ? { authorization: `Bearer ${token}` } : {};
  } catch {
    return {};
  }
}

/** Throws what the browser does where storage is forbidden. */
export function keepToken(token: string): void {
  localStorage.setItem(storageKey, token.trim());
}
