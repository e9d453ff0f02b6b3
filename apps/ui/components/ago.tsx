'use client';
/** A moment: how long ago, with the exact time on hover. */
import { useEffect, useState } from 'react';
import { agoText } from './ago-text.ts';

export function Ago({ time }: { time: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {agoText(Date.parse(time), now)}
    </time>
  );
}
