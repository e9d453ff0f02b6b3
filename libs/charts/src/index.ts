/** @demur/charts: what charts of pages and of reports have in common: scales, ticks, colours, paths, numbers as text. It draws nothing. */
export { axisScale, axisTicks, countedAxis, nearestPoint, type ChartAxis } from './chart-axis.ts';
export { divergingColour, divergingGradient, scaleStrength, symmetricExtent } from './colour-scale.ts';
export { bandPath, coordinateText, linePath, type Scales } from './line-path.ts';
export { bytesText, countText, durationText, numberText, numeralText } from './number-text.ts';
export { shareText } from './share-text.ts';
export { cellText, isNumberColumn, isProseColumn, type Cell } from './table-cells.ts';
export { linearScale, niceTicks, type Scale } from './ticks.ts';
