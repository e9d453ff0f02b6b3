'use client';
/** A download. A link cannot send an API token, so where one is kept, the page fetches the file and gives it to the browser. */
import { useState, type MouseEvent, type ReactNode } from 'react';
import { tokenHeaders } from '../client/api-token.ts';
import { ErrorNotice } from './notice.tsx';

export function DownloadLink({ href, children }: { href: string; children: ReactNode }) {
  const [error, setError] = useState<Error>();
  const fetchIt = (event: MouseEvent): void => {
    if (tokenHeaders().authorization === undefined) return;
    event.preventDefault();
    setError(undefined);
    save(href).catch(setError);
  };
  return (
    <>
      <a className="button" href={href} download onClick={fetchIt}>
        {children}
      </a>
      {error && <ErrorNotice error={error} />}
    </>
  );
}

/** Throws an Error where the server does not give the file. */
async function save(href: string): Promise<void> {
  const response = await fetch(href, { headers: tokenHeaders() });
  if (!response.ok) throw new Error(`The server answered ${response.status}: ${await response.text()}`);
  const url = URL.createObjectURL(await response.blob());
  Object.assign(document.createElement('a'), { href: url, download: href.split('/').at(-1) }).click();
  URL.revokeObjectURL(url);
}
