'use client';
/** A button that goes through system, light and dark. */
import { useEffect, useState } from 'react';
import { applyTheme, nextTheme, readTheme, type Theme } from './theme.ts';
import styles from './navigation.module.css';

const icons: Record<Theme, string> = {
  system: 'M12 3a9 9 0 1 0 0 18V3Zm0-2a11 11 0 1 1 0 22 11 11 0 0 1 0-22Z',
  light:
    'M12 7a5 5 0 1 1 0 10 5 5 0 0 1 0-10ZM11 1h2v3h-2V1Zm0 19h2v3h-2v-3ZM1 11h3v2H1v-2Zm19 0h3v2h-3v-2ZM4.9 3.5 7 5.6 5.6 7 3.5 4.9 4.9 3.5ZM17 18.4l1.4-1.4 2.1 2.1-1.4 1.4-2.1-2.1ZM3.5 19.1 5.6 17 7 18.4l-2.1 2.1-1.4-1.4ZM17 5.6l2.1-2.1 1.4 1.4L18.4 7 17 5.6Z',
  dark: 'M20.5 14.6A9 9 0 0 1 9.4 3.5 9 9 0 1 0 20.5 14.6Z',
};

export function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>('system');
  useEffect(() => setTheme(readTheme()), []);
  const choose = (chosen: Theme): void => {
    applyTheme(chosen);
    setTheme(chosen);
  };
  return (
    <button
      type="button"
      className={styles.toggle}
      onClick={() => choose(nextTheme(theme))}
      aria-label={`Colour theme: ${theme}. Change to ${nextTheme(theme)}.`}
      title={`Theme: ${theme}`}
    >
      <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
        <path d={icons[theme]} fill="currentColor" />
      </svg>
    </button>
  );
}
