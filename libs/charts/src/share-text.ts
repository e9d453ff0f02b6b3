/** A share as people read it: 0.0005 → `0.05 %`. */
export function shareText(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return 'none';
  return `${Number((share * 100).toPrecision(3))} %`.replace('-', '−');
}
