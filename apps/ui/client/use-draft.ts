'use client';
/** What is being typed, before it counts: it is given on after a short pause, and follows what comes from outside. */
import { useEffect, useEffectEvent, useState } from 'react';

const pauseMs = 350;

export function useDraft(value: string, commit: (value: string) => void): [string, (draft: string) => void] {
  const [draft, setDraft] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setDraft(value);
  }
  const give = useEffectEvent(commit);
  useEffect(() => {
    if (draft === value) return;
    const timer = setTimeout(() => give(draft), pauseMs);
    return () => clearTimeout(timer);
  }, [draft, value]);
  return [draft, setDraft];
}
