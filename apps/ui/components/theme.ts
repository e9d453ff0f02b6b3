/** The colour theme: the system's unless the reader chose one, which localStorage keeps. No React here. */

export type Theme = 'system' | 'light' | 'dark';

const storageKey = 'demur.theme';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

/** Runs in <head>, so that a chosen theme is there before the first paint. */
export const themeScript = `try{var t=localStorage.getItem('${storageKey}');if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch{}`;

/** The theme after this one in the toggle's cycle. */
export function nextTheme(theme: Theme): Theme {
  return themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
}

/** What the reader chose earlier; `system` where storage is empty, spoilt or forbidden. */
export function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(storageKey);
    return themes.find((theme) => theme === stored) ?? 'system';
  } catch {
    return 'system';
  }
}

/** Shows a theme and keeps it. */
export function applyTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    // storage is forbidden: the choice lasts as long as the page
  }
}
