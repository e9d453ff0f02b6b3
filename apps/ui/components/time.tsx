'use client';
/** A moment: how long ago, with the exact time on hover. */
import { useEffect, useState } from 'react';

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Infinity],
];

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `5 minutes ago`, `yesterday`; both arguments in milliseconds. */
export function agoText(then: number, now: number): string {
  let amount = Math.min(0, (then - now) / 1000);
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) return unit === 'second' ? 'just now' : words.format(Math.round(amount), unit);
    amount /= size;
  }
  return new Date(then).toISOString();
}

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
